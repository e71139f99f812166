"""Tally of a replay, grouped; tallies of its parts add up to that of the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from safeshell.audit.query import command_text
from safeshell.policy.decision import Action, Decision

EXAMPLES = 3
"""Examples kept of each group."""


class DecisionChange(NamedTuple):
    """Two decisions that differ: words and rules."""

    old: str
    old_rule: str
    new: str
    new_rule: str

    @property
    def rule(self) -> str:
        """The rule that makes the difference: the one that restricts more."""
        return self.new_rule if self.direction == "tightened" and self.new_rule else self.old_rule or self.new_rule

    @property
    def direction(self) -> str:
        """`tightened`, `loosened`, or `changed` for a redirect by another rule."""
        order = [action.word for action in Action]
        old, new = order.index(self.old), order.index(self.new)
        return "changed" if old == new else "tightened" if new < old else "loosened"


@dataclass(slots=True)
class Group:
    """Records of which the same is true."""

    count: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, record: Mapping[str, Any], most: int | None) -> None:
        """Counts a record, and keeps it as an example while there are few."""
        self.count += 1
        if most is None or len(self.examples) < most:
            self.examples.append(_example(record))

    def merge(self, later: Group, most: int | None) -> None:
        """Adds the group of a later part of the log."""
        self.count += later.count
        self.examples += later.examples if most is None else later.examples[: max(0, most - len(self.examples))]


@dataclass(slots=True)
class ReplayTally:
    """Records decided again.

    Attributes:
        most: how many examples a group keeps; None for all.
        same: how many are decided as they were.
        skipped: how many are of no decision.
        changes: those that are decided otherwise.
        undecidable: those that can't be decided again, by the reason.
        notes: what else is to be said, each once.
    """

    most: int | None = EXAMPLES
    same: int = 0
    skipped: int = 0
    changes: dict[DecisionChange, Group] = field(default_factory=dict)
    undecidable: dict[str, Group] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    @property
    def differ(self) -> int:
        """Number of records decided otherwise."""
        return sum(group.count for group in self.changes.values())

    @property
    def undecided(self) -> int:
        """Number of records that can't be decided again."""
        return sum(group.count for group in self.undecidable.values())

    @property
    def records(self) -> int:
        """Number of records."""
        return self.same + self.skipped + self.differ + self.undecided

    def decided(self, record: Mapping[str, Any], old: Action, new: Decision) -> None:
        """Counts a record that was decided again."""
        rule = record.get("rule", "")
        if old is new.action and (old is not Action.REDIRECT or rule == new.rule):
            self.same += 1
            return
        change = DecisionChange(old.word, rule, new.action.word, new.rule)
        self.changes.setdefault(change, Group()).add(record, self.most)

    def failed(self, record: Mapping[str, Any], reason: str) -> None:
        """Counts a record that can't be."""
        self.undecidable.setdefault(reason, Group()).add(record, self.most)

    def merge(self, later: ReplayTally) -> None:
        """Adds the tally of a later part of the log."""
        self.same += later.same
        self.skipped += later.skipped
        self.notes |= later.notes
        for change, group in later.changes.items():
            self.changes.setdefault(change, Group()).merge(group, self.most)
        for reason, group in later.undecidable.items():
            self.undecidable.setdefault(reason, Group()).merge(group, self.most)

    def to_json(self) -> dict[str, Any]:
        """Object that `replay --json` prints."""
        return {
            "records": self.records,
            "same": self.same,
            "differ": self.differ,
            "undecidable": self.undecided,
            "skipped": self.skipped,
            "changes": [
                {
                    "rule": change.rule or None,
                    "change": change.direction,
                    "old": {"decision": change.old, "rule": change.old_rule or None},
                    "new": {"decision": change.new, "rule": change.new_rule or None},
                    "count": group.count,
                    "examples": group.examples,
                }
                for change, group in self.in_order()
            ],
            "reasons": [
                {"reason": reason, "count": group.count, "examples": group.examples}
                for reason, group in sorted(self.undecidable.items(), key=lambda one: (-one[1].count, one[0]))
            ],
        }

    def in_order(self) -> list[tuple[DecisionChange, Group]]:
        """The changes, a rule's together, the rule with the most first."""
        totals: dict[str, int] = {}
        for change, group in self.changes.items():
            totals[change.rule] = totals.get(change.rule, 0) + group.count
        return sorted(self.changes.items(), key=lambda one: (-totals[one[0].rule], one[0].rule, -one[1].count, one[0]))


def _example(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "seq": record.get("seq"),
        "ts": record.get("ts"),
        "cwd": record.get("cwd"),
        "command": command_text(record),
    }
