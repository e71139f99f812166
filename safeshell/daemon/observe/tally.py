"""Counts of decisions and placements since the daemon's start."""

from __future__ import annotations

from collections import Counter
from typing import Any

from safeshell.policy.decision import Action, Decision


class Tally:
    """Counts, for `daemon status` and the statistics.

    Attributes:
        decisions: by action.
        observed: what rules that only observe would have done, by rule and action.
        placements: by who ran the command, and why.
    """

    def __init__(self) -> None:
        self.decisions: Counter[Action] = Counter()
        self.observed: Counter[tuple[str, str]] = Counter()
        self.placements: Counter[tuple[str, str]] = Counter()

    def decided(self, decision: Decision) -> None:
        """Counts a decision."""
        self.decisions[decision.action] += 1
        for match in decision.observed:
            self.observed[match.rule, match.action.word] += 1

    def line(self, action: Action) -> None:
        """Counts what was decided of a shell line."""
        self.decisions[action] += 1

    def describe(self) -> dict[str, Any]:
        """For `daemon status`."""
        placement: dict[str, Any] = {}
        for (place, reason), count in sorted(self.placements.items()):
            entry = placement.setdefault(place, {"count": 0, "reasons": {}})
            entry["count"] += count
            entry["reasons"][reason] = count
        decisions = {action.word: count for action, count in self.decisions.items()}
        return {
            "requests": {"total": sum(decisions.values()), **dict(sorted(decisions.items()))},
            "placement": placement,
            "observed": [
                {"rule": rule, "action": action, "count": count}
                for (rule, action), count in sorted(self.observed.items())
            ],
        }
