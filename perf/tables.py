"""Tables of figures: the same for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from timing import Estimate

NONE = "\N{EN DASH}"


@dataclass(frozen=True)
class Table:
    """A table, all of it text.

    Attributes:
        name: of its place on the page.
        title: what the figures are.
        heads: of the columns; the first column is to the left, the others, but for `left`, to the right.
        rows: the cells.
    """

    name: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1

    def to_text(self) -> str:
        """For a terminal, aligned."""
        lines = [self.heads, *self.rows]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self.heads))]
        return "\n".join([f"\n{self.title}", *("  ".join(self._cells(line, widths)).rstrip() for line in lines)])

    def _cells(self, line: Sequence[str], widths: Sequence[int]) -> list[str]:
        return [
            cell.ljust(width) if at < self.left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]

    def to_markdown(self) -> str:
        """For the page."""
        marks = ["---" if at < self.left else "---:" for at in range(len(self.heads))]
        lines = [self.heads, marks, *self.rows]
        return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def figure(estimate: Estimate | None, digits: int = 0, sign: str = "") -> str:
    """A figure alone."""
    return NONE if estimate is None else f"{estimate.value:{sign},.{digits}f}"


def interval(estimate: Estimate | None, digits: int = 0, sign: str = "") -> str:
    """A figure with the interval that it lies in."""
    if estimate is None:
        return NONE
    return f"{figure(estimate, digits, sign)} ({estimate.low:,.{digits}f} to {estimate.high:,.{digits}f})"
