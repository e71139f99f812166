"""Files that a line's commands run what stands in: read as they are now, within limits; and why others weren't.

A file may be another one by the time that it is run. Whoever has to know what runs then asks a shim.
"""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass

from safeshell.shell.limits import FILES_MAX_S, TOO_SLOW, Budget, OverrunError

FILE_MAX = 1 << 20
"""Bytes of a file."""

FILES_MAX = 64
"""Files that are read for one line."""

TOTAL_MAX = 4 << 20
"""Bytes that are read for one line."""

CLOCK_S = 0.4
"""How long files are read for one line, by the clock: a line that waits for them has a limit of its own."""

HEAD = 256
"""Bytes of a program that tell what reads it, as the kernel takes them."""

_ELSEWHERE = ("/dev/", "/proc/")
"""What lies there is another file for each process."""

_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO, errno.EINVAL)


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """A file that was read.

    Attributes:
        path: where it is, absolute.
        shown: the same for people: relative to where the line runs if it is below.
        text: what is in it; bytes that are not UTF-8 as surrogates.
    """

    path: str
    shown: str
    text: str


class ScriptFiles:
    """Reads the files of one line.

    Args:
        top: where the line runs, absolute.

    Attributes:
        budget: the processor time that is left for them.
        unread: why files were not read, or not to their end; by what is shown of each.
    """

    def __init__(self, top: str) -> None:
        self.budget = Budget(FILES_MAX_S)
        self.unread: dict[str, str] = {}
        self._top = top
        self._known: dict[tuple[str, object], ScriptFile | None] = {}
        self._written: dict[str, str | None] = {}
        self._bytes = 0
        self._read_so_far = hashlib.sha256()
        self._until = time.monotonic() + CLOCK_S

    @property
    def digest(self) -> str:
        """What tells all that was read from other files, and files that have become others; "" where nothing was."""
        return self._read_so_far.hexdigest() if self._bytes else ""

    def leave(self, shown: str, why: str) -> None:
        """Notes that a file is not read on; the first reason stays."""
        self.unread.setdefault(shown, why)

    def read(self, path: str, accepts: Callable[[bytes], bool] | None = None) -> ScriptFile | None:
        """A file, if it is there and may be read.

        Args:
            path: where it is, absolute.
            accepts: tells by its first bytes (`HEAD`) whether it is wanted at all.
        """
        path = _plain(path)
        if path in self._written:
            return self._as_written(path, accepts)
        if (path, accepts) not in self._known:
            self._known[path, accepts] = self._read(path, accepts)
        return self._known[path, accepts]

    def write(self, path: str, text: str | None, *, adds: bool = False) -> None:
        """Notes that the line has written a file before it may run it.

        Args:
            path: where it is, absolute.
            text: what is in it then; None where only the run can tell.
            adds: whether that is behind what was in it.
        """
        path = _plain(path)
        before = self.read(path) if adds else None
        known = "" if before is None else before.text
        if adds and self._written.get(path, "") is None:
            text = None
        self._written[path] = None if text is None or len(known) + len(text) > FILE_MAX else known + text

    def _as_written(self, path: str, accepts: Callable[[bytes], bool] | None) -> ScriptFile | None:
        text, shown = self._written[path], self.shown(path)
        if text is None:
            self.leave(shown, "the line writes it first, and only the run can tell what")
            return None
        is_wanted = accepts is None or accepts(text[:HEAD].encode("utf-8", "surrogateescape"))
        return ScriptFile(path, shown, text) if is_wanted else None

    def shown(self, path: str) -> str:
        """A path for people."""
        below = self._top.rstrip("/") + "/"
        return path.removeprefix(below)

    def _read(self, path: str, accepts: Callable[[bytes], bool] | None) -> ScriptFile | None:
        shown = self.shown(path)
        if "\0" in path or path.startswith(_ELSEWHERE):
            return None
        try:
            # Neither a FIFO nor a device holds it up, and no terminal becomes its own.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        except (OSError, UnicodeEncodeError) as error:
            if not isinstance(error, OSError) or error.errno in _NOT_THERE:
                return None
            self.leave(shown, f"it can't be opened: {error.strerror}")
            return None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return None
        with os.fdopen(descriptor, "rb", buffering=0) as stream:
            try:
                data = stream.read(HEAD)
                if accepts is not None and not accepts(data):
                    return None
                if why := self._full():
                    self.leave(shown, why)
                    return None
                while len(data) <= FILE_MAX and (more := stream.read(FILE_MAX + 1 - len(data))):
                    data += more
            except OSError as error:
                self.leave(shown, f"it can't be read: {error.strerror}")
                return None
        self._bytes += len(data)
        self._read_so_far.update(b"%d %s\0%s" % (len(data), os.fsencode(path), data))
        if len(data) > FILE_MAX:
            self.leave(shown, "it is longer than 1 MiB")
            return None
        return ScriptFile(path, shown, data.decode("utf-8", "surrogateescape"))

    def _full(self) -> str:
        """Why no more files are read, or ""."""
        if sum(file is not None for file in self._known.values()) >= FILES_MAX:
            return f"{FILES_MAX} files were read before it"
        if self._bytes >= TOTAL_MAX:
            return f"{TOTAL_MAX >> 20} MiB were read before it"
        if self.budget.seconds <= 0:
            return OUT_OF_TIME
        return f"reading took more than {CLOCK_S:g} s" if time.monotonic() > self._until else ""


def _plain(path: str) -> str:
    """A path without `.` and double slashes; what `..` leads to hangs on links."""
    return path if ".." in path else posixpath.normpath(path)


def reason(error: OverrunError) -> str:
    """Why a file is left: of what took too long, by the time that files have."""
    return OUT_OF_TIME if str(error) == TOO_SLOW else str(error)


OUT_OF_TIME = f"the files that this line runs take more than {FILES_MAX_S * 1000:g} ms"
