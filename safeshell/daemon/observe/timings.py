"""Durations by stage, counted for a handful of commands at a time: that is cheaper, and nobody waits for it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping

from safeshell.metrics.histogram import Histogram, record, record_laps
from safeshell.metrics.stages import DECISIONS, PLACEMENTS, STAGES, WHOLE

KEPT_MAX = 16
"""Turns kept before they are counted."""

_HEAD = struct.Struct("=2Q")
_ENDS = [struct.Struct(f"={count}Q") for count in range(len(STAGES) + 1)]


class Stages:
    """Stages that follow one another.

    Attributes:
        histograms: what each is counted in.
        addresses: where their cells are, for the native front.
    """

    __slots__ = ("addresses", "histograms")

    def __init__(self, histograms: Iterable[Histogram]) -> None:
        self.histograms = tuple(histograms)
        self.addresses = b"".join([histogram.address for histogram in self.histograms])

    def __add__(self, other: Stages) -> Stages:
        return Stages(self.histograms + other.histograms)


Turn = tuple[Stages, int, tuple[int, ...], str, str, int]
"""What happened to a command in one go: its stages, when the first began, when each ended (ns).

Then, where it has been answered, the decision, the placement and the whole (ns); the decision is "" before.
"""


class Timings:
    """A histogram for each stage, and for the whole by decision and placement.

    Attributes:
        turns: those that are not counted yet.
        native: counts them for less, where there is a native front.
    """

    def __init__(self) -> None:
        self._stages = {name: Histogram() for name in STAGES}
        self._wholes: dict[tuple[str, str], Histogram] = {}
        self.turns: list[Turn] = []
        self.native: Callable[[bytes], None] | None = None

    def stages(self, *names: str) -> Stages:
        """The stages of these names."""
        return Stages(self._stages[name] for name in names)

    def add(self, turn: Turn) -> None:
        """Takes a turn up."""
        self.turns.append(turn)
        if len(self.turns) >= KEPT_MAX:
            self.count()

    def count(self) -> None:
        """Counts what has been taken up."""
        if self.native is not None:
            self.native(self._written())
        else:
            for stages, began, ends, decision, placement, whole in self.turns:
                record_laps([histogram.cells for histogram in stages.histograms], began, ends)
                if decision:
                    record(self.whole(decision, placement).cells, whole)
        self.turns.clear()

    def _written(self) -> bytes:
        """The turns as `front_count` of the native front takes them."""
        parts: list[bytes] = []
        for stages, began, ends, decision, placement, whole in self.turns:
            parts += (_HEAD.pack(len(ends), began), stages.addresses, _ENDS[len(ends)].pack(*ends))
            if decision:
                parts += (_HEAD.pack(1, 0), self.whole(decision, placement).address, _ENDS[1].pack(whole))
        return b"".join(parts)

    def whole(self, decision: str, placement: str) -> Histogram:
        """What all of a command that was decided and placed so is counted in."""
        histogram = self._wholes.get((decision, placement))
        if histogram is None:
            histogram = self._wholes[decision, placement] = Histogram()
        return histogram

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
