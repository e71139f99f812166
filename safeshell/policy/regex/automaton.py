"""A pattern as an automaton that is walked a character at a time: what is found, and how far it still is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache

from safeshell.policy.regex.character_sets import NEWLINE, WORD, CharSet, contains
from safeshell.policy.regex.syntax import Alt, Chars, Look, Repeat, Seq, Tree, UnsupportedError, parse

NODES = 20_000
"""Nodes of one automaton; RE2 takes counted repetitions of up to 1000, nested ones multiply."""

STEPS = 2_000
"""Steps that one automaton remembers: whoever writes the text chooses how many different ones there are."""

MOVES = 100
"""States of which one automaton remembers where characters lead from them."""

EDGE, LINE, LETTER, OTHER = range(4)
"""What stands beside a place: the text's start or end, a newline, a word character, any other."""

FAR = 1 << 20
"""The distance of what can't be reached."""

State = frozenset[int] | None
"""Nodes reached by the text so far; None once the pattern is found."""

_MATCH = 0


@lru_cache(maxsize=1024)
def beside(char: str) -> int:
    """How a character counts for the places beside it."""
    code = ord(char)
    return LINE if contains(NEWLINE, code) else LETTER if contains(WORD, code) else OTHER


def _holds(look: Look, before: int, after: int) -> bool:
    match look:
        case Look.TEXT_START:
            return before == EDGE
        case Look.TEXT_END:
            return after == EDGE
        case Look.LINE_START:
            return before in (EDGE, LINE)
        case Look.LINE_END:
            return after in (EDGE, LINE)
        case Look.BOUNDARY:
            return (before == LETTER) != (after == LETTER)
        case Look.NO_BOUNDARY:
            return (before == LETTER) == (after == LETTER)


class Kinds:
    """Kinds of characters: those of one kind are in the same ones of some sets.

    Attributes:
        sets: which sets each kind is in, by their numbers.
    """

    __slots__ = ("_edges", "_kinds", "sets")

    def __init__(self, sets: Sequence[CharSet]) -> None:
        self._edges = sorted({0, *[edge for one in sets for low, high in one for edge in (low, high + 1)]})
        within: list[list[int]] = [[] for _ in self._edges]  # by where a run of characters of one kind begins
        for number, one in enumerate(sets):
            for low, high in one:
                for at in range(bisect_left(self._edges, low), bisect_left(self._edges, high + 1)):
                    within[at].append(number)
        numbers: dict[frozenset[int], int] = {}
        self._kinds = [numbers.setdefault(frozenset(held), len(numbers)) for held in within]
        self.sets = list(numbers)

    def of(self, code: int) -> int:
        """The kind of a character, by its code point."""
        return self._kinds[bisect_right(self._edges, code) - 1]


@lru_cache(maxsize=4096)
def automaton(pattern: str) -> Automaton | None:
    """The automaton of a pattern, or None where no texts are made from it."""
    try:
        return Automaton(parse(pattern))
    except (UnsupportedError, RecursionError):  # RE2 takes 1000 groups in one another
        return None


