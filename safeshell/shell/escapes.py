"""Backslash sequences of echo and printf: which of them a flavour knows, and what they stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from safeshell.shell.untold import STEPS, UntoldError

_MEANINGS = {
    ord("a"): b"\a",
    ord("b"): b"\b",
    ord("e"): b"\x1b",
    ord("E"): b"\x1b",
    ord("f"): b"\f",
    ord("n"): b"\n",
    ord("r"): b"\r",
    ord("t"): b"\t",
    ord("v"): b"\v",
    **{char: bytes([char]) for char in b"\\\"'?"},
}
_HEXADECIMAL = re.compile(rb"x([0-9a-fA-F]{1,2})")
_UNICODE = re.compile(rb"u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})")


@dataclass(frozen=True, slots=True)
class Escapes:
    r"""The sequences of one flavour. A backslash before anything else stands for itself.

    Attributes:
        letters: the characters that stand for one byte, as `n` does.
        octal: a pattern of octal digits, a zero before them that doesn't count included.
        hexadecimal: whether it knows `\xHH`.
        unicode: whether it knows `\uHHHH` and `\UHHHHHHHH`.
        ends: whether `\c` ends the output.
        doubtful: characters after which versions, locales or shells differ, or that make an error.
    """

    letters: bytes
    octal: str
    hexadecimal: bool = False
    unicode: bool = False
    ends: bool = False
    doubtful: bytes = b""
    _octal: re.Pattern[bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_octal", re.compile(self.octal.encode()))

    def read(self, data: bytes, at: int) -> tuple[bytes, int] | None:
        r"""The sequence of which the backslash is at an offset.

        Returns:
            What it stands for, and where it ends; None where it ends the output.

        Raises:
            UntoldError: only the run can tell.
        """
        at += 1
        if at == len(data):
            return b"\\", at
        char = data[at]
        if char in self.letters:
            return _MEANINGS[char], at + 1
        found = self._octal.match(data, at)
        if found is not None:
            digits = found[found.lastindex or 0]
            return bytes([int(digits or b"0", 8) & 0xFF]), found.end()
        if self.hexadecimal and (found := _HEXADECIMAL.match(data, at)):
            return bytes([int(found[1], 16)]), found.end()
        if self.unicode and (found := _UNICODE.match(data, at)):
            code = int(found[1] or found[2], 16)
            if not 0 < code < 0x80:
                raise UntoldError  # the locale says which bytes it has
            return bytes([code]), found.end()
        if self.ends and char == ord("c"):
            return None
        if char in self.doubtful:
            raise UntoldError
        return b"\\", at

    def replaced(self, data: bytes) -> tuple[bytes, bool]:
        """A text with its sequences replaced, and whether one of them ended the output.

        Raises:
            UntoldError: only the run can tell.
        """
        if data.count(b"\\") > STEPS:
            raise UntoldError
        made = []
        at = 0
        while (backslash := data.find(b"\\", at)) >= 0:
            made.append(data[at:backslash])
            found = self.read(data, backslash)
            if found is None:
                return b"".join(made), True
            text, at = found
            made.append(text)
        return b"".join([*made, data[at:]]), False
