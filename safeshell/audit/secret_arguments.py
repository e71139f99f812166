"""Finder of secrets among the arguments of programs that are known to take some (`command/programs/secrets.py`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from safeshell.audit.randomness import looks_random
from safeshell.command.programs.secrets import SecretArguments, secret_arguments

_TOKEN = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\|;&()<>`])+|["'][^|;&]*|[|;&()<>`\n]""", re.DOTALL)
"""A word of a shell line, or what ends a command. A quote that isn't closed goes on to the next such sign."""

ARGUMENT = "argument"
"""Name of what is found."""

_ENDS = frozenset("|;&()<>`\n")

_DEPTH_MAX = 3
"""Lines within lines that are looked into."""


class Word(NamedTuple):
    """A word, and where it begins in the text that its record's words make up."""

    text: str
    start: int


Place = tuple[int, int]
"""Where a secret begins and ends in that text."""


def find_in_words(words: Sequence[Word]) -> Iterator[Place]:
    """The secrets in a command's words, and in those of them that are shell lines.

    Args:
        words: the command's.
    """
    yield from _in_commands(words)
    for word in words:
        yield from find_in_line(word)


def find_in_line(line: Word, depth: int = _DEPTH_MAX) -> Iterator[Place]:
    """The secrets in a shell line; none where the word is none."""
    if not depth or not any(blank in line.text for blank in " \t\n"):
        return
    command: list[Word] = []
    for found in _TOKEN.finditer(line.text):
        token = str(found[0])
        if token in _ENDS:
            yield from _in_commands(command)
            command = []
            continue
        start = line.start + found.start()
        if token[0] in "\"'":
            token = token[1:-1] if len(token) > 1 and token[-1] == token[0] else token[1:]
            start += 1
        command.append(Word(token, start))
        yield from find_in_line(command[-1], depth - 1)
    yield from _in_commands(command)


def _in_commands(words: Sequence[Word]) -> Iterator[Place]:
    known = secret_arguments()
    for index, (text, _) in enumerate(words):
        rows = known.get(text.rpartition("/")[2])
        # Behind an option it is that one's value (`find -name mysql`), not a program.
        if rows and not (index and words[index - 1].text[:1] == "-" and words[index - 1].text != "--"):
            for row in rows:
                yield from _Reader(row, words[index + 1 :]).places()


class _Reader:
    """Reads a program's words by one row."""

    def __init__(self, row: SecretArguments, words: Sequence[Word]) -> None:
        self._row = row
        self._words = words
        self._at = 0

    def places(self) -> Iterator[Place]:
        path = list(self._row.path)
        operands: list[Word] = []
        while self._at < len(self._words):
            word = self._words[self._at]
            self._at += 1
            if path:
                if word.text in path[0]:
                    del path[0]
                continue
            places = self._option(word)
            if places is not None:
                yield from places
            elif word.text[:1] != "-":
                operands.append(word)
        for number, mark in self._row.operands.items():
            if len(operands) >= (number or 1):
                yield from _part(operands[number - 1], mark)

    def _option(self, word: Word) -> Iterable[Place] | None:
        """The secret of an option, or of a word that has one behind it; None: it is none that the row names."""
        options, text = self._row.options, word.text
        mark = options.get(text)
        if mark is not None:
            return self._next(mark) if mark != "!" else ()
        if text[:1] == "/":
            name, colon, _ = text.partition(":")
            return _rest(word, len(name) + 1, "") if colon and name in options else None
        if text[:1] != "-":
            return None
        name, equals, _ = text.partition("=")
        if equals and len(name) > 2 and name in options:
            return _rest(word, len(name) + 1, options[name])
        if text[1:2] == "-":
            return None
        return self._letters(word)

    def _letters(self, word: Word) -> Iterable[Place] | None:
        options, text = self._row.options, word.text
        for name, mark in options.items():  # of several letters, attached: 7z's -hpSECRET
            if len(name) > 2 and mark == "!" and text.startswith(name):
                return _rest(word, len(name), "")
        at = 1
        while text[at : at + 1] in self._row.flags and at < len(text):
            at += 1
        found = options.get("-" + text[at : at + 1])
        if found is None:
            return None
        at += 1 + (text[at + 1 : at + 2] == "=")
        if at < len(text):
            return _rest(word, at, found.rstrip("!"))
        return self._next(found) if found != "!" else ()

    def _next(self, mark: str) -> Iterable[Place]:
        if self._at >= len(self._words) or self._words[self._at].text[:2] == "--":
            return ()
        self._at += 1
        return _part(self._words[self._at - 1], mark)


def _rest(word: Word, at: int, mark: str) -> Iterable[Place]:
    return _part(Word(word.text[at:], word.start + at), mark)


def _part(word: Word, mark: str) -> Iterable[Place]:
    """What of a value is the secret."""
    text, start = word
    end = start + len(text)
    if not mark:
        return [(start, end)] if text else ()
    before, separator, behind = text.partition(mark)
    if mark == "=":
        return [(end - len(behind), end)] if behind else ()
    if looks_random(before) or (separator and before and not behind):
        return [(start, end)]
    return [(end - len(behind), end)] if behind else ()
