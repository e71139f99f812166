"""Locks of a table file: readers beside each other, a publisher alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from safeshell.errors import TableError


@contextlib.contextmanager
def turn(path: str, operation: int) -> Iterator[None]:
    """Holds a table file for a reader (LOCK_SH) or a publisher (LOCK_EX).

    LMDB's own locks order transactions, but not a file's beginning, nor its exchange for a new one; and they are in a
    mapped file that a full disk turns into SIGBUS. So they are off. A table file without a lock file is read as it is.

    Raises:
        TableError: the lock file can't be made by a publisher.
    """
    publishing = operation == fcntl.LOCK_EX
    flags = os.O_RDWR | os.O_CREAT if publishing else os.O_RDONLY
    try:
        descriptor = os.open(f"{path}-lock", flags | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    except OSError as error:
        if publishing:
            raise TableError(f"can't write {path}: {error.strerror}") from error
        yield
        return
    try:
        fcntl.flock(descriptor, operation)
        yield
    finally:
        os.close(descriptor)
