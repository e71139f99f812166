r"""RE2's syntax as a tree, as far as texts can be made from it.

Python's own parser of patterns reads another language: no `\pL`, `\x{2d}`, `\Q…\E`, `[[:alpha:]]` or flags in the
middle. Texts that are made from what is read here are checked with RE2 itself; what a pattern requires
(`safeshell_compiler.stages.literals`) is held against RE2 by a property test.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from safeshell.policy.regex.character_sets import (
    ANY,
    DIGIT,
    NEWLINE,
    POSIX,
    SPACE,
    WORD,
    CharSet,
    category,
    chars,
    fold,
    negate,
    union,
)


class Look(enum.Enum):
    """What must hold between two characters."""

    TEXT_START = enum.auto()
    TEXT_END = enum.auto()
    LINE_START = enum.auto()
    LINE_END = enum.auto()
    BOUNDARY = enum.auto()
    NO_BOUNDARY = enum.auto()


@dataclass(frozen=True, slots=True)
class Seq:
    """One after the other."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Alt:
    """One of these."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """At least so many times, at most so many (None: without end)."""

    part: Tree
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set."""

    members: CharSet


Tree = Seq | Alt | Repeat | Chars | Look


class UnsupportedError(Exception):
    r"""The pattern has something that no text is made from here: a script, `\C`, a repetition that is too large."""


def parse(pattern: str) -> Tree:
    """The tree of a pattern that RE2 accepts, with `.` matching a newline.

    Raises:
        UnsupportedError: see there.
    """
    return _Parser(pattern).whole()


_LETTER_CLASSES = {"d": DIGIT, "s": SPACE, "w": WORD}
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_LOOKS = {"A": Look.TEXT_START, "z": Look.TEXT_END, "b": Look.BOUNDARY, "B": Look.NO_BOUNDARY}
_REPEAT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_GROUP = re.compile(r"\(\?(?:P?<\w+>|([imsU]*(?:-[imsU]+)?)([:)]))")
_NUMBER = re.compile(r"x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|([0-7]{1,3})")
_PROPERTY = re.compile(r"[pP](?:\{(\^?)(\w+)\}|(\w))")
_POSIX = re.compile(r"\[:(\^?)(\w+):\]")


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._flags = frozenset("s")

    def whole(self) -> Tree:
        tree = self._alternatives()
        if self._at < len(self._text):
            raise UnsupportedError(f"this does not parse from {self._at} on")
        return tree

    def _peek(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _take(self) -> str:
        if self._at >= len(self._text):
            raise UnsupportedError("the pattern ends early")
        self._at += 1
        return self._text[self._at - 1]

    def _read(self, form: re.Pattern[str]) -> re.Match[str] | None:
        found = form.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def _alternatives(self) -> Tree:
        outer = self._flags
        parts = [self._sequence()]
        while self._peek("|"):
            self._at += 1
            parts.append(self._sequence())
        self._flags = outer
        return parts[0] if len(parts) == 1 else Alt(tuple(parts))

    def _sequence(self) -> Tree:
        parts: list[Tree] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            pieces = self._pieces()
            parts += pieces[:-1]
            parts += [self._repeated(part) for part in pieces[-1:]]
        return Seq(tuple(parts))

    def _pieces(self) -> list[Tree]:
        r"""The next piece; several for `\Q…\E`, whose last character takes the repetition."""
        if self._peek("\\Q"):
            end = self._text.find("\\E", self._at)
            end = len(self._text) if end < 0 else end
            quoted = self._text[self._at + 2 : end]
            self._at = min(end + 2, len(self._text))
            return [self._chars(chars(char)) for char in quoted]
        char = self._take()
        if char == "(":
            return [self._group()]
        if char == "[":
            return [Chars(self._class())]
        if char == ".":
            return [Chars(ANY if "s" in self._flags else negate(NEWLINE))]
        if char == "^":
            return [Look.LINE_START if "m" in self._flags else Look.TEXT_START]
        if char == "$":
            return [Look.LINE_END if "m" in self._flags else Look.TEXT_END]
        if char == "\\":
            if self._text[self._at : self._at + 1] in _LOOKS:
                return [_LOOKS[self._take()]]
            return [self._chars(self._escape())]
        return [self._chars(chars(char))]

    def _chars(self, members: CharSet) -> Chars:
        return Chars(fold(members) if "i" in self._flags else members)

    def _repeated(self, part: Tree) -> Tree:
        while self._at < len(self._text) and self._text[self._at] in "{*+?":
            found = self._read(_REPEAT)
            if found:
                least = int(found[1])
                most = least if found[2] is None else int(found[3]) if found[3] else None
            elif self._text[self._at] in "*+?":
                sign = self._take()
                least, most = int(sign == "+"), 1 if sign == "?" else None
            else:
                break
            if self._peek("?"):  # lazy: it finds the same texts
                self._at += 1
            part = Repeat(part, least, most)
        return part

    def _group(self) -> Tree:
        self._at -= 1
        outer = self._flags
        found = self._read(_GROUP)
        if not found:
            if self._peek("(?"):
                raise UnsupportedError("an unknown group")
            self._at += 1
        elif found[1]:
            on, _, off = found[1].partition("-")
            self._flags = (self._flags | set(on)) - set(off)
        if found and found[2] == ")":
            return Seq(())  # the flags hold until the group around this one ends
        tree = self._alternatives()
        self._flags = outer
        if self._take() != ")":
            raise UnsupportedError("a group is not closed")
        return tree

    def _escape(self) -> CharSet:
        """The set that an escape stands for, its backslash read."""
        number = self._read(_NUMBER)
        if number:
            return chars(chr(int(number[3], 8) if number[3] else int(number[1] or number[2], 16)))
        found = self._read(_PROPERTY)
        if found:
            members = ANY if "Any" in (found[2], found[3]) else category(found[2] or found[3])
            if members is None:
                raise UnsupportedError(f"no texts are made from {found[0]}")
            return negate(members) if (found[0][0] == "P") != bool(found[1]) else members
        char = self._take()
        if char.lower() in _LETTER_CLASSES:
            members = _LETTER_CLASSES[char.lower()]
            return negate(members) if char.isupper() else members
        if char == "C":
            raise UnsupportedError("single bytes")
        return chars(_CONTROLS.get(char, char))

    def _class(self) -> CharSet:
        """A bracketed class, its `[` read."""
        negated = self._peek("^")
        self._at += negated
        sets: list[CharSet] = []
        first = True
        while first or not self._peek("]"):
            first = False
            named = self._read(_POSIX)
            if named:
                members = POSIX[named[2]]
                sets.append(negate(members) if named[1] else members)
                continue
            low = self._member()
            # After a class such as \d, a hyphen stands for itself.
            single = low[0][0] == low[-1][1]
            if single and self._peek("-") and not self._peek("-]"):
                self._at += 1
                low = ((low[0][0], self._member()[-1][1]),)
            sets.append(low)
        self._at += 1
        whole = union(sets)
        whole = fold(whole) if "i" in self._flags else whole
        return negate(whole) if negated else whole

    def _member(self) -> CharSet:
        char = self._take()
        return self._escape() if char == "\\" else chars(char)
