"""Durations by stage, counted for a handful of commands at a time: that is cheaper, and nobody waits for it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from safeshell.histogram import Histogram, record, record_laps
from safeshell.stages import DECISIONS, PLACEMENTS, STAGES, WHOLE

KEPT_MAX = 16
"""Turns kept before they are counted."""

Cells = tuple["array[int]", ...]
Turn = tuple[Cells, int, tuple[int, ...], str, str, int]
"""What happened to a command in one go: the cells of its stages, when the first began, when each ended (ns).

Then, where it has been answered, the decision, the placement and the whole (ns); the decision is "" before.
"""


class Timings:
    """A histogram for each stage, and for the whole by decision and placement.

    Attributes:
        turns: those that are not counted yet.
    """

    def __init__(self) -> None:
        self._stages = {name: Histogram() for name in STAGES}
        self._wholes: dict[tuple[str, str], Histogram] = {}
        self.turns: list[Turn] = []

    def stages(self, *names: str) -> Cells:
        """The cells of these stages."""
        return tuple([self._stages[name].cells for name in names])

    def add(self, turn: Turn) -> None:
        """Takes a turn up."""
        self.turns.append(turn)
        if len(self.turns) >= KEPT_MAX:
            self.count()

    def count(self) -> None:
        """Counts what has been taken up."""
        for stages, began, ends, decision, placement, whole in self.turns:
            record_laps(stages, began, ends)
            if decision:
                histogram = self._wholes.get((decision, placement))
                if histogram is None:
                    histogram = self._wholes[decision, placement] = Histogram()
                record(histogram.cells, whole)
        self.turns.clear()

    def histograms(self) -> Mapping[str, Histogram]:
        """What was counted, by name; the whole and its parts are the last."""
        self.count()
        found = {**self._stages, **{name: Histogram() for name in (WHOLE, *map(_part, (*DECISIONS, *PLACEMENTS)))}}
        for (decision, placement), histogram in self._wholes.items():
            for name in (WHOLE, _part(decision), *([_part(placement)] if placement else [])):
                found[name].merge(histogram)
        return found

    def reset(self) -> None:
        """Counts from nothing again."""
        self.count()
        for histogram in (*self._stages.values(), *self._wholes.values()):
            histogram.reset()


def _part(name: str) -> str:
    return f"{WHOLE}.{name}"
