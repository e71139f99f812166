"""File of the log as a writer holds it: opened, locked, and its last record found."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time

from safeshell.audit.chain import Head, head_of
from safeshell.audit.files import last_lines

LOCK_S = 0.02
"""Seconds that another writer is waited for: it takes microseconds, or it is stopped."""

_MODE = 0o600


def open_log(path: str) -> int:
    """A descriptor to read and append by; the file is made where there is none.

    Raises:
        OSError: it can't be opened, or is no regular file.
    """
    # O_NONBLOCK: a named pipe in its place would hold the daemon until somebody reads it.
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
    descriptor = os.open(path, flags, _MODE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return descriptor


def lock(descriptor: int) -> None:
    """Waits for the lock, which another writer holds for microseconds.

    Raises:
        BlockingIOError: it is held for longer than that.
    """
    deadline = 0.0
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now = time.monotonic()
            deadline = deadline or now + LOCK_S
            if now > deadline:
                raise
            os.sched_yield()
        else:
            return


def last_record(descriptor: int, size: int) -> tuple[bytes, Head | None]:
    """Text behind a file's last newline, and the last record before it."""
    end = None
    for line in last_lines(descriptor, size):
        end = line if end is None else end
        found = head_of(line)
        if found is not None:  # what lacks but its newline is a record too
            return end, found
    return end or b"", None
