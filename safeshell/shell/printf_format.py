"""Formats of printf: what each flavour knows, and a format taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from safeshell.shell.escapes import Escapes
from safeshell.shell.flavours import Flavour
from safeshell.shell.untold import STEPS, UntoldError

_C_INTEGER = re.compile(rb"[ \t\n\v\f\r]*[+-]?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_PLAIN_INTEGER = re.compile(rb"[+-]?(0|[1-9][0-9]{0,17})")
_CONVERSION = re.compile(rb"%([-+ #0']*)(\*|[0-9]*)(?:\.(\*|[0-9]*))?([hjlLtz]*)(.)", re.DOTALL)
_PLAIN = re.compile(rb"[^%\\]+")
_LETTERS = b"abfnrtv\\"
_THREE = "([0-7]{1,3})"
_BYTE = "([0-3][0-7]{0,2}|[4-7][0-7]?(?![0-7]))"
"""Not more than a byte: what is more is cut off by some, and read as two digits by others."""

_AFTER_ZERO = "0([0-7]{0,3})"


@dataclass(frozen=True, slots=True)
class Printf:
    """A flavour of printf.

    Attributes:
        escapes: the sequences of the format.
        argument: those of `%b`'s arguments.
        conversions: the letters that it knows, each as C does.
        integer: the arguments that it takes for integers without a word.
        strict: whether it refuses flags that C gives no meaning to, and arguments that are left over.
        assigns: whether it knows `-v`.
        zero: whether an integer that is missing is 0 without a word.
        asterisk: the arguments that it takes for widths and precisions.
    """

    escapes: Escapes
    argument: Escapes
    conversions: str
    integer: re.Pattern[bytes]
    strict: bool = False
    assigns: bool = False
    zero: bool = True
    asterisk: re.Pattern[bytes] = re.compile(rb"-?(0|[1-9][0-9]{0,9})")


FLAVOURS = {
    Flavour.BASH: Printf(
        Escapes(_LETTERS + b"eE\"'?", _THREE, hexadecimal=True, unicode=True, doubtful=b"xuU"),
        Escapes(
            _LETTERS + b"eE",
            f"{_AFTER_ZERO}|([1-7][0-7]{{0,2}})",
            hexadecimal=True,
            unicode=True,
            ends=True,
            doubtful=b"xuU",
        ),
        "diouxXeEfFgGcsbq",
        _C_INTEGER,
        assigns=True,
        asterisk=_C_INTEGER,
    ),
    Flavour.SH: Printf(
        Escapes(_LETTERS, _BYTE, doubtful=b"ceEuUx\"'?%0123456789"),
        Escapes(_LETTERS, f"0{_BYTE}|0()(?![0-7])", ends=True, doubtful=b"eEuUx\"'?0123456789"),
        "diouxXeEfgGcsb",
        _C_INTEGER,
        strict=True,
        zero=False,
    ),
    Flavour.DASH: Printf(
        Escapes(_LETTERS, _THREE, doubtful=b"ceE"),
        Escapes(_LETTERS, f"{_AFTER_ZERO}|([1-7][0-7]{{0,2}})", ends=True, doubtful=b"eE"),
        "diouxXeEfgGcsb",
        _C_INTEGER,
        strict=True,
        zero=False,
    ),
    Flavour.ZSH: Printf(
        Escapes(_LETTERS + b"e", _THREE, hexadecimal=True, doubtful=b"cxuU\"'?%"),
        Escapes(_LETTERS + b"e", "0([0-7]{3})", hexadecimal=True, ends=True, doubtful=b"xuU\"'?0123456789"),
        "diouxXeEfgGcsb",
        _PLAIN_INTEGER,
        strict=True,
        assigns=True,
    ),
    Flavour.COREUTILS: Printf(
        Escapes(_LETTERS + b'e"', _THREE, hexadecimal=True, doubtful=b"cExuU%"),
        Escapes(_LETTERS + b'e"', f"{_AFTER_ZERO}|([1-7][0-7]{{0,2}})", hexadecimal=True, ends=True, doubtful=b"ExuU"),
        "diouxXeEfFgGcsbq",
        _C_INTEGER,
        strict=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion of a format.

    Attributes:
        letter: which one it is.
        flags: of `-+ #0`.
        width: a number; None where an argument says it.
        precision: as the width; -1 where none is asked for.
    """

    letter: str
    flags: bytes
    width: int | None
    precision: int | None

    @property
    def plain(self) -> bool:
        """Whether it asks for nothing but the argument."""
        return not self.flags and self.width == 0 and self.precision == -1


def read_format(form: bytes, kind: Printf) -> list[bytes | Conversion]:
    """A format as texts and conversions, in order.

    Raises:
        UntoldError: the flavour says an error, or only the run can tell.
    """
    found: list[bytes | Conversion] = []
    at = 0
    while at < len(form):
        if len(found) >= STEPS:
            raise UntoldError
        if form.startswith(b"%%", at):
            found.append(b"%")
            at += 2
        elif form[at] == ord("%"):
            match = _CONVERSION.match(form, at)
            if match is None:
                raise UntoldError
            found.append(_conversion(match, kind))
            at = match.end()
        elif form[at] == ord("\\"):
            sequence = kind.escapes.read(form, at)
            assert sequence is not None, "no sequence ends a format"
            text, at = sequence
            found.append(text)
        else:
            end = _PLAIN.match(form, at)
            assert end is not None
            found.append(end[0])
            at = end.end()
    return found


def _conversion(match: re.Match[bytes], kind: Printf) -> Conversion:
    flags, width, precision, length, last = match.groups()
    letter = last.decode("latin-1")
    if letter not in kind.conversions or b"'" in flags or max(len(width), len(precision or b"")) > 9:
        raise UntoldError  # the locale says how thousands are set apart
    if length and (kind.strict or letter not in "diouxX"):
        raise UntoldError  # all integers have 64 bits, but `%ls` is another conversion
    # Busybox takes the width of `%*c` for the argument; zsh reads `.010` as octal, and `.0x` as the start of `0x…`.
    if kind.strict and (
        (letter in "bq" and (flags or width or precision is not None))
        or (letter == "c" and (precision is not None or width == b"*"))
        or (precision is not None and precision[:1] == b"0" and (len(precision) > 1 or letter in "xX"))
        or (b"#" in flags and letter in "cdisu")
        or (b"0" in flags and letter in "cs")
    ):
        raise UntoldError
    return Conversion(
        letter,
        flags,
        None if width == b"*" else int(width or b"0"),
        -1 if precision is None else None if precision == b"*" else int(precision or b"0"),
    )
