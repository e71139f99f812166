"""Locale that rm would have here: how it quotes, and what counts as yes.

Python has changed it by now: it turns the C locale into a UTF-8 one (PEP 538), in the environment too. What the
process was started with is still in /proc.
"""

from __future__ import annotations

import _locale  # what `locale` wraps, without its tables
import os


class Tongue:
    """The C library's locale, set as rm sets it. Messages stay English.

    Attributes:
        utf8: whether its characters are UTF-8.
        yes: the POSIX extended expression that an answer must match.
    """

    def __init__(self) -> None:
        _set_back()
        try:
            _locale.setlocale(_locale.LC_ALL, "")
        except _locale.Error:  # type: ignore[attr-defined] # typeshed leaves it out
            _locale.setlocale(_locale.LC_ALL, "C")
        self.utf8 = _locale.nl_langinfo(_locale.CODESET) == "UTF-8"
        self.yes = _locale.nl_langinfo(_locale.YESEXPR)
        _locale.setlocale(_locale.LC_MESSAGES, "C")

    def means_yes(self, answer: bytes) -> bool:
        """Whether an answer, without its newline, is affirmative."""
        if self.yes == "^[yY]":
            return answer[:1] in (b"y", b"Y")
        import re  # noqa: PLC0415 # most runs ask nothing

        return re.search(self.yes, os.fsdecode(answer)) is not None


def _set_back() -> None:
    try:
        with open("/proc/self/environ", "rb") as stream:
            entries = stream.read().split(b"\0")
    except OSError:
        return
    began = dict(entry.split(b"=", 1) for entry in reversed(entries) if entry.startswith(b"LC_CTYPE="))
    if os.environb.get(b"LC_CTYPE") == b"C.UTF-8" and not began:
        del os.environb[b"LC_CTYPE"]
    elif began:
        os.environb[b"LC_CTYPE"] = began[b"LC_CTYPE"]
