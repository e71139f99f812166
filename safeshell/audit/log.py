"""The audit log as the daemon writes it: one `write` a record, a chain across files, and never in a command's way."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable
from typing import Any

from safeshell.audit.chain import Head, seal
from safeshell.audit.files import log_path, rotated, rotations
from safeshell.audit.log_file import last_record, lock, open_log
from safeshell.audit.redact import Redactor
from safeshell.home.paths import Home


class AuditLog:
    """Appends records. Several writers may share a log (a daemon that drains beside its heir).

    Attributes:
        failures: records that could not be written.
        last_error: why the last of them couldn't, or "".
        head: the last record that this writer knows of.
    """

    def __init__(
        self,
        home: Home,
        size_max: int = 64 << 20,
        keep: int = 8,
        redactor: Redactor | None = None,
        on_failure: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Opens nothing yet.

        Args:
            home: whose log.
            size_max: bytes of one file.
            keep: how many rotated files are kept.
            redactor: takes secrets out, the known ones where left out.
            on_failure: told in one line that records are lost; once, until one was written again. And that somebody
                took records away.
        """
        self.path = log_path(home)
        self.size_max = size_max
        self.keep = keep
        self.redactor = redactor or Redactor()
        self.failures = 0
        self.last_error = ""
        self.head = Head()
        self._on_failure = on_failure
        self._lost = 0
        self._removed = 0
        self._torn = False
        self._descriptor = -1
        self._left = _NOWHERE

    def begin(self) -> None:
        """Opens the log and finds where its chain stands, so that `status` can say so before anything is recorded."""
        try:
            self._take()
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        except OSError as error:  # nothing is lost yet
            self.last_error = self._worded(error)

    def append(self, record: dict[str, Any]) -> dict[str, Any] | None:
        """Writes a record, its secrets taken out; what goes wrong is counted and never raised.

        Args:
            record: as `safeshell.audit.record.make` makes it.

        Returns:
            The record as it was written, but for `prev` and `hash`; None where it wasn't.
        """
        record = self.redactor.redact(record)
        if self._lost:
            record = {**record, "lost": self._lost}
        try:
            self._take()
            try:
                self._write(record)
            finally:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        except OSError as error:
            self._failed(error)
            return None
        self._lost = 0
        return {"seq": self.head.seq, **record}

    def status(self) -> dict[str, Any]:
        """For `daemon status`: where the chain stands, and what couldn't be written; `lost` since it last could."""
        return {
            "seq": self.head.seq,
            "hash": self.head.hash,
            "failures": self.failures,
            "lost": self._lost,
            "last_error": self.last_error or None,
        }

    def close(self) -> None:
        """Gives the file back; another record opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._left = _NOWHERE

    def _take(self) -> None:
        """Locks the file that stands at the path now; then the head is that of its last record."""
        while True:
            if self._descriptor < 0:
                self._descriptor = open_log(self.path)
            lock(self._descriptor)
            try:
                status = os.stat(self.path)
            except FileNotFoundError:
                self._replaced()
                continue
            place = (status.st_dev, status.st_ino, status.st_size)
            if place == self._left:
                return
            own = os.fstat(self._descriptor)
            if place[:2] == (own.st_dev, own.st_ino):
                if place[:2] == self._left[:2] and place[2] < self._left[2]:
                    self._note_removal("cut short")
                self._look(status.st_size)
                self._left = place
                return
            self._replaced()

    def _replaced(self) -> None:
        """Gives back a file that isn't at the path any more: another writer rotated it, or somebody took it away."""
        own = os.fstat(self._descriptor)
        if self.keep and self._left != _NOWHERE and not self._is_rotated(own):
            self._note_removal("removed")
        self.close()

    def _is_rotated(self, own: os.stat_result) -> bool:
        for number in rotations(self.path):
            with contextlib.suppress(OSError):
                if os.path.samestat(own, os.stat(rotated(self.path, number))):
                    return True
        # Or rotated away: whoever did so has gone on with the chain.
        with contextlib.suppress(OSError):
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                found = last_record(descriptor, os.fstat(descriptor).st_size)[1]
            finally:
                os.close(descriptor)
            return found is not None and found.seq > self.head.seq
        return False

    def _note_removal(self, how: str) -> None:
        """Somebody took records away: it is said now, and by the next record."""
        self._removed = self.head.seq
        self.last_error = f"{self.path}: {how} by somebody else; records up to {self._removed} were in it"
        self._on_failure(f"the audit log was tampered with: {self.last_error}")

    def _look(self, size: int) -> None:
        """Finds where the chain goes on in a file that another wrote."""
        end, found = last_record(self._descriptor, size)
        self._torn = bool(end)
        if found is None and os.path.exists(rotated(self.path, 1)):
            descriptor = os.open(rotated(self.path, 1), os.O_RDONLY | os.O_CLOEXEC)
            try:
                found = last_record(descriptor, os.fstat(descriptor).st_size)[1]
            finally:
                os.close(descriptor)
        # Where this writer has gone further, records were taken away: the gap is to be seen.
        if found is not None and found.seq >= self.head.seq:
            self.head = found

    def _write(self, record: dict[str, Any]) -> None:
        if self._removed:
            record = {**record, "removed": self._removed}
        line, head = seal(record, self.head)
        if self._left[2] and self._left[2] + len(line) > self.size_max:
            self._rotate()
        if self._torn:
            line = b"\n" + line
        device, inode, size = self._left
        self._left = _NOWHERE  # until it is known what became of it
        written = os.write(self._descriptor, line)
        if written < len(line):
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.head = head
        self._torn = False
        self._removed = 0
        self._left = (device, inode, size + written)

    def _rotate(self) -> None:
        """Begins a new file; whoever waits for the old one's lock sees that it has another name."""
        for number in reversed(rotations(self.path)):
            if number >= self.keep:
                os.unlink(rotated(self.path, number))
            else:
                os.replace(rotated(self.path, number), rotated(self.path, number + 1))
        if self.keep:
            os.replace(self.path, rotated(self.path, 1))
        else:
            os.unlink(self.path)
        self.close()
        self._take()

    def _failed(self, error: OSError) -> None:
        self.failures += 1
        self._lost += 1
        self.last_error = self._worded(error)
        if self._lost == 1:
            self._on_failure(f"the audit log can't be written: {self.last_error}; what is decided now is not recorded")

    def _worded(self, error: OSError) -> str:
        return f"{self.path}: {error.strerror or error}"


_NOWHERE = (-1, -1, -1)
"""No device, inode and size."""
