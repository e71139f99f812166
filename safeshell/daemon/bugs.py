"""Bug log: what the daemon survived, and what its home is to know of the machine, in the home's `daemon.log`."""

from __future__ import annotations

import contextlib
import os
import time

from safeshell.home.paths import Home
from safeshell.text import printable

SIZE_MAX = 1 << 20
"""Bytes of the log: what goes wrong at each event must not fill the disk."""


def log_bug(home: Home, error: Exception) -> str:
    """Keeps a traceback, of what the machine has run out of a line, while there is room; returns the file."""
    import traceback  # noqa: PLC0415 # only when something is wrong

    from safeshell.bug_report import failure_of_machine  # noqa: PLC0415 # as above

    path = os.path.join(home.root, "daemon.log")
    failure = failure_of_machine(error)
    with contextlib.suppress(OSError, MemoryError), open(path, "a", encoding="utf-8") as stream:
        if stream.tell() < SIZE_MAX:
            told = f"safeshell: the daemon went on without something: {failure}\n" if failure else ""
            stream.write(told or "".join(traceback.format_exception(error)))
    return path


def log_line(home: Home, line: str) -> None:
    """Keeps a line, with its time (UTC)."""
    path = os.path.join(home.root, "daemon.log")
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with contextlib.suppress(OSError), open(path, "a", encoding="utf-8") as stream:
        stream.write(f"{when} {printable(line)}\n")
