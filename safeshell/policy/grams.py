"""Grams: runs of two to four bytes that a text has to hold for a pattern to be found in it.

A gram is a number: its bytes in little-endian order, ASCII letters in lower case. The compiler chooses a few for each
row of a large unit; the evaluator looks only at the rows whose grams a command line has (docs/table.md, "Splits").
"""

from __future__ import annotations

LONGEST = 4
"""Bytes of a gram at most."""


def grams_of(text: str) -> set[int]:
    """All grams of a text, and a few that it has not: of its end, single bytes."""
    data = text.encode().lower()
    found = {int.from_bytes(data[at : at + LONGEST], "little") for at in range(len(data))}
    return found | {gram & 0xFFFFFF for gram in found} | {gram & 0xFFFF for gram in found}


def grams_of_literal(literal: str) -> list[int]:
    """The longest grams of a literal, any one of which its texts have; none where it has less than two bytes."""
    data = literal.encode().lower()
    size = min(LONGEST, len(data))
    return [int.from_bytes(data[at : at + size], "little") for at in range(len(data) - size + 1)] if size > 1 else []
