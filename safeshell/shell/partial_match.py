"""Partial matches: whether a rule's pattern could match a command line of which parts are unknown.

A command line is a sequence of literal texts and gaps. A gap stands for any text: an unknown word may hold blanks and
quotes, and be no word or many. A pattern could match where some text for each gap makes it match; that is found by
walking the pattern's automaton over the literals, and over a gap by collecting everything that it can reach.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from functools import lru_cache

from safeshell.policy.regex.automaton import EDGE, FAR, Automaton, automaton, beside
from safeshell.policy.regex.character_sets import contains
from safeshell.shell.words import Unknown, Word

Gapped = tuple[str | None, ...]
"""Literal texts, and None for a gap."""

States = dict[int, frozenset[int]]
"""The automaton's nodes, by what stands before the place where it is."""

REMEMBERED_MAX = 4096
"""Answers kept: a line's commands, and the rules about them, are much alike."""


def gapped(name: str | None, words: Sequence[Word]) -> Gapped:
    """The command line of these words.

    Args:
        name: the basename of the command, None where only the run can tell.
        words: all words, the command's own first.
    """
    line: list[str | None] = [None if name is None else shlex.quote(name)]
    if words and words[0].several:
        line.append(None)
    for word in words[1:]:
        literal = word.literal
        if literal is not None:
            line += [" ", shlex.quote(literal)]
        elif word.several:
            line += [None] if not word.prefix else [" ", *_inside(word)]
        else:
            line += [" ", *_inside(word)]
    return tuple(line)


def _inside(word: Word) -> list[str | None]:
    """A word around its unknown parts; quotes may be anywhere in it, which the gaps stand for."""
    found: list[str | None] = []
    for part in word.parts:
        if isinstance(part, Unknown):
            found.append(None)
        elif shlex.quote(part.text) == part.text:
            # The word may be quoted as a whole, for what the unknown part holds.
            found += [part.text] if found else [None, part.text]
        else:
            found.append(None)
    return [*found, None]


@lru_cache(maxsize=REMEMBERED_MAX)
def could_match(pattern: str, line: Gapped) -> bool:
    """Whether some text for each gap lets the pattern be found in the line."""
    walker = automaton(pattern)
    if walker is None:
        return True
    states: States = {EDGE: frozenset()}
    for piece in line:
        reached = _gap(pattern, frozenset(states.items())) if piece is None else _over(walker, states, piece)
        if reached is None:
            return True
        states = {before: state for before, state in reached.items() if walker.distance(state, before) < FAR}
        if not states:
            return False
    return any(walker.found(state, before) for before, state in states.items())


def begins_a_match(pattern: str, text: str) -> bool:
    """Whether the pattern is found in whatever begins with a text."""
    walker = automaton(pattern)
    return walker is not None and _over(walker, {EDGE: frozenset()}, text) is None


def _over(walker: Automaton, states: States, text: str) -> States | None:
    """What a literal text leads to; None where it leads to a match."""
    for char in text:
        following: States = {}
        for before, state in states.items():
            reached = walker.step(state, before, char)
            if reached is None:
                return None
            _join(following, beside(char), reached)
        states = following
    return states


@lru_cache(maxsize=REMEMBERED_MAX)
def _gap(pattern: str, states: frozenset[tuple[int, frozenset[int]]]) -> States | None:
    """Everything that any text leads to; None where it may lead to a match."""
    walker = automaton(pattern)
    assert walker is not None  # could_match asked before
    letters = _letters(pattern)
    known = dict(states)
    changed = set(known)
    while changed:
        before = changed.pop()
        for char, side in letters:
            reached = walker.step(known[before], before, char)
            if reached is None:
                return None
            if side not in known or not reached <= known[side]:
                _join(known, side, reached)
                changed.add(side)
    return known


def _join(states: States, before: int, reached: frozenset[int]) -> None:
    states[before] = states.get(before, frozenset()) | reached


@lru_cache(maxsize=REMEMBERED_MAX)
def _letters(pattern: str) -> tuple[tuple[str, int], ...]:
    """One character for each kind that the pattern tells apart, and how it counts for the places beside it."""
    walker = automaton(pattern)
    assert walker is not None
    sets = sorted(set(walker.sets))
    edges = {0, 10, 32, 48, 97}
    for members in sets:
        for low, high in members:
            edges |= {low, high + 1}
    codes = [edge for edge in sorted(edges) if edge <= sys.maxunicode and not 0xD800 <= edge <= 0xDFFF]
    kinds = {(beside(chr(code)), *[contains(members, code) for members in sets]): chr(code) for code in codes}
    return tuple([(char, beside(char)) for char in kinds.values()])
