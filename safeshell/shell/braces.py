"""Brace expansion as bash and zsh have it: from a word's pieces to those of each word that it becomes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from safeshell.shell.words import Unknown

WORDS_MAX = 256
"""Words that one brace expansion may become; more are left for the run."""

Piece = tuple[str, bool] | Unknown
"""Text and whether it is quoted, unquoted text one character at a time; or an expansion."""

_SEQUENCE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?")


def expand_braces(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """What the braces of a word make of it, as the shells do before everything else.

    Raises:
        OverflowError: more words than WORDS_MAX.
    """
    pieces = list(pieces)
    for start, piece in enumerate(pieces):
        if piece != ("{", False) or (start == 0 and pieces[1:2] == [("}", False)]):
            continue
        found = _group(pieces, start)
        if found is None:
            continue
        choices, end = found
        heads = [pieces[:start]]
        tails = expand_braces(pieces[end:])
        middles = [one for choice in choices for one in expand_braces(choice)]
        if len(middles) * len(tails) > WORDS_MAX:
            raise OverflowError
        return [[*head, *middle, *tail] for head in heads for middle in middles for tail in tails]
    return [pieces]


def _group(pieces: list[Piece], start: int) -> tuple[list[list[Piece]], int] | None:
    """The choices of the brace that opens at `start`, and where it ends; None where it is none."""
    choices: list[list[Piece]] = [[]]
    depth = 0
    for index in range(start + 1, len(pieces)):
        piece = pieces[index]
        if piece == ("}", False) and depth == 0:
            if len(choices) > 1:
                return choices, index + 1
            sequence = _sequence(choices[0])
            if sequence is not None:
                return sequence, index + 1
            choices[-1].append(piece)  # it closes nothing: in `{a},b}`, bash takes the next
            continue
        if piece == (",", False) and depth == 0:
            choices.append([])
            continue
        depth += (piece == ("{", False)) - (piece == ("}", False))
        choices[-1].append(piece)
    return None


def _sequence(pieces: list[Piece]) -> list[list[Piece]] | None:
    """The choices of `1..9..2` or `a..z`; None where it is no sequence."""
    if any(isinstance(piece, Unknown) or piece[1] for piece in pieces):
        return None
    found = _SEQUENCE.fullmatch("".join([piece[0] for piece in pieces if not isinstance(piece, Unknown)]))
    if found is None:
        return None
    first, last, step = found.groups()
    letters = first.isalpha() and last.isalpha()
    if not letters and (first.isalpha() or last.isalpha()):
        return None
    low, high = (ord(first), ord(last)) if letters else (int(first), int(last))
    stride = abs(int(step)) if step and int(step) else 1
    if abs(high - low) // stride > WORDS_MAX:
        raise OverflowError
    numbers = range(low, high + 1, stride) if low <= high else range(low, high - 1, -stride)
    padded = not letters and any(re.fullmatch(r"-?0\d+", one) for one in (first, last))
    width = max(len(first), len(last)) if padded else 0
    texts = [chr(number) if letters else f"{number:0{width}d}" for number in numbers]
    return [[(char, True) for char in text] for text in texts]
