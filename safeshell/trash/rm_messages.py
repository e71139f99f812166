"""Messages of rm and its questions, and when each reaches the descriptors."""

from __future__ import annotations

import contextlib
import errno
import os

from safeshell.trash.locale import Tongue
from safeshell.trash.quoting import mark, quote, quote_where_needed


class Talk:
    """Standard output, error and input, used as rm uses them.

    Attributes:
        lines: what --verbose has to say of the operand at hand; b"" for a line that turned out not to be true.
    """

    def __init__(self) -> None:
        self._tongue: Tongue | None = None
        self._out = bytearray()
        self._immediate = os.isatty(1)
        self.lines: list[bytes] = []
        self._told = 0
        self._lost = False
        self._unheard = False
        self._unread: int | None = None

    @property
    def tongue(self) -> Tongue:
        """The locale; found out when it is first needed."""
        if self._tongue is None:
            self._tongue = Tongue()
        return self._tongue

    def quote(self, name: bytes) -> bytes:
        """A name as rm quotes it."""
        self._prepare(name)
        return quote(name)

    def quote_where_needed(self, name: bytes) -> bytes:
        """A name as rm offers it for another try."""
        self._prepare(name)
        return quote_where_needed(name)

    def mark(self, text: bytes) -> bytes:
        """An option's value as rm quotes it."""
        return mark(text, curly=self.tongue.utf8)

    def _prepare(self, name: bytes) -> None:
        if not name.isascii():
            _ = self.tongue  # what can be printed depends on it

    def complain(self, text: bytes) -> None:
        """Says what is wrong, after rm's name; what was said on standard output comes first, as with error(3)."""
        self._tell()
        with contextlib.suppress(OSError):
            self._flush()
        self.advise(b"rm: " + text + b"\n")

    def advise(self, text: bytes) -> None:
        """Says whole lines on standard error."""
        try:
            _write(2, text)
        except OSError:
            self._unheard = True

    def ask(self, question: bytes) -> bool:
        """Asks, and reads one line of standard input and not a byte more: it may be meant for another program."""
        if self._immediate:
            self._tell()
            with contextlib.suppress(OSError):
                self._flush()
        self.advise(b"rm: " + question + b"? ")
        answer = bytearray()
        try:
            while (byte := os.read(0, 1)) not in (b"", b"\n"):
                answer += byte
        except OSError as error:
            self._unread = error.errno if error.errno == errno.EBADF else 0
        return bool(answer) and self.tongue.means_yes(bytes(answer))

    def _tell(self) -> None:
        for line in self.lines[self._told :]:
            self._out += line
        self._told = len(self.lines)

    def tell(self, text: bytes) -> None:
        """Says whole lines on standard output."""
        self._out += text

    def end_operand(self) -> None:
        """What is left to say of an operand is true now."""
        self._tell()
        self.lines.clear()
        self._told = 0
        if self._immediate or len(self._out) > 65536:
            with contextlib.suppress(OSError):
                self._flush()

    def _flush(self) -> None:
        out, self._out = bytes(self._out), bytearray()
        try:
            _write(1, out)
        except OSError:
            self._lost = True
            raise

    def close(self) -> bool:
        """Writes what is left, and says what of the three streams failed, as closing them does; whether none did."""
        if self._unread is not None:
            self.complain(b"error closing file" + _because(self._unread))
        number = errno.EBADF if self._lost and not _is_open(1) else 0
        try:
            self._flush()
        except OSError as error:
            number = error.errno or 0
        if self._lost:
            self.complain(b"write error" + _because(number))
        return not (self._lost or self._unheard or self._unread is not None)


def _because(number: int) -> bytes:
    """What is known of a failure that came before the closing: nothing, unless there was nothing to close."""
    return b": " + os.strerror(number).encode() if number else b""


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
