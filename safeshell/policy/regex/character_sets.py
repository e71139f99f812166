"""Sets of characters as ranges of code points, as RE2 means them: classes, Unicode categories, case folding."""

from __future__ import annotations

import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

CharSet = tuple[tuple[int, int], ...]
"""Ranges of code points, both ends in, ascending and apart from each other."""

ANY: CharSet = ((0, sys.maxunicode),)
NEWLINE: CharSet = ((10, 10),)
DIGIT: CharSet = ((48, 57),)
SPACE: CharSet = ((9, 10), (12, 13), (32, 32))
WORD: CharSet = ((48, 57), (65, 90), (95, 95), (97, 122))

POSIX: dict[str, CharSet] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": DIGIT,
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}

_FOLDED_MAX = 4096
"""Characters of one set that are folded one by one; a larger set holds both cases of its letters already."""

_FOLDED_TO_ASCII = {"k": "\u212a", "s": "\u017f"}
"""What folds to an ASCII letter and is not its other case."""


@lru_cache(maxsize=4096)
def chars(text: str) -> CharSet:
    """The set of the characters of a text."""
    return union([((ord(char), ord(char)),) for char in text])


def union(sets: Iterable[CharSet]) -> CharSet:
    """What is in any of the sets."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(piece for one in sets for piece in one):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def negate(one: CharSet) -> CharSet:
    """What is not in the set."""
    found = []
    start = 0
    for low, high in one:
        if start < low:
            found.append((start, low - 1))
        start = high + 1
    if start <= sys.maxunicode:
        found.append((start, sys.maxunicode))
    return tuple(found)


def contains(one: CharSet, code: int) -> bool:
    """Whether a code point is in the set."""
    at = bisect_right(one, (code, sys.maxunicode)) - 1
    return at >= 0 and code <= one[at][1]


def fold(one: CharSet) -> CharSet:
    """The set with the other case of each of its letters, as `(?i)` has it."""
    if sum(high - low + 1 for low, high in one) > _FOLDED_MAX:
        return one
    added: set[str] = set()
    for low, high in one:
        for code in range(low, high + 1):
            char = chr(code)
            lower = char.lower()
            added.update((lower, char.upper(), _FOLDED_TO_ASCII.get(lower, lower)))
    return union([one, chars("".join(char for char in added if len(char) == 1))])


@lru_cache(maxsize=64)
def category(name: str) -> CharSet | None:
    """A Unicode general category (`L`, `Lu`), or None where the name is not one (a script)."""
    return union([((low, high),) for known, low, high in _categories() if known.startswith(name)]) or None


@lru_cache(maxsize=1)
def _categories() -> tuple[tuple[str, int, int], ...]:
    """Every run of code points of one category: one pass over Unicode answers for all of them."""
    runs = []
    start = 0
    for name, members in groupby(map(unicodedata.category, map(chr, range(sys.maxunicode + 1)))):
        size = sum(1 for _ in members)
        runs.append((name, start, start + size - 1))
        start += size
    return tuple(runs)
