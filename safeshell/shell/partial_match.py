"""Partial matches: whether a rule's pattern could match a text of which some is unknown, and whether it has to.

The pattern's automaton is walked over the text's shape. Whether it could match is found by collecting, over a gap,
everything that some filling can reach; whether it has to, by keeping apart what each filling reaches.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import lru_cache

from safeshell.policy.patterns import search
from safeshell.policy.regex.automaton import EDGE, FAR, Automaton, automaton, beside
from safeshell.policy.regex.character_sets import CharSet, contains
from safeshell.shell.shapes import Gap, Many, OneOf, Shape

States = dict[int, frozenset[int]]
"""The automaton's nodes, by what stands before the place where it is."""

Apart = frozenset[tuple[int, frozenset[int]]]
"""The same for each filling by itself."""

REMEMBERED_MAX = 4096
"""Answers kept: a line's commands, and the rules about them, are much alike."""

APART_MAX = 500
"""Fillings that are told apart; with more, a pattern doesn't have to match."""


REMEMBERED_SIZE = 1000
"""The size of a shape up to which answers about it are kept."""

SHAPES_MAX = 512
"""Shapes whose answers are kept, for each pattern that is asked of them."""


def size(shape: Shape) -> int:
    """The pieces and the literal characters of a shape: what walking it costs, and keeping it."""
    return sum([len(piece) if isinstance(piece, str) else 1 for piece in shape])


class Answers:
    """A shape with what is known of it, by pattern: a shape itself is dear to look up, it is hashed piece by piece."""

    __slots__ = ("_could", "_has_to", "shape")

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._could: dict[str, bool] = {}
        self._has_to: dict[str, bool] = {}

    def could(self, pattern: str) -> bool:
        """As `could_match`."""
        known = self._could.get(pattern)
        if known is None:
            known = self._could[pattern] = could_match.__wrapped__(pattern, self.shape)
        return known

    def has_to(self, pattern: str) -> bool:
        """As `has_to_match`."""
        known = self._has_to.get(pattern)
        if known is None:
            known = self._has_to[pattern] = has_to_match.__wrapped__(pattern, self.shape)
        return known


def answers(shape: Shape) -> Answers:
    """A shape, with the answers that were given before where it isn't too large to be kept."""
    return _kept(shape) if size(shape) <= REMEMBERED_SIZE else Answers(shape)


_kept = lru_cache(maxsize=SHAPES_MAX)(Answers)


@lru_cache(maxsize=REMEMBERED_MAX)
def could_match(pattern: str, shape: Shape) -> bool:
    """Whether some filling lets the pattern be found in the text."""
    if known := _literal(shape):
        return search(pattern, known[0])
    walker = automaton(pattern)
    if walker is None:
        return True
    states = _follow(pattern, {EDGE: frozenset()}, shape)
    return states is None or any(walker.found(state, before) for before, state in states.items())


@lru_cache(maxsize=REMEMBERED_MAX)
def has_to_match(pattern: str, shape: Shape) -> bool:
    """Whether the pattern is found in the text whatever fills it; False where that is too much to find out."""
    if known := _literal(shape):
        return search(pattern, known[0])
    walker = automaton(pattern)
    if walker is None:
        return False
    try:
        left = _avoid(pattern, frozenset({(EDGE, frozenset())}), shape)
    except _TooManyError:
        return False
    return all(walker.found(state, before) for before, state in left)


def _literal(shape: Shape) -> tuple[str] | None:
    texts = [piece for piece in shape if isinstance(piece, str)]
    return ("".join(texts),) if len(texts) == len(shape) else None


# Whether it could: what fillings reach, together


def _follow(pattern: str, states: States, shape: Shape) -> States | None:
    """What a shape leads to; None where it may lead to a match."""
    walker = _walker(pattern)
    for piece in shape:
        reached: States | None
        if isinstance(piece, str):
            reached = _over(walker, states, piece)
        elif isinstance(piece, Gap):
            reached = _gap(pattern, frozenset(states.items()), piece)
        elif isinstance(piece, OneOf):
            reached = {}
            for one in piece.shapes:
                found = _follow(pattern, states, one)
                if found is None:
                    return None
                for before, state in found.items():
                    _join(reached, before, state)
        else:
            reached = _repeat(pattern, states, piece)
        if reached is None:
            return None
        states = {before: state for before, state in reached.items() if walker.distance(state, before) < FAR}
        if not states:
            break
    return states


def _repeat(pattern: str, states: States, piece: Many) -> States | None:
    reached: States = {}
    while True:
        found = _follow(pattern, states, piece.shape)
        if found is None:
            return None
        new = [before for before, state in found.items() if before not in reached or not state <= reached[before]]
        if not new:
            return reached
        for before in new:
            _join(reached, before, found[before])
        states = {before: reached[before] for before in new}


