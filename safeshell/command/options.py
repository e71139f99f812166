"""Options and operands: a command's arguments told apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from safeshell.command.getopt import REQUIRED, UNTIL, Grammar, end_of_command, read_options

_EXPRESSION = ("(", ")", "!", ",")
"""The words of find's expressions that are neither tests nor actions."""


class Parsed(NamedTuple):
    """A command's arguments, read.

    Attributes:
        options: as rules name them, dashes included; abbreviations as what they mean where that is known.
        unresolved: long options, without dashes, that may be abbreviations of what a rule names.
        operands: in order.
        taken: the options that the rule says take an argument.
        values: options named likewise and what each was given, in order.
    """

    options: frozenset[str]
    unresolved: tuple[str, ...]
    operands: tuple[str, ...]
    taken: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()

    def has(self, names: Collection[str]) -> bool:
        """Whether one of these options is there."""
        return not self.options.isdisjoint(names) or any(self._means(word, names) for word in self.unresolved)

    def _means(self, word: str, names: Collection[str]) -> bool:
        begun = {name for name in (*names, *self.taken) if name.startswith("--" + word)}
        return bool(begun) and begun <= {*names}


def parse(arguments: Sequence[str], grammar: Grammar) -> Parsed:
    """Reads arguments.

    Args:
        arguments: from the second on.
        grammar: of the command.
    """
    reader = _Reader(arguments, grammar)
    reader.run()
    return Parsed(
        frozenset(reader.options),
        tuple(dict.fromkeys(reader.unresolved)),
        tuple(reader.operands),
        grammar.taken,
        tuple(reader.values),
    )


class _Reader:
    __slots__ = ("_arguments", "_at", "_expression", "_grammar", "operands", "options", "unresolved", "values")

    def __init__(self, arguments: Sequence[str], grammar: Grammar) -> None:
        self._arguments = arguments
        self._grammar = grammar
        self._at = 0
        self._expression = False
        self.options: set[str] = set()
        self.unresolved: list[str] = []
        self.operands: list[str] = []
        self.values: list[tuple[str, str]] = []

    def run(self) -> None:
        arguments = self._arguments
        while self._at < len(arguments):
            word = arguments[self._at]
            self._at += 1
            if word == "--":
                # Of find it ends only the options that lead: the expression stands behind.
                if self._grammar.leading is None:
                    self._take_rest()
            elif len(word) < 2 or word[0] != "-":
                self._operand(word)
            elif self._grammar.known:
                self._take(word)
            elif word[1] == "-":
                self._guess_long(word[2:])
            else:
                self._guess(word)

    def _take_rest(self) -> None:
        self.operands.extend(self._arguments[self._at :])
        self._at = len(self._arguments)

    def _operand(self, word: str) -> None:
        grammar = self._grammar
        if grammar.subcommands is not None:
            if grammar.apart:
                self.options.clear()
                self.unresolved.clear()
                self.values.clear()
            inner = grammar.subcommands.get(word) or grammar.subcommands.get("")
            self._grammar = inner or Grammar().taking(grammar.taken)
            return
        if grammar.leading is not None and word in _EXPRESSION:
            self._expression = True
        if self._expression:
            return
        self.operands.append(word)
        if grammar.stops:
            self._take_rest()

    def _take_next(self, *names: str) -> None:
        """Takes the next word, if there is one, as the value of an option, whatever it is called."""
        if self._at < len(self._arguments):
            self.values.extend([(name, self._arguments[self._at]) for name in names])
        self._at += 1

    def _take(self, word: str) -> None:
        grammar = self._grammar
        names, begins, takes = read_options(word, grammar)
        self.options.update(names)
        called: tuple[str, ...] = (names[-1],)
        if grammar.words:  # two dashes mean the same
            called = (names[0], "-" + names[0])
            self.options.add("-" + names[0])
            if grammar.leading is not None and names[0][1:2] not in grammar.leading:
                self._expression = True
        if begins is not None:
            self.values.extend([(name, word[begins:]) for name in called])
        if takes == REQUIRED:
            self._take_next(*called)
        elif takes == UNTIL:
            self._at = end_of_command(self._arguments, self._at)

    def _guess_long(self, word: str) -> None:
        """Of a command that nothing is known of: whether it is an abbreviation is the rule's to say."""
        grammar = self._grammar
        name, attached, value = word.partition("=")
        self.options.add("--" + name)
        if name:
            self.unresolved.append(name)
        begun = [taken for taken in grammar.long if name and taken.startswith(name)]
        full = begun[0] if len(begun) == 1 else name
        if attached:
            self.values.append(("--" + full, value))
        elif grammar.long.get(full) == REQUIRED:
            self._take_next("--" + full)

    def _guess(self, word: str) -> None:
        """Of such a command nobody knows whether this is one word (-delete, -out=x) or letters: it counts as both."""
        grammar = self._grammar
        name, attached, value = word.partition("=")
        self.options.add(name)
        if attached:
            self.values.append((name, value))
        if len(name) > 2 and name[1:] in grammar.long and name in grammar.taken:
            if not attached:
                self._take_next(name)
            return
        end = len(word)
        if not word[1:].isalnum():  # letters end at what is attached to one, like a path
            end = next((at for at, char in enumerate(word) if at and not (char.isalnum() or char in "?#@")), end)
        names, begins, takes = read_options(word[:end], grammar, end == len(word))
        self.options.update(names)
        if begins is not None:
            self.values.append((names[-1], word[begins:]))
        if takes == REQUIRED:
            self._take_next(names[-1])


def names_problem(name: str) -> str:
    """Why a text can't name an option, or ""."""
    if not name.startswith("-"):
        return "it has no dash"
    if not name.strip("-"):
        return "it has nothing but dashes"
    if "=" in name:
        return "it has a value"
    return "it has a space" if any(char.isspace() for char in name) else ""


def split(arguments: bytes) -> list[str]:
    """An argument block as texts without the first, exact: bytes that are not UTF-8 become surrogates."""
    return arguments.decode("utf-8", "surrogateescape").split("\0")[1:-1]


def shown(argument: str) -> str:
    """An argument of `split` as patterns see it."""
    return argument if argument.isascii() else argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


UNKNOWN = Grammar()


def grammar_for(records: Mapping[str, Any], name: str, taken: Iterable[str], valued: Iterable[str] = ()) -> Grammar:
    """The grammar of a command.

    Args:
        records: a table's, by basename.
        name: the basename.
        taken: the options that the rule says take an argument.
        valued: options whose value is asked for: they take one where the command's own data doesn't know them.
    """
    record = records.get(name)
    grammar = UNKNOWN if record is None else Grammar.read(record)
    return grammar.taking((*taken, *[option for option in valued if not knows(grammar, option)]))


def knows(grammar: Grammar, option: str) -> bool:
    """Whether a grammar, or that of a subcommand, has an option; its dashes included."""
    known = option.lstrip("-") in grammar.long or (len(option) == 2 and option[1:] in grammar.short)
    return known or any(knows(inner, option) for inner in (grammar.subcommands or {}).values())
