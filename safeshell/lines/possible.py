"""Whether a rule's pattern could match a command line of which parts are unknown.

A command line is a sequence of literal texts and gaps. A gap stands for any text: an unknown word may hold blanks and
quotes, and be no word or many. A pattern could match where some text for each gap makes it match; that is found by
walking the pattern's automaton over the literals, and over a gap by collecting everything that it can reach.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from safeshell.evaluator import Judge, Row, Unit
from safeshell.facts import FactKey, Facts
from safeshell.lines.words import Unknown, Word

Gapped = tuple[str | None, ...]
"""Literal texts, and None for a gap."""

_EDGE = 0


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


def could_match(pattern: str, line: Gapped) -> bool:
    """Whether some text for each gap lets the pattern be found in the line."""
    from safeshell_compiler.automaton import automaton  # noqa: PLC0415 # only where a line leaves something open

    walker = automaton(pattern)
    if walker is None:
        return True
    letters = _letters(walker.sets)
    states: dict[int, frozenset[int]] = {_EDGE: frozenset()}
    for piece in line:
        if piece is None:
            states = _gap(walker, states, letters)
            if not states:
                return True
            continue
        for char in piece:
            following: dict[int, frozenset[int]] = {}
            for before, state in states.items():
                reached = walker.step(state, before, char)
                if reached is None:
                    return True
                _join(following, _beside(char), reached)
            states = following
    return any(walker.found(state, before) for before, state in states.items())


def _gap(walker: object, states: dict[int, frozenset[int]], letters: Sequence[str]) -> dict[int, frozenset[int]]:
    """Everything that any text leads to; nothing where it may lead to a match."""
    known = dict(states)
    changed = True
    while changed:
        changed = False
        for before, state in list(known.items()):
            for char in letters:
                reached = walker.step(state, before, char)  # type: ignore[attr-defined] # the compiler's Automaton
                if reached is None:
                    return {}
                side = _beside(char)
                if side not in known or not reached <= known[side]:
                    _join(known, side, reached)
                    changed = True
    return known


def _join(states: dict[int, frozenset[int]], before: int, reached: frozenset[int]) -> None:
    states[before] = states.get(before, frozenset()) | reached


def _beside(char: str) -> int:
    from safeshell_compiler.automaton import beside  # noqa: PLC0415 # as in could_match

    return beside(char)


def _letters(sets: object) -> list[str]:
    """One character for each that the pattern tells apart."""
    edges = {0, 10, 32, 48, 97}
    for members in sets:  # type: ignore[attr-defined] # the compiler's character sets
        for low, high in members:
            edges |= {low, high + 1}
    return [chr(edge) for edge in sorted(edges) if edge <= 0x10FFFF and not 0xD800 <= edge <= 0xDFFF]


class Certain(Judge):
    """A judge for which a rule matches only where that does not hang on what only the run can tell.

    Attributes:
        open: whether a rule was passed over for that.
    """

    __slots__ = ("_run", "open")

    def __init__(self, facts: Facts, run: frozenset[FactKey], *, directory: bool) -> None:
        """Takes the facts, and which only the run can tell: variables, and all that hangs on the directory."""
        super().__init__(facts)
        self._run = (run, directory)
        self.open = False

    def holds(self, unit: Unit, row: Row) -> bool:
        """As the judge says, but False where a fact that only the run can tell is what decides."""
        if not super().holds(unit, row):
            return False
        if any(self._open_atom(unit.atoms[atom]) for _, atom, _ in row.others):
            self.open = True
            return False
        return True

    def _open_atom(self, atom: Sequence[str]) -> bool:
        variables, directory = self._run
        kind, *arguments = atom
        if kind == "env":
            return ("env", arguments[0]) in variables
        if kind == "file":
            return directory and not arguments[0].startswith("/")
        return directory and kind in ("directory", "branch", "branch_in", "in_repo", "operand_under")


class Possible(Judge):
    """A judge for which a row is open where its patterns could match the line, and none of its facts is against it."""

    __slots__ = ("_line",)

    def __init__(self, facts: Facts, line: Gapped) -> None:
        super().__init__(facts)
        self._line = line

    def _truth(self, unit: Unit, atom: int) -> bool | None:
        """As the judge says; options and operands among unknown words are undecided."""
        return None if unit.atoms[atom][0] in ("option", "operand", "operand_under") else super()._truth(unit, atom)

    def open_rows(self, unit: Unit, line: str) -> list[Row]:
        """The rows whose required patterns could match. A forbidden one is never certain to, so it closes nothing."""
        del line
        return [
            row
            for row in unit.rows()
            if all(could_match(unit.atoms[atom][1], self._line) for atom in sorted(row.line_required))
        ]
