"""Texts made to measure: the shortest found that several patterns find and others don't, within a language.

A best-first walk through the product of the patterns' automata and the language's own. It visits every state there is
unless its budget ends first, so `no text` is an answer too.
"""

from __future__ import annotations

import heapq
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from safeshell.policy.regex.automaton import EDGE, FAR, Automaton, State, automaton, beside
from safeshell.policy.regex.character_sets import NEWLINE, WORD, CharSet, contains

_NICE = "abcdefghijklmnopqrstuvwxyz0123456789-./_ABCDEFGHIJKLMNOPQRSTUVWXYZ ="
_ASCII = _NICE + "".join(chr(code) for code in range(32, 127) if chr(code) not in _NICE) + "\t\n\r\f\v"

STEPS = 256
"""Steps that one state of a usual search takes: some 20 characters, each at a few places in two or three patterns."""


class Language(Protocol):
    """What a text must look like, an automaton whose states are words.

    Attributes:
        start: the first state.
        sets: the characters that it tells apart.
    """

    start: str
    sets: tuple[CharSet, ...]

    def follow(self, state: str, char: str) -> str | None:
        """The state after one more character, or None where it can't stand here."""
        ...

    def accepts(self, state: str) -> bool:
        """Whether a text may end here."""
        ...


@dataclass(slots=True)
class Budget:
    """What a search may still take: states looked at. Counted, not timed, so that the same input gives the same.

    Attributes:
        left: states; one that takes more than STEPS counts for several.
        exact: whether every answer so far was certain.
    """

    left: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class _Node:
    text: str
    cost: int
    before: int
    place: str
    states: tuple[State, ...]


def generate(language: Language, required: Sequence[str], forbidden: Sequence[str], budget: Budget) -> str | None:
    """A text of the language in which RE2 finds all required patterns and no forbidden one.

    Args:
        language: what the text must look like.
        required: patterns.
        forbidden: patterns.
        budget: is drawn on; `exact` is cleared where None does not mean that there is no such text, or where a
            pattern had to be left aside, so that the text may not be what was asked for.

    Returns:
        The text, or None where none was found.
    """
    wanted = [automaton(pattern) for pattern in required]
    unwanted = [automaton(pattern) for pattern in forbidden]
    if None in wanted or None in unwanted:
        budget.exact = False
    walk = _Walk(language, [one for one in wanted if one], [one for one in unwanted if one])
    return walk.run(budget)


class _Walk:
    def __init__(self, language: Language, wanted: list[Automaton], unwanted: list[Automaton]) -> None:
        self._language = language
        self._automata = wanted + unwanted
        self._wanted = len(wanted)
        self._alphabet = _alphabet([*language.sets, *[one for each in self._automata for one in each.sets]])

    def run(self, budget: Budget) -> str | None:
        first = _Node("", 0, EDGE, self._language.start, (frozenset(),) * len(self._automata))
        count = 0
        waiting = [(self._missing(first), 0, count, first)]
        seen = {(first.place, first.before, first.states)}
        while waiting:
            _, _, _, node = heapq.heappop(waiting)
            if self._complete(node):
                return node.text
            if budget.left <= 0:
                budget.exact = False
                return None
            budget.left -= self._weight(node)
            for char in self._alphabet:
                following = self._follow(node, char)
                if following is None or (key := (following.place, following.before, following.states)) in seen:
                    continue
                seen.add(key)
                missing = self._missing(following)
                if missing < FAR:
                    count += 1
                    heapq.heappush(waiting, (following.cost + missing, -following.cost, count, following))
        return None

    def _weight(self, node: _Node) -> int:
        """What looking at a state costs: what is tried from it are all characters at all places in the patterns."""
        return 1 + len(self._alphabet) * sum(len(state) for state in node.states if state) // STEPS

    def _follow(self, node: _Node, char: str) -> _Node | None:
        place = self._language.follow(node.place, char)
        if place is None:
            return None
        states = tuple([each.step(state, node.before, char) for each, state in self._pairs(node)])
        if None in states[self._wanted :]:
            return None
        # A quoted word is harder to read than a longer plain one.
        cost = node.cost + (1 if char in _NICE else 3)
        return _Node(node.text + char, cost, beside(char), place, states)

    def _pairs(self, node: _Node) -> zip[tuple[Automaton, State]]:
        return zip(self._automata, node.states, strict=True)

    def _missing(self, node: _Node) -> int:
        # A sum: patterns seldom share characters. It may pass over a slightly shorter text and never over the last.
        pairs = list(self._pairs(node))[: self._wanted]
        return min(FAR, sum(each.distance(state, node.before) for each, state in pairs))

    def _complete(self, node: _Node) -> bool:
        return self._language.accepts(node.place) and all(
            each.found(state, node.before) == (number < self._wanted)
            for number, (each, state) in enumerate(self._pairs(node))
        )


def _alphabet(sets: list[CharSet]) -> list[str]:
    """One character for each way in which the sets tell characters apart, the most readable one."""
    distinct = [WORD, NEWLINE, *sorted(set(sets))]
    edges = {edge for one in distinct for low, high in one for edge in (low, high + 1) if 127 < edge < 0x110000}
    found: dict[tuple[bool, ...], str] = {}
    for char in (*_ASCII, *(_readable(edge, edges) for edge in sorted({128, *edges}))):
        code = ord(char)
        found.setdefault(tuple([contains(one, code) for one in distinct]), char)
    return sorted(found.values(), key=lambda char: (char not in _NICE, _NICE.find(char), char))


def _readable(start: int, edges: set[int]) -> str:
    """The first letter from here to the next edge, or the character here."""
    for code in range(start, min(start + 256, 0x110000)):
        if code > start and code in edges:
            break
        if unicodedata.category(chr(code))[0] == "L":
            return chr(code)
    # A surrogate is no text; U+FFFD is what it would be read as.
    return "\ufffd" if unicodedata.category(chr(start)) == "Cs" else chr(start)
