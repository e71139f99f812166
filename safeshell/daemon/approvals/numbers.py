"""Numbers of requests for approval: none is given twice in a home, so that no answer reaches another command."""

from __future__ import annotations

import fcntl
import os
import time

from safeshell.home.paths import Home

_DIGITS_MAX = 18


def next_number(home: Home) -> int:
    """The next number; kept in a file, written in place, which a full disk allows.

    Where that is damaged they go on from the time in seconds, far above what was ever given.

    Raises:
        OSError: it can't be kept.
    """
    descriptor = os.open(home.approvals, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # a daemon that is being succeeded may still ask
        last = os.read(descriptor, _DIGITS_MAX + 1).strip()
        if not last:
            number = 1
        elif last.isdigit() and len(last) <= _DIGITS_MAX:
            number = int(last) + 1
        else:
            number = int(time.time())
        os.pwrite(descriptor, b"%d\n" % number, 0)
        os.ftruncate(descriptor, len(b"%d\n" % number))
    finally:
        os.close(descriptor)
    return number
