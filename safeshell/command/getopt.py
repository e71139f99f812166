"""Option reader: one word of a command's arguments as getopt_long(3) reads it, by the program's grammar.

What can't be known from the words alone (which options take an argument, which long ones an abbreviation could mean) is
the grammar. `programs/` holds the data; of the commands that rules ask about the compiler puts it into the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

NONE, REQUIRED, ATTACHED, UNTIL = range(4)
"""What an option takes: nothing, the next word where nothing is attached, only what is attached, or all words up to a
`;`, or a `+` behind `{}` (find's -exec)."""

_NO_OPTIONS: Mapping[str, int] = MappingProxyType({})
_LETTERS = {"": NONE, ":": REQUIRED, "::": ATTACHED}


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
        shows, tries, acts: what of it only shows, as records have it (docs/table.md, "What only shows").
        signs: how words begin, or letters that they have, without any of which neither it nor a subcommand shows.
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
    shows: tuple[str, ...] = ()
    tries: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    signs: frozenset[str] = frozenset()
    taken: tuple[str, ...] = ()

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Grammar:
        """The grammar of a table's record (docs/table.md, "Grammars")."""
        inner = record.get("subcommands")
        subcommands = None if inner is None else {name: cls.read(part) for name, part in inner.items()}
        shown = (*record.get("shows", ()), *record.get("tries", ()))
        return cls(
            short=_short(record.get("short", "")),
            long=dict(_long(name) for name in record.get("long", ())),
            known=True,
            exact=record.get("exact", False),
            words=record.get("words", False),
            stops=record.get("stops", False),
            apart=record.get("apart", False),
            leading=record.get("leading"),
            subcommands=subcommands,
            signs=_signs(shown).union(*[part.signs for part in (subcommands or {}).values()]),
            shows=tuple(record.get("shows", ())),
            tries=tuple(record.get("tries", ())),
            acts=tuple(record.get("acts", ())),
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


def _signs(items: Iterable[str]) -> frozenset[str]:
    """Of an option of one letter that letter, of a word its first ones, two dashes included; of a subcommand all."""
    found: set[str] = set()
    for form in [form.partition("=")[0] for item in items for form in item.split("/")]:
        if form[0] != "-":
            found.add(form)
        elif len(form) == 2:
            found.add(form[1])
        else:
            found |= {form[:3], f"--{form.lstrip('-')[0]}"}
    return frozenset(found)


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


def read_options(word: str, grammar: Grammar, whole: bool = True) -> tuple[list[str], int | None, int]:
    """The options that a word holds.

    An option that is not known counts as one without a value: another version of the program may have it, and where
    none does the program fails, so nothing is let through by reading on.

    Args:
        word: it begins with `-` and is neither `-` nor `--`.
        grammar: the program's.
        whole: whether nothing follows in the word that is not given here.

    Returns:
        The options in order, with their dashes, abbreviations written out; and of the last one where in the word its
        value begins, if it is attached, and what it takes of the words that follow: NONE, REQUIRED or UNTIL.
    """
    if grammar.words or word[1] == "-":
        name, equals, _ = word[2 if word[1] == "-" else 1 :].partition("=")
        if name not in grammar.long and not grammar.words and (equals or whole):
            name = grammar.full(name)
        takes = grammar.long.get(name, NONE)
        names = ["-" + name if grammar.words else "--" + name]
        if equals:
            return names, word.index("=") + 1, takes if takes == UNTIL else NONE
        return names, None, takes if whole else NONE
    letters = grammar.short
    names = []
    position = 1
    for letter in word[1:]:
        position += 1
        names.append("-" + letter)
        takes = letters.get(letter, NONE)
        if takes:
            if position < len(word) or not whole:
                return names, position, NONE
            return names, None, NONE if takes == ATTACHED else REQUIRED
    return names, None, NONE


def end_of_command(words: Sequence[str], at: int) -> int:
    """Where a command ends that an option takes (UNTIL): behind its `;`, or its `+` behind `{}`."""
    for index in range(at, len(words)):
        if words[index] == ";" or (words[index] == "+" and index > at and words[index - 1] == "{}"):
            return index + 1
    return max(at, len(words))
