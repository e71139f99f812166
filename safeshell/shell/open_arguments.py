"""Open arguments: what is certain of options and operands among words of which only the run can tell some."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from safeshell.command.getopt import Grammar
from safeshell.command.options import Parsed, knows, parse, shown
from safeshell.command.programs.far_reaching import BEFORE_FILES
from safeshell.command.programs.grammars import grammar
from safeshell.shell.partial_match import could_match, has_to_match
from safeshell.shell.shapes import A_FILE, A_NAME, A_TEMPORARY, ANY_TEXT, Fill, Parts, bare
from safeshell.shell.words import Literal, Unknown, Word

if TYPE_CHECKING:
    from safeshell.policy.units import Unit

ONE, SOME, FILE, NAMED, MADE, OPTIONS = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004", "\ue005"
"""What stands for an unknown part in a word: of one word; of one that may be none or several; a file's name as patterns
have it; what is certain to be a name; the path of a temporary file; like the second, but called options."""

_MARKS = re.compile(f"([{ONE}-{OPTIONS}])")
_CALLED_OPTIONS = re.compile(r"(?i)opt|flag|arg|param|switch|extra|more|^[@*]$")
"""Names of variables that hold options, as `$OPTS`, `$FLAGS`, `$@` do."""
_TAGS = 0xE100
_SPELT_OUT = re.compile(r"[^\W_][^=:]*$")
"""A name at the end of what stands before an unknown part, not only an option, a host or the like."""

NO_NAME = "xq7"
"""A name that no rule has, in the place of one that is any name."""


def marked(word: Word) -> str:
    """A word as a text with a mark in the place of each unknown part."""
    return "".join([shown(part.text) if isinstance(part, Literal) else _mark(part) for part in word.parts])


def _mark(part: Unknown) -> str:
    if part.is_number or finds_below(part.output):
        return NAMED
    if part.output[:1] == ("mktemp",):
        return MADE
    if part.is_pattern or not part.several:
        return FILE if part.is_pattern else ONE
    return OPTIONS if _CALLED_OPTIONS.search(part.variable) else SOME


def is_several(word: str) -> bool:
    """Whether it may be no word or several."""
    return SOME in word or OPTIONS in word


def finds_below(words: Sequence[str]) -> bool:
    """Whether a command prints names of files below the directory, as find does from a starting point there."""
    if os.path.basename(words[0] if words else "") not in ("find", "fd", "fdfind"):
        return False
    operands = parse(words[1:], grammar_of("find")).operands if words[0].endswith("find") else ()
    return not any(word.startswith(("/", "~")) or ".." in word.split("/") for word in operands) and ".git" not in words


def is_open(word: str) -> bool:
    """Whether a part of it is unknown."""
    return not word.isascii() and _MARKS.search(word) is not None


def unmarked(word: str) -> str:
    """A marked word with a name that no rule has in the place of each unknown part."""
    return _MARKS.sub(NO_NAME, word)


def parts_of(word: str, fill: Fill) -> Parts:
    """A marked word as its literal texts and what its unknown parts may be.

    Args:
        word: it.
        fill: what they may be where no more is known of them. Behind a name that is written out they are names.
    """
    found: list[str | Fill] = []
    for text in _MARKS.split(word):
        if not text:
            continue
        if text in (ONE, SOME, OPTIONS):
            found.append(fill)
        elif text == FILE:
            found.append(A_NAME if fill is A_NAME else A_FILE)
        elif text in (NAMED, MADE):
            found.append(A_NAME if text == NAMED or found else A_TEMPORARY)
        else:
            fill = A_NAME if not found and fill is not ANY_TEXT and _SPELT_OUT.search(text) else fill
            found.append(text)
        if len(found) > 1 and isinstance(found[-1], Fill) and found[-1] is found[-2]:
            del found[-1]  # two of a kind are one
    if len(found) > PARTS_MAX:
        return [*[text for text in found[:1] if isinstance(text, str)], ANY_TEXT]
    return found


PARTS_MAX = 16
"""Parts of a word that are told apart; of one with more only the beginning is known."""


def option_values(name: str, words: Sequence[str]) -> dict[int, int]:
    """Which of some marked words are unknown values of options: the place of each, and that of its option.

    Behind an option of which nothing is known stands its value.
    """
    grammar = grammar_of(name)
    tagged = [
        word + chr(_TAGS + at) if is_open(word) and not word.startswith("-") else word for at, word in enumerate(words)
    ]
    values = {value for _, value in parse(tagged, grammar).values}
    found: dict[int, int] = {}
    for at, word in enumerate(words):
        if not is_open(word):
            continue
        if word.startswith("-"):
            if not may_be_option(word):
                found[at] = at
        elif tagged[at] in values or (at and _takes(words[at - 1], grammar)):
            found[at] = at - 1
    return found


def _takes(word: str, grammar: Grammar) -> bool:
    """Whether a word is an option that nothing is known of, and so is taken to have the next one as its value."""
    option = len(word) > 1 and word[0] == "-" and word != "--" and "=" not in word and not is_open(word)
    return option and not knows(grammar, word)


@lru_cache(maxsize=256)
def grammar_of(name: str) -> Grammar:
    """What is known of a command's options."""
    record = grammar(name)
    return Grammar() if record is None else Grammar.read(record)


