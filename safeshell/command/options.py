"""A command's arguments told apart: options, their arguments, and operands, as getopt_long(3) would.

What can't be known from the words alone (which options take an argument, which long ones an abbreviation could mean) is
the command's grammar. The compiler puts it into the table; here it is only read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

NONE, REQUIRED, ATTACHED, UNTIL = range(4)
"""What an option takes: nothing, the next word where nothing is attached, only what is attached, or all words up to a
`;`, or a `+` behind `{}` (find's -exec)."""

_NO_OPTIONS: Mapping[str, int] = MappingProxyType({})
_LETTERS = {"": NONE, ":": REQUIRED, "::": ATTACHED}
_EXPRESSION = ("(", ")", "!", ",")
"""The words of find's expressions that are neither tests nor actions."""


class Grammar(NamedTuple):
    """How a command reads its arguments. The default is what can be said of a command that nothing is known about.

    Attributes:
        short: what each option of one letter takes.
        long: likewise for each of a word, without its dashes; `words` likewise.
        known: whether this was read from data, so that `long` says what an abbreviation means.
        exact: whether abbreviations are not taken.
        words: whether one dash begins a word and not a cluster of letters (Go's flag, find).
        stops: whether the first operand ends the options.
        apart: whether the options before a subcommand are the program's own, and say nothing of the subcommand's.
        leading: for a command whose first option ends the operands, the letters that don't (find's -L); else None.
        subcommands: the grammar of each; "" for one that is not listed. None: the first operand is no subcommand.
        taken: the options that the rule says take an argument, with their dashes.
    """

    short: Mapping[str, int] = _NO_OPTIONS
    long: Mapping[str, int] = _NO_OPTIONS
    known: bool = False
    exact: bool = False
    words: bool = False
    stops: bool = False
    apart: bool = False
    leading: str | None = None
    subcommands: Mapping[str, Grammar] | None = None
    taken: tuple[str, ...] = ()

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Grammar:
        """The grammar of a table's record (docs/table.md, "Grammars")."""
        inner = record.get("subcommands")
        return cls(
            short=_short(record.get("short", "")),
            long=dict(_long(name) for name in record.get("long", ())),
            known=True,
            exact=record.get("exact", False),
            words=record.get("words", False),
            stops=record.get("stops", False),
            apart=record.get("apart", False),
            leading=record.get("leading"),
            subcommands=None if inner is None else {name: cls.read(part) for name, part in inner.items()},
        )

    def taking(self, options: Sequence[str]) -> Grammar:
        """The grammar with these options, dashes included, taking an argument."""
        if not options:
            return self
        letters = {name[1:]: REQUIRED for name in options if len(name) == 2}
        words = {name.lstrip("-"): REQUIRED for name in options if len(name) > 2}
        inner = self.subcommands
        return self._replace(
            short={**self.short, **letters},
            long={**self.long, **words},
            subcommands=None if inner is None else {name: part.taking(options) for name, part in inner.items()},
            taken=tuple(options),
        )

    def full(self, word: str) -> str:
        """The long option that a word means: itself, or the only one that it begins."""
        if word in self.long or not self.known or self.exact or not word:
            return word
        found = [name for name in self.long if name.startswith(word)]
        return found[0] if len(found) == 1 else word


def _short(text: str) -> dict[str, int]:
    """The options of a getopt(3) string."""
    found: dict[str, int] = {}
    for position, letter in enumerate(text):
        if letter != ":":
            rest = text[position + 1 : position + 3]
            found[letter] = _LETTERS[rest[: len(rest) - len(rest.lstrip(":"))]]
    return found


def _long(text: str) -> tuple[str, int]:
    name, mark, kind = text.partition("=")
    return name, (UNTIL if kind else REQUIRED) if mark else NONE


class Parsed(NamedTuple):
    """A command's arguments, read.

    Attributes:
        options: as rules name them, dashes included; abbreviations as what they mean where that is known.
        unresolved: long options, without dashes, that may be abbreviations of what a rule names.
        operands: in order.
        taken: the options that the rule says take an argument.
    """

    options: frozenset[str]
    unresolved: tuple[str, ...]
    operands: tuple[str, ...]
    taken: tuple[str, ...] = ()

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
    # Whether an abbreviation is one is the rule's to say where the command's own options are not known.
    return Parsed(
        frozenset(reader.options), tuple(dict.fromkeys(reader.unresolved)), tuple(reader.operands), grammar.taken
    )


class _Reader:
    __slots__ = ("_arguments", "_at", "_expression", "_grammar", "operands", "options", "unresolved")

    def __init__(self, arguments: Sequence[str], grammar: Grammar) -> None:
        self._arguments = arguments
        self._grammar = grammar
        self._at = 0
        self._expression = False
        self.options: set[str] = set()
        self.unresolved: list[str] = []
        self.operands: list[str] = []

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
            elif self._grammar.words:
                self._word(word)
            elif word[1] == "-":
                self._long(word[2:])
            else:
                self._cluster(word)

    def _take_rest(self) -> None:
        self.operands.extend(self._arguments[self._at :])
        self._at = len(self._arguments)

    def _operand(self, word: str) -> None:
        grammar = self._grammar
        if grammar.subcommands is not None:
            if grammar.apart:
                self.options.clear()
                self.unresolved.clear()
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

    def _word(self, word: str) -> None:
        grammar = self._grammar
        name, attached, _ = word[2 if word[1] == "-" else 1 :].partition("=")
        self.options.update(("-" + name, "--" + name))
        takes = grammar.long.get(name, NONE)
        if grammar.leading is not None and name[:1] not in grammar.leading:
            self._expression = True
        if takes == REQUIRED and not attached:
            self._at += 1
        elif takes == UNTIL:
            self._skip_command()

    def _skip_command(self) -> None:
        before = ""
        while self._at < len(self._arguments):
            word = self._arguments[self._at]
            self._at += 1
            if word == ";" or (word == "+" and before == "{}"):
                break
            before = word

    def _long(self, word: str) -> None:
        name, attached, _ = word.partition("=")
        full = self._grammar.full(name)
        self.options.add("--" + full)
        if not self._grammar.known and name:
            self.unresolved.append(name)
            begun = [taken for taken in self._grammar.long if taken.startswith(name)]
            full = begun[0] if len(begun) == 1 else full
        if self._grammar.long.get(full, NONE) == REQUIRED and not attached:
            self._at += 1

    def _cluster(self, word: str) -> None:
        grammar = self._grammar
        if not grammar.known:
            # Nobody knows whether this is one word (-delete, -out=x) or letters: it counts as both.
            name, attached, _ = word.partition("=")
            self.options.add(name)
            if len(name) > 2 and name[1:] in grammar.long and name in grammar.taken:
                self._at += not attached
                return
        for position, letter in enumerate(word[1:], 2):
            if not grammar.known and not (letter.isalnum() or letter in "?#@"):
                return  # what is attached to a letter, like a path
            self.options.add("-" + letter)
            takes = grammar.short.get(letter, NONE)
            if takes == REQUIRED and position == len(word):
                self._at += 1
            if takes != NONE:
                return


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


def grammar_for(records: Mapping[str, Any], name: str, taken: Iterable[str]) -> Grammar:
    """The grammar of a command.

    Args:
        records: a table's, by basename.
        name: the basename.
        taken: the options that the rule says take an argument.
    """
    record = records.get(name)
    return (UNKNOWN if record is None else Grammar.read(record)).taking(tuple(taken))
