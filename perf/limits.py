"""The budget: what SafeShell may cost, on a quiet machine of two cores; and what the gate lets pass anywhere today.

A budget that is missed is said to be, and fails nothing: the gate holds what holds today, with room for machines that
are slower or busy. Ratios are held rather than times, for they travel.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from tables import NONE, Table
from timing import Estimate


@dataclass(frozen=True)
class Line:
    """One figure and its limits, in the figure's unit.

    Attributes:
        what: it is of.
        found: the figure.
        unit: of it; "times" for a ratio.
        budget: what it may be at most; NaN where there is only the gate's limit.
        stretch: what it should become; NaN likewise.
        held: the gate's limit, at most; NaN where the gate looks at another figure of the same thing.
        at_least: the limits are the least that it may be.
    """

    what: str
    found: Estimate
    unit: str
    budget: float = math.nan
    stretch: float = math.nan
    held: float = math.nan
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """How it stands to the budget."""
        if math.isnan(self.budget):
            return ""
        if self._within(self.stretch, self.found.value):
            return "stretch"
        return "met" if self._within(self.budget, self.found.value) else "missed"

    def fails(self, noise: float) -> bool:
        """Whether all of the interval is past the gate's limit, which is let out by so much."""
        if math.isnan(self.held):
            return False
        if self.at_least:
            return not self._within(self.held / noise, self.found.high)
        return not self._within(self.held * noise, self.found.low)

    def _within(self, limit: float, value: float) -> bool:
        return value >= limit if self.at_least else value <= limit


def table(lines: Sequence[Line]) -> Table:
    """The lines that have a budget."""
    rows = [
        (
            line.what,
            f"{number(line.found.value)} {line.unit}",
            f"{number(line.found.low)} to {number(line.found.high)}",
            number(line.budget),
            number(line.stretch),
            line.verdict,
        )
        for line in lines
        if line.verdict
    ]
    heads = ("", "found", "95 % interval", "budget", "stretch", "")
    return Table("budget", "the budget", heads, rows)


def number(value: float) -> str:
    """With as many digits as it takes."""
    if math.isnan(value):
        return NONE
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def judge(lines: Sequence[Line], noise: float) -> int:
    """Says what is past the gate's limits; returns the exit status."""
    failed = [line for line in lines if line.fails(noise)]
    for line in failed:
        side = "at least" if line.at_least else "at most"
        found = f"{number(line.found.value)} ({number(line.found.low)} to {number(line.found.high)}) {line.unit}"
        print(f"FAILED: {line.what}: {found}, {side} {number(line.held)}", file=sys.stderr)
    missed = sum(line.verdict == "missed" for line in lines)
    print(f"\n{missed} of {sum(bool(line.verdict) for line in lines)} budgets missed; ", end="")
    print("the gate's limits hold" if not failed else f"{len(failed)} of the gate's limits don't hold")
    return 1 if failed else 0
