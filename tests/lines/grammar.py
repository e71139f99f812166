"""Grammar of the lines that run a command, and the lines made by it: each the same for its seed, shell and number."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lines.draft import Draft, Row, finish
from lines.holes import HOLES
from lines.rows import (
    broken,
    compounds,
    elsewhere,
    flows,
    known,
    lists,
    shells,
    simple,
    substitutions,
    traps,
    wrappers,
    zsh,
)

CANARY = "canary"
"""The command's name: all it does is leave a mark."""

FIRE = "fire"
"""The word without which it is harmless: what is judged has to see the command's words, too."""


def _scaled(rows: Sequence[Row], factor: float, *, is_open: bool = False) -> tuple[Row, ...]:
    """Rows that are taken more or less often; with `is_open`, each holds a word that only the run can tell."""
    return tuple(replace(row, weight=row.weight * factor, open=row.open or is_open) for row in rows)


ROWS: Mapping[str, Sequence[Row]] = {
    "W": broken.WHOLE,
    "L": (
        *lists.LISTS,
        *zsh.LISTS,
        *_scaled(shells.PIPES, 0.7),
        *_scaled(known.KNOWN, 0.5),
        *_scaled(known.OPEN, 0.5, is_open=True),
        *_scaled(elsewhere.UNSEEN, 0.2),
        *flows.FLOWS,
    ),
    "C": lists.COMMANDS,
    "K": (*compounds.COMPOUNDS, *zsh.COMPOUNDS),
    "S": (*simple.SIMPLE, *zsh.SIMPLE),
    "B": (
        *simple.PLAIN,
        *shells.SHELLS,
        *_scaled(wrappers.WRAPPERS, 1.5),
        *_scaled(elsewhere.ELSEWHERE, 1.5),
    ),
    "$": substitutions.WORDS,
    "D": substitutions.DOCUMENTS,
    "L0": simple.LEAVES,
    "C0": simple.LEAVES,
    "S0": simple.LEAVES,
    "B0": simple.PLAIN,
    "K0": compounds.COMPOUNDS_0,
    "$0": substitutions.WORDS_0,
    "D0": substitutions.DOCUMENTS_0,
    "N": (*simple.HARMLESS, *_scaled(traps.TRAPS, 0.25)),
}
"""By position."""

_DEPTHS = (1, 2, 2, 3, 3, 4, 4, 5, 6, 8)


@dataclass(frozen=True)
class Line:
    """A shell line.

    Attributes:
        number: its place among those of a seed.
        shell: whose it is.
        text: it; bytes that are not UTF-8 as surrogates.
        kinds: what it exercises.
        open: whether it holds a word that only the run can tell.
    """

    number: int
    shell: str
    text: str
    kinds: frozenset[str]
    open: bool


def line(seed: int, shell: str, number: int, command: tuple[str, ...] = (CANARY, FIRE)) -> Line:
    """The line of a number, which runs a command."""
    source = random.Random(f"{seed} {shell} {number}")
    draft = Draft(source, shell, source.choice(_DEPTHS), ROWS, HOLES, command)
    return made(draft, "W", number)


def made(draft: Draft, position: str, number: int) -> Line:
    """A draft written out from a position."""
    shell = draft.shell
    text = finish(draft.fill(position)).rstrip(" ")
    return Line(number, shell, text, frozenset(draft.kinds), draft.open)
