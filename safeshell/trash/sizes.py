"""Sizes of trash directories, remembered as long as nobody else has changed their records.

The file says: the time `info/` was changed when this was true, bytes in all, the time of the oldest thing. Where the
time is another by now, it has to be counted anew. The file is also what the trash directory's lock is on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator


class Sizes:
    """The file `sizes` of a trash directory.

    Args:
        directory: the trash directory, open.
        name: the file's.
        info: its directory of records, open.

    Attributes:
        known: whether the figures are true; they are read when the lock is taken.
        total: bytes on the disk.
        oldest_ns: when the oldest thing was put there, since the epoch; 0 for nothing.
    """

    def __init__(self, directory: int, name: bytes, info: int) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.open(name, flags, 0o600, dir_fd=directory)
        self._info = info
        self.known = False
        self.total = 0
        self.oldest_ns = 0

    def close(self) -> None:
        """Gives back its descriptor."""
        os.close(self._file)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the lock; what was changed meanwhile is written at the end."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            self._read()
            yield
            self._write()
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _read(self) -> None:
        fields = os.pread(self._file, 100, 0).split()
        self.known = len(fields) == 3 and fields[0] == b"%d" % os.fstat(self._info).st_mtime_ns
        self.total, self.oldest_ns = (int(fields[1]), int(fields[2])) if self.known else (0, 0)

    def _write(self) -> None:
        if self.known:
            changed = os.fstat(self._info).st_mtime_ns
            # One size whatever it says: a shorter text would leave the end of a longer one.
            os.pwrite(self._file, b"%-24d %-24d %-24d\n" % (changed, self.total, self.oldest_ns), 0)

    def add(self, size: int, time_ns: int) -> None:
        """Something was put there."""
        self.total += size
        self.oldest_ns = min(self.oldest_ns or time_ns, time_ns)

    def forget(self) -> None:
        """Something was taken out."""
        self.known = False

    def know(self, total: int, oldest_ns: int) -> None:
        """It was counted."""
        self.known = True
        self.total = total
        self.oldest_ns = oldest_ns
