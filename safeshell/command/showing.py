"""What only shows: arguments with which a program prints something and ends, or says what it would do.

Which those are the program's data says (docs/table.md, "What only shows"). Where it is in doubt the command acts:
behind an option that the data doesn't know, which may take the next word for its argument, nothing shows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from safeshell.command.getopt import REQUIRED, UNTIL, Grammar, end_of_command, read_options

_ALONE = ("--help", "--version")
"""What shows of any program, where it is the only argument."""


class Showing(NamedTuple):
    """A command that only shows.

    Attributes:
        said: the word that says so.
        ends: whether the program ends there, whatever follows.
        permuted: whether that word is an option only where options may follow operands.
        names: the options and subcommands that say so.
        blanked: the arguments, with what says so made a word that means nothing.
    """

    said: str
    ends: bool
    permuted: bool
    names: frozenset[str]
    blanked: tuple[str, ...]


def showing(arguments: Sequence[str], grammar: Grammar, *, whole: bool = True) -> Showing | None:
    """Whether a command only shows, and by what; else None.

    Args:
        arguments: from the second on.
        grammar: of the command.
        whole: whether these are all of them; else only what nothing behind can change counts.
    """
    if whole and len(arguments) == 1 and arguments[0] in _ALONE:
        (word,) = arguments
        return Showing(word, True, False, frozenset([word]), (_blank(word),))
    if not may_show(arguments, grammar):
        return None
    reader = _Reader(arguments, grammar)
    reader.run()
    found = reader.result()
    return found if found is not None and (whole or found.ends) else None


def may_show(arguments: Sequence[str], grammar: Grammar) -> bool:
    """Whether it has a word without which it acts: few commands do, and the others needn't be read.

    Args:
        arguments: from the second on.
        grammar: of the command.
    """
    signs = grammar.signs
    for word in arguments:
        if word[:3] in signs or word in signs or (word[:1] == "-" and not signs.isdisjoint(word)):
            return True
    return len(arguments) == 1 and arguments[0] in _ALONE


def _blank(text: str) -> str:
    """A text of the same form that names no option and no subcommand."""
    return re.sub("[A-Za-z0-9]", "_", text)


class _Switch:
    """Options that mean the same.

    Attributes:
        ends: whether the program ends where it meets one.
        on: whether it only shows by this one so far.
        said: the word that says so.
    """

    __slots__ = ("ends", "on", "said")

    def __init__(self, *, ends: bool) -> None:
        self.ends = ends
        self.on = False
        self.said = ""


class _Reader:
    def __init__(self, arguments: Sequence[str], grammar: Grammar) -> None:
        self._arguments = arguments
        self._at = 0
        self._switches: list[_Switch] = []
        self._named: dict[str, _Switch] = {}
        self._ended: _Switch | None = None
        self._acts = False
        self._doubt = False  # whether the next word may be the argument of an option that nobody knows
        self._before_operands: bool | None = None
        self._met: list[tuple[_Switch, str, int, int, int]] = []  # with name, word, and where in it
        self._enter(grammar)

    def result(self) -> Showing | None:
        """What has been found."""
        switch = self._shown_by()
        if switch is None:
            return None
        blanked = list(self._arguments)
        met = [found for found in self._met if found[0].ends is switch.ends]  # what ends it makes a dry run no matter
        for _, _, index, start, end in met:
            word = blanked[index]
            blanked[index] = word[:start] + _blank(word[start:end]) + word[end:]
        permuted = self._before_operands is False and not self._grammar.words
        return Showing(switch.said, switch.ends, permuted, frozenset([found[1] for found in met]), tuple(blanked))

    def run(self) -> None:
        """Reads all arguments."""
        while self._at < len(self._arguments):
            word = self._arguments[self._at]
            self._at += 1
            doubt, self._doubt = self._doubt, False
            if word == "--" and self._grammar.leading is None:
                self._acts |= doubt  # else it is an argument, and options follow
                break
            if word == "--":
                continue
            if len(word) > 1 and word[0] == "-":
                self._take(word, doubt=doubt)
            elif not self._operand(word, doubt=doubt):
                break

    def _shown_by(self) -> _Switch | None:
        if self._ended is not None:
            return self._ended
        return None if self._acts else next((switch for switch in self._switches if switch.on), None)

    def _enter(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._forms: dict[str, tuple[_Switch, set[str | None]]] = {}
        for ends, items in ((True, grammar.shows), (False, grammar.tries)):
            for item in items:
                forms = [form.partition("=") for form in item.split("/")]
                # A subcommand's may be the program's own, said again.
                said = [self._named[name] for name, _, _ in forms if name in self._named]
                switch = next((one for one in said if one.ends is ends), None) or _Switch(ends=ends)
                if switch not in self._switches:
                    self._switches.append(switch)
                for name, equals, value in forms:
                    self._named[name] = switch
                    self._forms.setdefault(name, (switch, set()))[1].add(value if equals else None)

    def _operand(self, word: str, *, doubt: bool) -> bool:
        """Takes an operand up; returns whether options may follow."""
        grammar = self._grammar
        if grammar.subcommands is not None:
            self._acts |= doubt  # nobody knows what the subcommand is
            self._meet(word, None, (0, len(word)), doubt=doubt)
            self._enter(grammar.subcommands.get(word) or grammar.subcommands.get("") or Grammar())
            return True
        if self._before_operands is None:
            if word in self._forms:  # of aws each command has its `help`
                self._meet(word, None, (0, len(word)), doubt=doubt)
            self._before_operands = self._shown_by() is not None
        self._acts |= any(word.startswith(start) for start in grammar.acts if start[0] != "-")
        return not grammar.stops

    def _take(self, word: str, *, doubt: bool) -> None:
        """Takes the options of a word up."""
        grammar = self._grammar
        names, begins, takes = read_options(word, grammar)
        long = grammar.words or word[1] == "-"
        value: str | None = None
        for place, name in enumerate(names):
            last = place == len(names) - 1
            kind = grammar.long.get(name[1 if grammar.words else 2 :]) if long else grammar.short.get(name[1:])
            if not last and names[place + 1] == "-=":
                value = word[place + 3 :]
            elif last:
                value = word[begins:] if begins is not None else None
            span = (0, len(word)) if long else (place + 1, place + 2)
            self._meet(name, value, span, doubt=doubt, argued=kind == REQUIRED)
            unknown = kind is None and not self._negates(name)
            doubt |= unknown
            self._doubt = unknown and value is None
        if takes == REQUIRED:
            self._at += 1
        elif takes == UNTIL:
            self._at = end_of_command(self._arguments, self._at)

    def _negates(self, name: str) -> bool:
        """Whether it is the negation of an option that is known, and so takes no argument."""
        return name.startswith("--no-") and any(known.startswith(name[5:]) for known in self._grammar.long)

    def _meet(self, name: str, value: str | None, span: tuple[int, int], *, doubt: bool, argued: bool = False) -> None:
        """Takes up an option, or a subcommand.

        Args:
            name: its name, dashes included.
            value: what is attached to it.
            span: where in the word it stands.
            doubt: whether it may be the argument of another.
            argued: whether it takes an argument in any case.
        """
        if name in self._grammar.acts:
            self._acts = True
        found = self._forms.get(name)
        if found is None:
            self._take_back(name, value)
            return
        switch, values = found
        if not (value in values or (argued and None in values)):
            switch.on = False
            return
        index = self._at - 1
        self._met.append((switch, name, index, *span))
        if doubt:
            return
        switch.on = True
        switch.said = self._arguments[index]
        if switch.ends and self._ended is None:
            self._ended = switch
            if self._before_operands is None:
                self._before_operands = True

    def _take_back(self, name: str, value: str | None) -> None:
        """Takes back what a negation, or an option of a program around a subcommand, says otherwise."""
        if value is not None and name in self._named:
            self._named[name].on = False
        if name.startswith("--no-"):
            for other, switch in self._named.items():
                if other.startswith("--" + name[5:]):
                    switch.on = False
