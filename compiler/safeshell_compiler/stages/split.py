"""Splits of large units: rows by grams that a command line has to have for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from safeshell.policy.grams import grams_of_literal
from safeshell_compiler.stages.literals import required_literals

SPLIT_ROWS = 256
"""Rows of a unit that are still matched all at once."""

Grams = tuple[int, ...]


def split(rows: Mapping[int, Sequence[str]]) -> tuple[list[int], dict[int, list[int]]]:
    """Chooses for each row a few grams, at least one of which a line has to have: the rarest that it can.

    Args:
        rows: for each row's number the patterns about the command line that it requires.

    Returns:
        The rows that have none, and the rows by gram, each ascending.
    """
    literals = {
        row: [[grams_of_literal(literal) for literal in sorted(choice)] for choice in _choices(patterns)]
        for row, patterns in rows.items()
    }
    uses = Counter(
        gram
        for choices in literals.values()
        for gram in {gram for choice in choices for grams in choice for gram in grams}
    )
    rest: list[int] = []
    by_gram: dict[int, list[int]] = {}
    for row, choices in literals.items():
        covers = [_rarest(choice, uses) for choice in choices if all(choice)]
        if not covers:
            rest.append(row)
            continue
        for gram in min(covers)[1]:
            by_gram.setdefault(gram, []).append(row)
    return rest, by_gram


def _choices(patterns: Sequence[str]) -> list[list[str]]:
    return [sorted(choice) for pattern in patterns for choice in required_literals(pattern)]


def _rarest(choice: Sequence[Sequence[int]], uses: Mapping[int, int]) -> tuple[int, Grams]:
    """One gram for each literal, and how many rows have them."""
    found = tuple(sorted({min(grams, key=lambda gram: (uses[gram], gram)) for grams in choice}))
    return sum(uses[gram] for gram in found), found