def begins_a_match(pattern: str, text: str) -> bool:
    """Whether the pattern is found in whatever begins with a text."""
    walker = automaton(pattern)
    return walker is not None and _over(walker, {EDGE: frozenset()}, text) is None


def _over(walker: Automaton, states: States, text: str) -> States | None:
    for at, char in enumerate(text):
        if at % _PRUNED == _PRUNED - 1:
            states = {before: state for before, state in states.items() if walker.distance(state, before) < FAR}
        following: States = {}
        for before, state in states.items():
            reached = walker.step(state, before, char)
            if reached is None:
                return None
            _join(following, beside(char), reached)
        states = following
        if not states:
            break
    return states


_PRUNED = 64
"""Characters after which it is asked whether the pattern can still be found."""


@lru_cache(maxsize=REMEMBERED_MAX)
def _gap(pattern: str, states: frozenset[tuple[int, frozenset[int]]], gap: Gap) -> States | None:
    walker, letters = _walker(pattern), _letters(pattern, gap)
    known = {(0, before): state for before, state in states}
    changed = set(known)
    while changed:
        at, before = here = changed.pop()
        for char, side, to in letters.get(at, ()):
            reached = walker.step(known[here], before, char)
            if reached is None:
                return None  # whatever has begun in a gap can be brought to an end
            there = (to, side)
            if there not in known or not reached <= known[there]:
                known[there] = known.get(there, frozenset()) | reached
                changed.add(there)
    found: States = {}
    for (at, before), state in known.items():
        if at in gap.ends:
            _join(found, before, state)
    return found


def _join(states: States, before: int, reached: frozenset[int]) -> None:
    states[before] = states.get(before, frozenset()) | reached


# Whether it has to: what each filling reaches


class _TooManyError(Exception):
    """There are more fillings to be told apart than it is worth."""


def _avoid(pattern: str, states: Apart, shape: Shape) -> Apart:
    """What the fillings reach that lead to no match."""
    for piece in shape:
        if isinstance(piece, str):
            states = _over_apart(_walker(pattern), states, piece)
        elif isinstance(piece, Gap):
            states = _gap_apart(pattern, states, piece)
        elif isinstance(piece, OneOf):
            states = frozenset().union(*[_avoid(pattern, states, one) for one in piece.shapes])
        else:
            reached: Apart = frozenset()
            while not (states := _avoid(pattern, states, piece.shape)) <= reached:
                reached |= states
            states = reached
        if len(states) > APART_MAX:
            raise _TooManyError
    return states


def _over_apart(walker: Automaton, states: Apart, text: str) -> Apart:
    for char in text:
        reached = [walker.step(state, before, char) for before, state in states]
        states = frozenset([(beside(char), state) for state in reached if state is not None])
    return states


def _gap_apart(pattern: str, states: Apart, gap: Gap) -> Apart:
    walker, letters = _walker(pattern), _letters(pattern, gap)
    waiting = [(0, before, state) for before, state in states]
    known = set(waiting)
    while waiting:
        at, before, state = waiting.pop()
        for char, side, to in letters.get(at, ()):
            reached = walker.step(state, before, char)
            if reached is not None and (to, side, reached) not in known:
                known.add((to, side, reached))
                waiting.append((to, side, reached))
        if len(known) > APART_MAX:
            raise _TooManyError
    return frozenset([(before, state) for at, before, state in known if at in gap.ends])


# Letters


def _walker(pattern: str) -> Automaton:
    found = automaton(pattern)
    assert found is not None  # whoever walks it has asked before
    return found


@lru_cache(maxsize=REMEMBERED_MAX)
def _letters(pattern: str, gap: Gap) -> dict[int, list[tuple[str, int, int]]]:
    """For each state of a gap one character for each kind that the pattern tells apart, and where it leads.

    With each character goes how it counts for the places beside it.
    """
    walker = _walker(pattern)
    codes = _edges([*walker.sets, *[members for _, members, _ in gap.moves]])
    found: dict[int, list[tuple[str, int, int]]] = {}
    for start, allowed, to in gap.moves:
        kinds: dict[int, str] = {}
        for code in codes:
            if contains(allowed, code):
                kinds.setdefault(walker.kinds.of(code), chr(code))
        found.setdefault(start, []).extend([(char, beside(char), to) for char in kinds.values()])
    return found


_WORD_EDGES = (0, 10, 11, 48, 58, 65, 91, 95, 96, 97, 123, 0xE000)
"""Where characters begin to count otherwise for what stands beside them, and where surrogates end."""


def _edges(sets: Iterable[CharSet]) -> list[int]:
    edges = set(_WORD_EDGES)
    for members in sets:
        for low, high in members:
            edges |= {low, high + 1}
    return [edge for edge in sorted(edges) if edge <= sys.maxunicode and not 0xD800 <= edge <= 0xDFFF]
