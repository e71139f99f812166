"""What echo writes, in each of its flavours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from safeshell.shell.escapes import Escapes
from safeshell.shell.flavours import Flavour
from safeshell.shell.untold import UntoldError

_LETTERS = b"abefnrtv\\"
_ZERO = "0([0-7]{0,3})"
_ESCAPES = {
    Flavour.BASH: Escapes(_LETTERS + b"E", _ZERO, hexadecimal=True, unicode=True, ends=True, doubtful=b"xuU"),
    # Dash reads them, bash as sh doesn't.
    Flavour.SH: Escapes(b"", "(?!)", doubtful=b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\\"),
    Flavour.DASH: Escapes(b"abfnrtv\\", f"{_ZERO}|([1-7][0-7]{{0,2}})", ends=True, doubtful=b"eE"),
    Flavour.ZSH: Escapes(_LETTERS, "0([0-7]{3})", hexadecimal=True, unicode=True, ends=True, doubtful=b"0xuU"),
    Flavour.COREUTILS: Escapes(_LETTERS, f"{_ZERO}|([1-7][0-7]{{0,2}})", hexadecimal=True, ends=True, doubtful=b"xE"),
}
_OPTION = re.compile(rb"-[neE]+")
_INTERPRETING = (Flavour.SH, Flavour.DASH, Flavour.ZSH)
"""Those that read sequences without being told to."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What echo's options say.

    Attributes:
        escapes: the sequences that it reads, or None.
        newline: whether it ends in a newline.
    """

    escapes: Escapes | None
    newline: bool


def read_options(words: Sequence[bytes], flavour: Flavour) -> tuple[Settings, int]:
    """What its options say, and how many words they are.

    Raises:
        UntoldError: only the run can tell.
    """
    given = b""
    count = 0
    while count < len(words) and _OPTION.fullmatch(words[count]):
        given += words[count][1:]
        count += 1
    if flavour is Flavour.COREUTILS and len(words) == 1 and words[0] in (b"--help", b"--version"):
        raise UntoldError
    if flavour in (Flavour.SH, Flavour.DASH) and given not in (b"", b"n"):
        raise UntoldError  # dash has only the first -n
    interprets = flavour in _INTERPRETING
    switches = given.replace(b"n", b"")
    if switches:
        if flavour is Flavour.ZSH and b"e" in switches and b"E" in switches:
            raise UntoldError
        interprets = switches.endswith(b"e")
    if flavour is Flavour.ZSH and count < len(words) and words[count] == b"-":
        count += 1
    return Settings(_ESCAPES[flavour] if interprets else None, b"n" not in given), count


def echo(words: Sequence[bytes], flavour: Flavour) -> bytes:
    """What echo writes of its arguments.

    Raises:
        UntoldError: only the run can tell.
    """
    settings, count = read_options(words, flavour)
    text = b" ".join(words[count:])
    ended = False
    if settings.escapes is not None:
        text, ended = settings.escapes.replaced(text)
    return text + b"\n" if settings.newline and not ended else text
