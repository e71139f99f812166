"""Shapes: what a text looks like of which some is unknown, as literals, gaps, choices and repetitions.

A word that only the run can tell becomes a shape, so does a command line that holds one. A gap is a small automaton for
what may stand in its place: any text, a text as `shlex.quote` leaves it, or a name (`NAME`).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NamedTuple

from safeshell.policy.regex.character_sets import ANY as ANY_CHARACTER
from safeshell.policy.regex.character_sets import CharSet, chars, negate, union


class Gap(NamedTuple):
    """What may stand in a gap: the texts that lead from its state 0 to one where they may end.

    Attributes:
        moves: from which state, by which characters, to which.
        ends: the states in which a text may end.
    """

    moves: tuple[tuple[int, CharSet, int], ...]
    ends: frozenset[int]


class OneOf(NamedTuple):
    """Any of some shapes."""

    shapes: tuple[Shape, ...]


class Many(NamedTuple):
    """A shape, once or more often."""

    shape: Shape


Piece = str | Gap | OneOf | Many
Shape = tuple[Piece, ...]

_ALNUM = union([((48, 57),), ((65, 90),), ((97, 122),)])
_HEAD = union([_ALNUM, chars("_")])
_QUOTE = chars("'")
_SAFE = union([_ALNUM, chars("_@%+=:,./-")])
"""What `shlex.quote` leaves unquoted."""


def _text(letters: CharSet, first: CharSet | None = None, *, empty: bool = True) -> Gap:
    """Any text of some characters; `first` are those that it may begin with."""
    ends = {0, 1} if empty else {1}
    return Gap(((0, letters if first is None else first, 1), (1, letters, 1)), frozenset(ends))


def _inside(letters: CharSet | None = None, first: CharSet | None = None) -> Gap:
    """Any text of some characters as it stands in the quotes that `shlex.quote` sets: a quote in it is `'"'"'`."""
    letters = negate(_QUOTE) if letters is None else letters
    escaped = ((2, chars('"'), 3), (3, _QUOTE, 4), (4, chars('"'), 5), (5, _QUOTE, 1))
    begin = letters if first is None else first
    return Gap(((0, begin, 1), (0, _QUOTE, 2), (1, letters, 1), (1, _QUOTE, 2), *escaped), frozenset({0, 1}))


def _without(letters: CharSet, others: str) -> CharSet:
    return negate(union([negate(letters), chars(others)]))


_BODY = union([_HEAD, chars(".,@%+")])

NAME = Gap(
    (
        *((0, _HEAD, 1), (1, _BODY, 1), (1, chars("-"), 2), (2, _BODY, 1)),
        *((1, chars("/"), 0), (2, chars("/"), 0)),
    ),
    frozenset({1, 2}),
)
"""A name, as of a branch, a package or a file below the directory.

Letters, digits and `_`, behind the first of them `. , @ % +` and single dashes too, and `/` where such a beginning
follows.
"""

_TEMPORARY = Gap(
    (
        *((0, chars("/"), 3), (3, chars("t"), 4), (4, chars("m"), 5), (5, chars("p"), 6), (6, chars("/"), 0)),
        *NAME.moves,
    ),
    NAME.ends,
)
"""A name, or one in the directory for temporary files."""

ANYTHING = _text(ANY_CHARACTER)


class Fill(NamedTuple):
    """What an unknown part of a word may be: bare, and as it is quoted in a command line.

    Attributes:
        bare: the gap, in a word by itself.
        first: the same where it begins the word.
        safe: where nothing in the word has to be quoted; `safe_first` likewise.
        inside: within the quotes; `inside_first` likewise.
        unsafe: one character that makes quotes necessary; None where the gap never has one.
    """

    bare: Gap
    first: Gap
    safe: Gap
    safe_first: Gap
    inside: Gap
    inside_first: Gap
    unsafe: Gap | None


_UNSAFE = Gap(
    (
        *((0, _without(negate(_SAFE), "'"), 1), (0, _QUOTE, 2), (2, chars('"'), 3)),
        *((3, _QUOTE, 4), (4, chars('"'), 5), (5, _QUOTE, 1)),
    ),
    frozenset({1}),
)

A_NAME = Fill(NAME, NAME, NAME, NAME, NAME, NAME, None)
A_TEMPORARY = Fill(_TEMPORARY, _TEMPORARY, _TEMPORARY, _TEMPORARY, _TEMPORARY, _TEMPORARY, None)
ANY_TEXT = Fill(ANYTHING, ANYTHING, _text(_SAFE), _text(_SAFE), _inside(), _inside(), _UNSAFE)


def _any_but(first: str, others: str = "") -> Fill:
    """Any text that does not begin with some characters, and has none of some others."""
    every, safe, inside = (_without(members, others) for members in (ANY_CHARACTER, _SAFE, negate(_QUOTE)))
    return Fill(
        _text(every),
        _text(every, _without(every, first)),
        _text(safe),
        _text(safe, _without(safe, first)),
        _inside(inside),
        _inside(inside, _without(inside, first)),
        _UNSAFE,
    )


ANY_OPERAND = _any_but("-")
"""Any text that is no option."""

A_FILE = _any_but("-.", "/")
"""What `*` stands for: in one directory, nothing hidden there."""

Parts = Sequence[str | Fill]
"""A word: its literal texts, and what each unknown part may be."""


def bare(parts: Parts) -> Shape:
    """The word itself."""
    return tuple([part if isinstance(part, str) else part.bare if at else part.first for at, part in enumerate(parts)])


def quoted(parts: Parts) -> Shape:
    """The word as a command line has it, as `shlex.quote` would quote it."""
    known = [part for part in parts if isinstance(part, str) and part]
    if any(shlex.quote(text) != text for text in known):
        return _in_quotes(parts, None)
    gaps = [part if isinstance(part, str) else part.safe if at else part.safe_first for at, part in enumerate(parts)]
    unsafe = [at for at, part in enumerate(parts) if isinstance(part, Fill) and part.unsafe is not None]
    if not unsafe:
        return tuple(gaps)
    shapes = [_in_quotes(parts, at) for at in unsafe]
    if len(unsafe) == len(parts):
        shapes.append(("''",))  # the empty word
        gaps = [gap._replace(ends=frozenset({1})) if isinstance(gap, Gap) else gap for gap in gaps[:1]] + gaps[1:]
    return (OneOf((tuple(gaps), *shapes)),)


def _in_quotes(parts: Parts, unsafe: int | None) -> Shape:
    """The word in quotes; `unsafe` is the unknown part that makes them necessary."""
    found: list[Piece] = ["'"]
    for at, part in enumerate(parts):
        if isinstance(part, str):
            found.append(part.replace("'", "'\"'\"'"))
            continue
        gap = part.inside if at else part.inside_first
        if at == unsafe and part.unsafe is not None:
            found += [gap, part.unsafe, part.inside]
        else:
            found.append(gap)
    return (*found, "'")