class OpenValues:
    """Arguments whose unknown words are values: operands, or what options take, never options themselves."""

    def __init__(self, name: str, words: Sequence[str], fill: Fill) -> None:
        """Takes the command's basename, its marked arguments, and what an unknown part of an operand may be."""
        self._name = name
        self._words = list(words)
        self._fill = fill
        self._parsed: dict[tuple[int, tuple[str, ...], tuple[str, ...]], Parsed] = {}

    def has_option(self, unit: Unit, names: Sequence[str], taken: tuple[str, ...]) -> bool | None:
        """As `OpenArguments` has it."""
        return self.has(unit.grammar(self._name, taken), names)

    def has(self, grammar: Grammar, names: Sequence[str]) -> bool | None:
        """Whether one of these options is there, as a grammar has it."""
        parsed = parse(self._words, grammar)
        if parsed.has(names):
            return True
        return None if any(map(is_open, parsed.options)) or self._lost(grammar) else False

    def has_operand(self, unit: Unit, pattern: str, taken: tuple[str, ...]) -> bool | None:
        """As `OpenArguments` has it."""
        parsed = self._read(unit, taken)
        if parsed is None:
            return None
        first = before_files(self._name, self._words) if self._fill is not A_NAME else 0
        found = {
            self._any(pattern, parsed.operands[:first], A_NAME),
            self._any(pattern, parsed.operands[first:], self._fill),
        }
        return True if True in found else None if None in found else False

    def has_value(self, unit: Unit, pattern: str, names: tuple[str, ...], taken: tuple[str, ...]) -> bool | None:
        """As `OpenArguments` has it; a value that is asked for by name may be any text."""
        parsed = self._read(unit, taken, names)
        if parsed is None:
            return None
        return self._any(pattern, [value for option, value in parsed.values if option in names], ANY_TEXT)

    def operands(self, unit: Unit, taken: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
        """As `OpenArguments` has it."""
        parsed = self._read(unit, taken)
        if parsed is None:
            return (), False
        if self._fill is not A_NAME:
            known = tuple([operand for operand in parsed.operands if not is_open(operand)])
            return known, len(known) == len(parsed.operands)
        return tuple(map(unmarked, parsed.operands)), True

    def _read(self, unit: Unit, taken: tuple[str, ...], valued: tuple[str, ...] = ()) -> Parsed | None:
        """The arguments; None where they can't be told apart."""
        key = (id(unit.table), taken, valued)
        parsed = self._parsed.get(key)
        grammar = unit.grammar(self._name, taken, valued)
        if parsed is None:
            parsed = self._parsed[key] = parse(self._words, grammar)
        return None if self._lost(grammar) else parsed

    def _lost(self, grammar: Grammar) -> bool:
        """Whether an unknown word stands where the subcommand does, on which all else hangs."""
        words: Sequence[str] = self._words
        while grammar.subcommands is not None:
            found = parse(words, grammar._replace(subcommands=None, stops=True)).operands
            if not found or is_open(found[0]):
                return bool(found)
            grammar = grammar.subcommands.get(found[0]) or grammar.subcommands.get("") or Grammar()
            words = found[1:]
        return False

    @staticmethod
    def _any(pattern: str, words: Sequence[str], fill: Fill) -> bool | None:
        """Whether a pattern is found in one of some words."""
        could = False
        for word in words:
            shape = bare(parts_of(word, fill))
            if not is_several(word) and has_to_match(pattern, shape):
                return True
            could = could or could_match(pattern, shape)
        return None if could else False


class OpenOptions:
    """Arguments of which some unknown words are options, any of them, and so are no operands."""

    def __init__(self, name: str, words: Sequence[str], may_be: Callable[[str], bool], fill: Fill) -> None:
        """Takes the command's basename, its marked arguments, which are options, and what the others may be."""
        self._name = name
        first = next((at for at, word in enumerate(words) if may_be(word)), len(words))
        self._before = OpenValues(name, words[:first], fill)
        self._others = OpenValues(name, [word for word in words if not may_be(word)], fill)

    def has_option(self, unit: Unit, names: Sequence[str], taken: tuple[str, ...]) -> bool | None:
        """As `OpenArguments` has it."""
        return self._before.has_option(unit, names, taken) or None

    def has_operand(self, unit: Unit, pattern: str, taken: tuple[str, ...]) -> bool | None:
        """As `OpenArguments` has it."""
        return False if self._others.has_operand(unit, pattern, taken) is False else None

    def has_value(self, unit: Unit, pattern: str, names: tuple[str, ...], taken: tuple[str, ...]) -> bool | None:
        """As `OpenArguments` has it."""
        return self._before.has_value(unit, pattern, names, taken) or None

    def operands(self, unit: Unit, taken: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
        """As `OpenArguments` has it."""
        return self._others.operands(unit, taken)


class OpenAll:
    """Arguments of which nothing is known."""

    def has_option(self, unit: Unit, names: Sequence[str], taken: tuple[str, ...]) -> bool | None:
        """As `OpenArguments` has it."""

    def has_operand(self, unit: Unit, pattern: str, taken: tuple[str, ...]) -> bool | None:
        """As `OpenArguments` has it."""

    def has_value(self, unit: Unit, pattern: str, names: tuple[str, ...], taken: tuple[str, ...]) -> bool | None:
        """As `OpenArguments` has it."""

    def operands(self, unit: Unit, taken: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
        """As `OpenArguments` has it."""
        del unit, taken
        return (), False


def before_files(name: str, words: Sequence[str]) -> int:
    """How many of a command's operands stand before the files."""
    given = any(word.startswith("--reference") for word in words)
    return 0 if given else BEFORE_FILES.get(name, 0)


def may_be_option(word: str) -> bool:
    """Whether an unknown part begins the word, or follows its dashes."""
    return is_open(word) and word.lstrip("-")[0] in (
        ONE,
        SOME,
        OPTIONS,
    )


def may_be_options(word: str) -> bool:
    """Whether the word is nothing but an unknown part that may be several words."""
    return word in (SOME, OPTIONS)
