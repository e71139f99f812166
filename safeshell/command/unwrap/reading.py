"""Reading of a wrapper's arguments, from left to right up to the command that it runs.

What a word is its reader says: bytes of argv, or a word of a shell line of which only the start may be known.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from safeshell.command import variables
from safeshell.command.getopt import REQUIRED, read_options
from safeshell.command.programs.record import Wrapper

W = TypeVar("W")


class WrapperReading(Generic[W]):
    """A wrapper's arguments, being read.

    Attributes:
        words: the arguments; what an option's value is split into has taken their place.
        at: where the command begins, once they are read.
        options: those before it, each with its value.
        assigned: the `NAME=VALUE` words before it.
        operands: the other words before it.
        unclear: a word that may have been anything: an option, nothing, the command itself; None where there is none.
    """

    def __init__(self, words: list[W], row: Wrapper) -> None:
        self.words = words
        self.at = 1
        self.options: list[tuple[str, W | None]] = []
        self.assigned: list[W] = []
        self.operands: list[W] = []
        self.unclear: W | None = None
        self._row = row
        self._ended = False  # by `--`

    # What a word is

    def head(self, word: W) -> tuple[str, bool]:
        """The text that a word certainly begins with, a character for each position in it; and whether that is all."""
        raise NotImplementedError

    def is_anything(self, word: W) -> bool:
        """Whether a word that is not known as a whole may become any words, or none."""
        raise NotImplementedError

    def tail(self, word: W, position: int) -> W:
        """The word from a position in its head on."""
        raise NotImplementedError

    def split(self, value: W) -> list[W] | None:
        """The arguments that a value is split into; None where the program rejects it."""
        raise NotImplementedError

    # Reading

    def read(self) -> bool:
        """Reads up to the command; returns whether the program runs one, or would if it were given."""
        row = self._row
        if not self._read_options():
            return False
        if row.assignments:
            if row.clears and self.at < len(self.words) and self.head(self.words[self.at]) == ("-", True):
                self.options.append((row.clears[0], None))
                self.at += 1
            if not self._read_assignments():
                return False
        if row.operands and not (row.numeric and self._is_no_number()):
            self.operands += self.words[self.at : self.at + row.operands]
            self.at += row.operands
        return True

    def texts(self) -> list[W]:
        """The shell texts that run in place of a command."""
        row = self._row
        found = self.values(row.texts) if row.texts else []
        if row.texts and not found and self.at < len(self.words) and self.head(self.words[self.at])[0] in row.texts:
            found = self.words[self.at + 1 : self.at + 2]  # flock FILE -c TEXT
        return found

    def has(self, *names: str) -> bool:
        """Whether one of these options is there."""
        return any(name in names for name, _ in self.options)

    def values(self, names: tuple[str, ...]) -> list[W]:
        """The values of these options, in order."""
        return [value for name, value in self.options if value is not None and name in names]

    def _is_no_number(self) -> bool:
        """Whether the word here is certainly none."""
        head, whole = self.head(self.words[self.at]) if self.at < len(self.words) else ("", False)
        return whole and not _is_number(head)

    def _read_options(self) -> bool:
        """Takes options up to the first operand; returns whether a command may follow."""
        while self.at < len(self.words):
            word = self.words[self.at]
            head, whole = self.head(word)
            if not whole and self.is_anything(word):
                self.unclear = word
            elif len(head) > 1 and head[0] == "-":
                if head == "--" and whole:
                    self.at += 1
                    self._ended = True
                    break
                if not (self._row.numbers and _is_number(head[1:])):
                    if not self._take(word, head, whole=whole):
                        return False
                    continue
            elif self._row.permutes:
                self.operands.append(word)
            else:
                break
            self.at += 1
        return True

    def _take(self, word: W, head: str, *, whole: bool) -> bool:
        """Takes the options of one word; returns whether the program goes on."""
        row = self._row
        names, position, takes = read_options(head, row.grammar, whole)
        self.at += 1
        value = None
        if position is not None:
            value = self.tail(word, position)
        elif takes == REQUIRED:
            value = self.words[self.at] if self.at < len(self.words) else None
            self.at += 1
        for name in names:
            if name in row.idle:
                return False
            self.options.append((name, None))
        if value is not None:
            name = names[-1]
            self.options[-1] = (name, value)
            if name in row.pairs:
                self.at += 1
            if name in row.splits:
                pieces = self.split(value)
                if pieces is None:
                    return False
                self.words[1 : self.at] = pieces
                self.at = 1
        return True

    def _read_assignments(self) -> bool:
        """Takes `NAME=VALUE` words; returns whether a command may follow."""
        more_options = self._row.options_after_assignments
        while self.at < len(self.words) and not (more_options and self._ended):
            word = self.words[self.at]
            head = self.head(word)[0]
            if "=" not in head or (more_options and head[0] == "/"):
                break
            if head[0] != "=":
                self.assigned.append(word)
            self.at += 1
            if more_options and not self._read_options():
                return False
        return True


class ArgumentReading(WrapperReading[bytes]):
    """That of a command that starts.

    Args:
        words: argv.
        row: the wrapper's.
        environment: the block that `env -S` looks variables up in.
    """

    def __init__(self, words: list[bytes], row: Wrapper, environment: bytes) -> None:
        super().__init__(words, row)
        self._environment = environment

    def head(self, word: bytes) -> tuple[str, bool]:
        """All of it, a character for each byte."""
        return word.decode("latin-1"), True

    def tail(self, word: bytes, position: int) -> bytes:
        """The rest of the bytes."""
        return word[position:]

    def split(self, value: bytes) -> list[bytes] | None:
        """As env(1) splits it."""
        from safeshell.command.unwrap.splitting import split_env  # noqa: PLC0415 # its patterns are dear, its callers few

        return split_env(value, lambda name: variables.get(self._environment, name))


def _is_number(text: str) -> bool:
    digits = text.lstrip(" \t")
    return digits[digits[:1] in ("-", "+") :][:1] in tuple("0123456789")