class Automaton:
    """Searches a text for a pattern, found anywhere.

    Raises:
        UnsupportedError: the automaton would be too large.
    """

    __slots__ = (
        *("_chars", "_distances", "_first", "_jumps", "_kinds", "_known_moves", "_looks", "_middle", "_sets", "_size"),
        *("_start", "_steps"),
    )

    def __init__(self, tree: Tree) -> None:
        self._sets: dict[CharSet, int] = {}  # numbered
        self._chars: dict[int, tuple[int, int]] = {}
        self._jumps: dict[int, list[int]] = {}
        self._looks: dict[int, tuple[Look, int]] = {}
        self._size = 1
        self._start = self._build(tree, _MATCH)
        self._first = self._measure(at_start=True)
        self._middle = self._measure(at_start=False)
        self._kinds: Kinds | None = None
        self._steps: dict[tuple[State, int, int], State] = {}
        self._distances: dict[tuple[State, bool], int] = {}
        self._known_moves: dict[tuple[frozenset[int], int, int], dict[int, list[int]] | None] = {}

    @property
    def sets(self) -> Iterable[CharSet]:
        """The sets of characters that it tells apart."""
        return self._sets

    @property
    def kinds(self) -> Kinds:
        """The kinds of characters that are alike to it and to the places beside them; made when they are needed."""
        found = self._kinds
        if found is None:
            found = self._kinds = Kinds([*self._sets, WORD, NEWLINE])
        return found

    def step(self, state: State, before: int, char: str) -> State:
        """The state after one more character; the first state is the empty set."""
        if state is None:
            return None
        kinds = self.kinds
        kind = kinds.of(ord(char))
        key = (state, before, kind)
        if key not in self._steps:
            if len(self._steps) >= STEPS:
                self._steps.clear()
            moves = self._moves(state, before, beside(char))
            held = kinds.sets[kind]
            self._steps[key] = (
                None
                if moves is None
                else frozenset([one for number, following in moves.items() if number in held for one in following])
            )
        return self._steps[key]

    def _moves(self, state: frozenset[int], before: int, after: int) -> dict[int, list[int]] | None:
        """Where each set of characters leads from a state; None once the pattern is found there.

        Nodes by the hundred wait for the same few sets, and each state is asked about many characters.
        """
        key = (state, before, after)
        if key not in self._known_moves:
            if len(self._known_moves) >= MOVES:
                self._known_moves.clear()
            reached = self._closure(state, before, after)
            moves: dict[int, list[int]] | None = None
            if _MATCH not in reached:
                moves = {}
                for node in reached:
                    if node in self._chars:
                        number, following = self._chars[node]
                        moves.setdefault(number, []).append(following)
            self._known_moves[key] = moves
        return self._known_moves[key]

    def found(self, state: State, before: int) -> bool:
        """Whether the pattern is found in a text that ends here."""
        return state is None or _MATCH in self._closure(state, before, EDGE)

    def distance(self, state: State, before: int) -> int:
        """At least so many characters are missing until the pattern is found; FAR: it can't be any more."""
        if state is None:
            return 0
        key = (state, before == EDGE)
        if key not in self._distances:
            if len(self._distances) >= STEPS:
                self._distances.clear()
            table = self._first if before == EDGE else self._middle
            self._distances[key] = min((table[node] for node in (self._start, *state)), default=FAR)
        return self._distances[key]

    def _node(self) -> int:
        if self._size >= NODES:
            raise UnsupportedError("the pattern's automaton is too large")
        self._size += 1
        return self._size - 1

    def _build(self, tree: Tree, following: int) -> int:
        """The node where the tree starts, `following` being where it goes on."""
        match tree:
            case Chars(members):  # by far the most
                node = self._node()
                self._chars[node] = (self._sets.setdefault(members, len(self._sets)), following)
                return node
            case Seq(parts):
                for part in reversed(parts):
                    following = self._build(part, following)
                return following
            case Alt(parts):
                return self._jump([self._build(part, following) for part in parts])
            case Repeat(part, least, most):
                if most is None:
                    loop = self._jump([following])
                    self._jumps[loop].append(self._build(part, loop))
                    following = loop
                else:
                    end = following
                    for _ in range(most - least):
                        following = self._jump([end, self._build(part, following)])
                for _ in range(least):
                    following = self._build(part, following)
                return following
            case Look():
                node = self._node()
                self._looks[node] = (tree, following)
                return node

    def _jump(self, targets: list[int]) -> int:
        node = self._node()
        self._jumps[node] = targets
        return node

    def _closure(self, state: frozenset[int], before: int, after: int) -> set[int]:
        """The nodes that are reached without a character."""
        reached: set[int] = set()
        waiting = [self._start, *state]
        while waiting:
            node = waiting.pop()
            if node in reached:
                continue
            reached.add(node)
            if node in self._jumps:
                waiting.extend(self._jumps[node])
            elif node in self._looks and _holds(self._looks[node][0], before, after):
                waiting.append(self._looks[node][1])
        return reached

    def _measure(self, *, at_start: bool) -> list[int]:
        """Each node's distance to the match, looks aside but for the text's start."""
        back: dict[int, list[tuple[int, int]]] = {}
        for node, (_, following) in self._chars.items():
            back.setdefault(following, []).append((node, 1))
        for node, targets in self._jumps.items():
            for target in targets:
                back.setdefault(target, []).append((node, 0))
        for node, (look, following) in self._looks.items():
            if at_start or look is not Look.TEXT_START:
                back.setdefault(following, []).append((node, 0))
        distances = [FAR] * self._size
        distances[_MATCH] = 0
        waiting = deque([_MATCH])
        while waiting:
            node = waiting.popleft()
            for source, cost in back.get(node, ()):
                if distances[node] + cost < distances[source]:
                    distances[source] = distances[node] + cost
                    if cost:
                        waiting.append(source)
                    else:
                        waiting.appendleft(source)
        return distances
