"""What changed between two tables, rule by rule, each change with a witness where there is one.

Rules are matched by file and name; one that has none of its name in the same file, by its name alone where that is
unique. Where a rule stands in its file is no change.
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass
from typing import Any

from safeshell.policy.atoms import condition
from safeshell.policy.decision import Action
from safeshell.policy.table import Table
from safeshell.text import printable
from safeshell_compiler.witnesses.situation import Literals
from safeshell_compiler.witnesses.table_view import RuleView, Side
from safeshell_compiler.witnesses.witness import Direction, Search, Witness, search

_EFFECTS = ("action", "redirect_to", "message", "timeout_ms", "execution", "approval", "observe")


class Kind(enum.Enum):
    """What happened to a rule."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Verdict(enum.Enum):
    """What a change does to decisions."""

    LOOSENED = "loosened"
    TIGHTENED = "tightened"
    OTHERWISE = "changed"
    NOTHING = "no effect"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Field:
    """A part of a rule that differs.

    Attributes:
        name: as rules spell it; for `timeout_ms` as the table does.
        old: before, a value for JSON. For `conditions` the rows that are gone.
        new: after; the rows that have come.
    """

    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One rule's change.

    Attributes:
        kind: what happened.
        old: the rule before, None where it was added.
        new: the rule after, None where it was removed.
        fields: what of it differs; empty unless changed.
        witnesses: situations decided differently, a looser one first.
        verdict: what the change does to decisions.
    """

    kind: Kind
    old: RuleView | None
    new: RuleView | None
    fields: tuple[Field, ...]
    witnesses: tuple[Witness, ...]
    verdict: Verdict

    @property
    def rule(self) -> RuleView:
        """The rule as it is now, or was last."""
        rule = self.new or self.old
        assert rule is not None
        return rule

    def to_json(self) -> dict[str, Any]:
        """The object that `diff --json` has for it."""
        return {
            "change": self.kind.value,
            "rule": self.rule.name,
            "old": None if self.old is None else {"action": self.old.action.word, "source": self.old.place},
            "new": None if self.new is None else {"action": self.new.action.word, "source": self.new.place},
            "fields": {field.name: {"old": field.old, "new": field.new} for field in self.fields},
            "verdict": self.verdict.value,
            "witnesses": [witness.to_json() for witness in self.witnesses],
        }


@dataclass(frozen=True, slots=True)
class Diff:
    """All changes, by file and line."""

    changes: tuple[Change, ...]

    @property
    def loosened(self) -> bool:
        """Whether anything restricts less than before."""
        return any(change.verdict is Verdict.LOOSENED for change in self.changes)

    def to_json(self) -> dict[str, Any]:
        """The object that `diff --json` prints."""
        return {"loosened": self.loosened, "changes": [change.to_json() for change in self.changes]}


def diff(old: Table, new: Table) -> Diff:
    """Compares two tables.

    Raises:
        TableError: a section is damaged.
    """
    if old.digest == new.digest:
        return Diff(())
    sides = Side(old), Side(new)
    changes = []
    for before, after in _pairs(*sides):
        fields = () if before is None or after is None else _compare(before, after)
        if before is None or after is None or fields:
            kind = Kind.ADDED if before is None else Kind.REMOVED if after is None else Kind.CHANGED
            found = search(*sides, before, after)
            verdict = _judge(before, after, fields, found)
            changes.append(Change(kind, before, after, fields, found.witnesses, verdict))
    return Diff(tuple(sorted(changes, key=lambda change: _position(change.rule))))


def _position(rule: RuleView) -> tuple[str, int, str]:
    return (rule.record["file"], rule.record["line"], rule.name)


def _pairs(old: Side, new: Side) -> list[tuple[RuleView | None, RuleView | None]]:
    """Each rule of one table with its counterpart in the other."""
    olds = {(rule.record["file"], rule.name): rule for rule in old.rules}
    news = {(rule.record["file"], rule.name): rule for rule in new.rules}
    both = olds.keys() & news.keys()
    gone = [rule for key, rule in olds.items() if key not in both]
    come = [rule for key, rule in news.items() if key not in both]
    counts = Counter(rule.name for rule in gone), Counter(rule.name for rule in come)
    moved = {name for name in counts[0] if counts[0][name] == counts[1][name] == 1}
    there = {rule.name: rule for rule in come if rule.name in moved}
    return [
        *((rule, news[key]) for key, rule in olds.items() if key in both),
        *((rule, there.get(rule.name)) for rule in gone),
        *((None, rule) for rule in come if rule.name not in moved),
    ]


def _compare(before: RuleView, after: RuleView) -> tuple[Field, ...]:
    fields = []
    for name in _EFFECTS:
        values = before.record.get(name), after.record.get(name)
        if values[0] != values[1]:
            fields.append(Field(name, *values))
    if before.commands != after.commands and before.rows and after.rows:  # without rows no command is known
        fields.append(Field("commands", *(rule.commands and list(rule.commands) for rule in (before, after))))
    if before.rows != after.rows:
        fields.append(Field("conditions", _worded(before.rows - after.rows), _worded(after.rows - before.rows)))
    return tuple(fields)


def _worded(rows: frozenset[Literals]) -> list[str]:
    return sorted(_word(row) for row in rows)


def _word(row: Literals) -> str:
    """A row on one line, what must not hold last."""
    literals = sorted(row, key=lambda literal: (not literal[1], repr(literal)))
    return "; ".join(printable(condition(atom, wanted=wanted)) for atom, wanted in literals) or "always"


def _judge(before: RuleView | None, after: RuleView | None, fields: tuple[Field, ...], found: Search) -> Verdict:
    """What the witnesses show; where none does, what the rule's structure does not rule out."""
    directions = {witness.direction for witness in found.witnesses}
    if Direction.LOOSER in directions:
        return Verdict.LOOSENED
    if not found.never_looser and _may_loosen(before, after, fields):
        return Verdict.LOOSENED
    if Direction.TIGHTER in directions:
        return Verdict.TIGHTENED
    if directions:
        return Verdict.OTHERWISE
    return Verdict.NOTHING if found.never else Verdict.UNKNOWN


def _may_loosen(before: RuleView | None, after: RuleView | None, fields: tuple[Field, ...]) -> bool:
    """Whether a change can be a loosening by its kind: a guard asks for a review where it can't tell."""
    if before is None or before.strength is Action.ALLOW:
        return True  # it asks now where a redirect may be (witnesses/witness.py): nothing else was left open
    if after is None or after.strength > before.strength:
        return True
    return any(field.name in ("commands", "conditions", "approval") for field in fields)
