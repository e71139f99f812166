"""What programs write of lines that they read: cat, tee, rev, tac, head, tail."""

from __future__ import annotations

import re
from collections.abc import Sequence

from safeshell.shell.untold import UntoldError

_COUNT = re.compile(rb"[0-9]{1,15}")
_OBSOLETE = re.compile(rb"-[0-9]{1,15}")


def cat(arguments: Sequence[bytes], data: bytes) -> bytes:
    """What cat writes.

    Raises:
        UntoldError: it reads files, or numbers lines.
    """
    if any(argument not in (b"-", b"-u", b"--") for argument in arguments):
        raise UntoldError
    return data


def tee(arguments: Sequence[bytes], data: bytes) -> bytes:
    """What tee writes.

    Raises:
        UntoldError: it writes a file, which may be its own output, or missing, so that it says an error.
    """
    if any(argument not in (b"-a", b"--append", b"-i", b"/dev/null") for argument in arguments):
        raise UntoldError
    return data


def rev(arguments: Sequence[bytes], data: bytes) -> bytes:
    """What rev writes.

    Raises:
        UntoldError: it reads files, or the locale says what a character is.
    """
    if arguments or not data.isascii() or b"\0" in data:
        raise UntoldError
    return b"\n".join([line[::-1] for line in data.split(b"\n")])


def tac(arguments: Sequence[bytes], data: bytes) -> bytes:
    """What tac writes; a last line without its newline joins the one before it.

    Raises:
        UntoldError: it reads files, or has options.
    """
    if any(argument != b"-" for argument in arguments[:1]) or arguments[1:]:
        raise UntoldError
    return b"".join(reversed(_lines(data)))


def head(arguments: Sequence[bytes], data: bytes) -> bytes:
    """What head writes.

    Raises:
        UntoldError: it reads files, or its options aren't plain counts.
    """
    unit, count, _ = _count(arguments)
    if unit == b"c":
        return data[:count]
    return b"".join(_lines(data)[:count])


def tail(arguments: Sequence[bytes], data: bytes) -> bytes:
    """What tail writes.

    Raises:
        UntoldError: as of `head`.
    """
    unit, count, begins = _count(arguments, onward=True)
    if unit == b"c":
        return data[_from(len(data), count, onward=begins) :]
    lines = _lines(data)
    return b"".join(lines[_from(len(lines), count, onward=begins) :])


def _from(length: int, count: int, *, onward: bool) -> int:
    return max(count - 1 if onward else length - count, 0)


def _lines(data: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _count(arguments: Sequence[bytes], *, onward: bool = False) -> tuple[bytes, int, bool]:
    """The unit, `n` or `c`, how many, and whether the count is where it begins (`+N`)."""
    rest = list(arguments)
    if rest[-1:] == [b"-"]:
        rest.pop()
    if not rest:
        return b"n", 10, False
    first, *others = rest
    unit, value = b"n", b""
    if _OBSOLETE.fullmatch(first) and not others:
        value = first[1:]
    elif first in (b"-n", b"-c") and len(others) == 1:
        unit, value = first[1:], others[0]
    elif first[:2] in (b"-n", b"-c") and not others:
        unit, value = first[1:2], first[2:]
    elif first.startswith((b"--lines=", b"--bytes=")) and not others:
        unit, value = {b"l": b"n", b"b": b"c"}[first[2:3]], first.partition(b"=")[2]
    begins = onward and value.startswith(b"+")
    value = value[1:] if begins else value
    if not _COUNT.fullmatch(value):
        raise UntoldError
    return unit, int(value), begins
