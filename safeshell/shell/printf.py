"""What printf writes, in each of its flavours."""

from __future__ import annotations

import re
from collections.abc import Sequence

from safeshell.shell.flavours import Flavour
from safeshell.shell.printf_format import FLAVOURS, Conversion, Printf, read_format
from safeshell.shell.printf_values import Layout, cut, padded, read_integer, write_float, write_integer
from safeshell.shell.untold import MOST, STEPS, UntoldError, Written

_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_SAFE = re.compile(rb"[A-Za-z0-9_./:@%-]+")
"""What `%q` leaves as it is in all flavours."""

_INT_MAX = (1 << 31) - 1
"""Widths and precisions are C's int."""


def printf(words: Sequence[bytes], flavour: Flavour) -> bytes:
    r"""What printf writes of its arguments; nothing where it assigns.

    Args:
        words: what follows its name; a `Written` is copied by `%s`, and nothing else is known of it.
        flavour: whose it is.

    Raises:
        UntoldError: only the run can tell, or it would say an error: with `|&` that is in the output as well.
    """
    kind = FLAVOURS[flavour]
    at = 0
    assigned = False
    while kind.assigns and words[at : at + 1] == [b"-v"]:
        if not _NAME.fullmatch(b"".join(words[at + 1 : at + 2])):
            raise UntoldError
        assigned = True
        at += 2
    if words[at : at + 1] == [b"--"]:
        at += 1
    elif words[at : at + 1] and words[at].startswith(b"-"):
        raise UntoldError
    if at == len(words) or isinstance(words[at], Written):
        raise UntoldError
    run = _Run(kind, words[at], list(words[at + 1 :]))
    run.all()
    return b"" if assigned else b"".join(run.made)


class _Run:
    """One run of printf.

    Attributes:
        made: its output, in pieces.
    """

    def __init__(self, kind: Printf, form: bytes, arguments: Sequence[bytes]) -> None:
        self.made: list[bytes] = []
        self._kind = kind
        self._format = read_format(form, kind)
        self._arguments = arguments
        self._used = 0
        self._size = 0
        self._ended = False

    def all(self) -> None:
        """Goes through the format until it is out of arguments."""
        while True:
            before = self._used
            self._once()
            left = self._used < len(self._arguments)
            if left and self._used == before and self._kind.strict and not self._ended:
                raise UntoldError
            if self._ended or not left or self._used == before:
                return

    def _once(self) -> None:
        for piece in self._format:
            text = piece if isinstance(piece, bytes) else self._converted(piece)
            self._size += len(text)
            if self._size > MOST or len(self.made) >= STEPS:
                raise UntoldError
            self.made.append(text)
            if self._ended:
                return

    def _next(self) -> bytes | None:
        if self._used == len(self._arguments):
            return None
        self._used += 1
        return self._arguments[self._used - 1]

    def _known(self) -> bytes | None:
        argument = self._next()
        if isinstance(argument, Written):
            raise UntoldError
        return argument

    def _integer(self) -> int:
        argument = self._known()
        if argument is None and not self._kind.zero:
            raise UntoldError
        return 0 if argument is None else read_integer(argument, self._kind.integer)

    def _asterisk(self) -> int:
        argument = self._known()
        if argument is None and self._kind.strict:
            raise UntoldError
        if argument is not None and not self._kind.asterisk.fullmatch(argument):
            raise UntoldError  # fewer spellings than of a number to be written
        value = 0 if argument is None else read_integer(argument, self._kind.asterisk)
        if not -_INT_MAX <= value <= _INT_MAX:
            raise UntoldError
        return value

    def _converted(self, conversion: Conversion) -> bytes:
        letter = conversion.letter
        if letter == "s" and conversion.plain:
            return self._next() or b""
        width = self._asterisk() if conversion.width is None else conversion.width
        precision = self._asterisk() if conversion.precision is None else conversion.precision
        flags = conversion.flags + b"-" if width < 0 else conversion.flags
        layout = Layout(flags, abs(width), None if precision < 0 else precision)
        if letter in "diouxX":
            return write_integer(self._integer(), letter, layout)
        argument = self._known()
        if letter in "eEfFgG":
            return write_float(b"0" if argument is None else argument, letter, layout)
        return self._string(letter, argument or b"", layout)

    def _string(self, letter: str, text: bytes, layout: Layout) -> bytes:
        if letter == "b":
            text, self._ended = self._kind.argument.replaced(text)
        elif letter == "q" and not _SAFE.fullmatch(text):
            raise UntoldError
        elif letter == "c":
            if not text.isascii():
                raise UntoldError  # some write a character, others its first byte
            return padded(text[:1] or b"\0", layout)
        return cut(text, layout)
