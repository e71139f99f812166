"""Bug report of every program of ours: the traceback goes to a file, one line on stderr says where.

What the machine has run out of is no bug of ours: that is a line, too.
"""

from __future__ import annotations

import errno
import os
import sys

from safeshell import __version__

TYPE_CHECKING = False  # importing `typing` takes as long as the trash does
if TYPE_CHECKING:
    from typing import TextIO

BUG = 70
"""EX_SOFTWARE of sysexits.h: the exit status after a bug."""


FAILED = 125
"""The exit status where the machine could not do what it had to."""

_OF_THE_MACHINE = frozenset(
    {
        *(errno.EAGAIN, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC),
        *(errno.EROFS, errno.ESTALE),
    }
)
"""Out of room, descriptors, memory, processes; a disk that fails."""


def end_by(error: Exception) -> int:
    """Says in a line what ended a program, where nothing else caught it.

    Returns:
        The exit status: `FAILED` where the machine has run out of something, else `BUG`.
    """
    failure = failure_of_machine(error)
    if not failure:
        report_bug(error)
        return BUG
    try:
        sys.stdout.flush()
    except OSError:
        let_go(sys.stdout)
        failure = f"can't write the output: {failure}"
    _say(failure)
    return FAILED


def failure_of_machine(error: Exception) -> str:
    """What the machine has run out of, where an error says so, or ""."""
    if isinstance(error, MemoryError):
        return os.strerror(errno.ENOMEM)
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        where = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
        return f"{os.strerror(error.errno)}{where}"
    return ""


def report_bug(bug: Exception) -> None:
    """Keeps the traceback of an exception."""
    import tempfile  # noqa: PLC0415 # together they take as long as a command does
    import traceback  # noqa: PLC0415 # as above

    try:
        with tempfile.NamedTemporaryFile("w", prefix="safeshell-bug-", suffix=".log", delete=False) as stream:
            stream.write(f"safeshell {__version__}, Python {sys.version}, {sys.argv!r}\n")
            traceback.print_exception(bug, file=stream)
    except OSError as error:
        what = traceback.format_exception_only(bug)[-1].strip()
        _say(f"this is a bug, and its traceback can't be kept ({error.strerror}): {what}")
    else:
        _say(f"this is a bug; the traceback is in {stream.name}")


def _say(text: str) -> None:
    # Not `printable`, whose tables of widths are a library: the trash does without.
    shown = text if text.isprintable() and text.isascii() else text.encode("unicode_escape").decode("ascii")
    try:
        print(f"safeshell: {shown}", file=sys.stderr)  # noqa: T201 # click is slow
    except OSError:  # stderr is on the disk that is full: the exit status has to do
        let_go(sys.stderr)


def let_go(stream: TextIO) -> None:
    """Drops what could not be written: Python would try again on its way out, complain, and end with another status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
