"""Values of printf: numbers as arguments are read, and as C's printf writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from safeshell.shell.untold import MOST, UntoldError

BITS = 64
_FLOAT = re.compile(rb"[+-]?(0|[1-9][0-9]{0,14})")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a conversion is laid out.

    Attributes:
        flags: of `-+ #0`.
        width: at least so many bytes; 0 where none is asked for.
        precision: None where none is asked for.
    """

    flags: bytes
    width: int = 0
    precision: int | None = None


def padded(text: bytes, layout: Layout) -> bytes:
    """A text filled up with blanks.

    Raises:
        UntoldError: it would be too long.
    """
    if layout.width > MOST:
        raise UntoldError
    return text.ljust(layout.width) if b"-" in layout.flags else text.rjust(layout.width)


def cut(text: bytes, layout: Layout) -> bytes:
    """A string as `%s` writes it.

    Raises:
        UntoldError: some count its characters, others its bytes.
    """
    if not text.isascii() and (layout.width or layout.precision is not None):
        raise UntoldError
    return padded(text if layout.precision is None else text[: layout.precision], layout)


def read_integer(text: bytes, pattern: re.Pattern[bytes]) -> int:
    """An integer argument: base 8 after `0`, 16 after `0x`; after a quote the character's code.

    Args:
        text: the argument; the empty one counts as an error, for some say one.
        pattern: what the flavour reads to the end.

    Raises:
        UntoldError: the flavour says an error, or reads it in a way of its own.
    """
    if text[:1] in (b"'", b'"') and len(text) == 2 and text.isascii():
        return text[1]
    if pattern.fullmatch(text) is None:
        raise UntoldError
    digits = text.strip().lstrip(b"+-").lower()
    base = 16 if digits.startswith(b"0x") else 8 if digits.startswith(b"0") else 10
    if len(digits) > BITS:
        raise UntoldError
    return -int(digits, base) if text.strip().startswith(b"-") else int(digits, base)


def write_integer(value: int, conversion: str, layout: Layout) -> bytes:
    """An integer as `%d`, `%i`, `%o`, `%u`, `%x` or `%X` of 64 bits write it.

    Raises:
        UntoldError: it doesn't fit, or would be too long.
    """
    signed = conversion in "di"
    if not -(1 << (BITS - 1)) <= value < (1 << (BITS - 1 if signed else BITS)):
        raise UntoldError
    number = abs(value) if signed else value % (1 << BITS)
    digits = f"{number:{'d' if conversion in 'diu' else conversion}}"
    if layout.precision is not None:
        if layout.precision > MOST:
            raise UntoldError
        digits = "" if not layout.precision and not number else digits.zfill(layout.precision)
    sign = ""
    if signed:
        sign = "-" if value < 0 else "+" if b"+" in layout.flags else " " if b" " in layout.flags else ""
    elif b"#" in layout.flags and conversion in "xX" and number:
        sign = f"0{conversion}"
    elif b"#" in layout.flags and conversion == "o" and not digits.startswith("0"):
        digits = f"0{digits}"
    if b"0" in layout.flags and b"-" not in layout.flags and layout.precision is None:
        if layout.width > MOST:
            raise UntoldError
        digits = digits.zfill(layout.width - len(sign))
    return padded((sign + digits).encode(), layout)


def write_float(text: bytes, conversion: str, layout: Layout) -> bytes:
    """A whole number as `%e`, `%f`, `%g` write it, where no decimal point comes of it: that one is the locale's.

    Raises:
        UntoldError: only the run can tell.
    """
    if _FLOAT.fullmatch(text) is None or text == b"-0" or max(layout.width, layout.precision or 0) > MOST:
        raise UntoldError
    precision = "" if layout.precision is None else f".{layout.precision}"
    made = f"%{layout.flags.decode()}{layout.width or ''}{precision}{conversion}" % float(text)
    if "." in made:
        raise UntoldError
    return made.encode()
