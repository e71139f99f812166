"""Files of repositories as this process sees them; what is parsed is kept while its change time stays."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import Any, TypeVar, cast

from safeshell.host.git.change_times import is_settled
from safeshell.host.git.paths import show, under

_T = TypeVar("_T")

DOT_GIT, REAL_DIRECTORY, HEAD = 1, 2, 4
"""Bits of what a directory holds: a `.git`, one that is a directory and no link, a `HEAD`."""

_CONTENT_MAX = 16 << 20
_KEPT_MAX = 4096
"""Paths remembered; 16 repositories of 100 directories in use take a few hundred KiB."""


class Files:
    """The file system as this process sees it. What fails raises OSError."""

    prefix = b""
    keeps = True
    """Whether what is parsed is kept for the next question."""

    stat = staticmethod(os.stat)
    lstat = staticmethod(os.lstat)
    readlink = staticmethod(os.readlink)

    def __init__(self) -> None:
        self.marks: dict[bytes, tuple[int, int, int, int]] = {}
        self._parsed: dict[bytes, tuple[int, int, int, Any]] = {}

    def exists(self, path: bytes) -> bool:
        """Whether there is something, be it a link to nowhere. The directory must be searchable."""
        return os.access(path, os.F_OK, follow_symlinks=False)

    def usable(self, path: bytes) -> bool:
        """Git's own test of a directory."""
        return os.access(path, os.X_OK)

    def open(self, path: bytes) -> int:
        """A descriptor to read from. A FIFO doesn't block."""
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)

    def read(self, path: bytes, limit: int) -> bytes:
        """A regular file's content.

        Raises:
            ValueError: it is something else, or longer than `limit` bytes.
        """
        descriptor = self.open(path)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ValueError(f"{show(path)}: not a regular file")
            content = piece = os.read(descriptor, 8192)
            while piece:
                if len(content) > limit:
                    raise ValueError(f"{show(path)}: too large")
                piece = os.read(descriptor, 65536)
                content += piece
        finally:
            os.close(descriptor)
        return content

    def mark(self, directory: bytes, status: os.stat_result) -> int:
        """Bits of what a directory holds; kept in `marks`, where they count while the change time stays.

        An entry that comes or goes changes that.

        Raises:
            ValueError: it is no directory, or can't be searched.
        """
        if not stat.S_ISDIR(status.st_mode):
            raise ValueError(f"{show(directory)}: not a directory")
        if not self.usable(directory):
            raise ValueError(f"{show(directory)}: can't be searched")
        mark = HEAD if self.exists(under(directory, b"HEAD")) else 0
        dot_git = under(directory, b".git")
        if self.exists(dot_git):
            mark |= DOT_GIT | (REAL_DIRECTORY if stat.S_ISDIR(self.lstat(dot_git).st_mode) else 0)
        if self.keeps and is_settled(status):
            make_room(self.marks)
            self.marks[directory] = (status.st_ctime_ns, status.st_ino, status.st_dev, mark)
        return mark

    def parsed(self, path: bytes, parse: Callable[[bytes], _T], *, follow: bool = True) -> _T | None:
        """Result of `parse` for a file's content, kept while its change time stays. None where there is no such file.

        Args:
            path: the file.
            parse: raises ValueError where the content makes no sense.
            follow: whether a link stands for what it points to, or, as references have it, for `ref: TARGET`.

        Raises:
            ValueError: `parse` raised it, or this is no regular file.
        """
        try:
            status = self.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        known = self._parsed.get(path)
        if (
            known is not None
            and known[0] == status.st_ctime_ns
            and known[1] == status.st_ino
            and known[2] == status.st_dev
        ):
            return cast("_T", known[3])
        try:
            if stat.S_ISLNK(status.st_mode):
                return parse(self.read(path, _CONTENT_MAX) if follow else b"ref: " + self.readlink(path))
            if stat.S_ISDIR(status.st_mode):
                return None
            value = parse(self.read(path, _CONTENT_MAX))
        except ValueError as error:
            raise ValueError(f"{show(path)}: {error}") from error
        if self.keeps and is_settled(status):
            make_room(self._parsed)
            self._parsed[path] = (status.st_ctime_ns, status.st_ino, status.st_dev, value)
        return value


def make_room(kept: dict[bytes, Any]) -> None:
    """Empties what is kept by path, once that is as much as may be."""
    if len(kept) >= _KEPT_MAX:
        kept.clear()


FILES = Files()
