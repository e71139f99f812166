"""Files of repositories on mounts that answer: what lies on others isn't touched, and told by DistantError."""

from __future__ import annotations

import contextlib
import os
from _thread import get_ident
from collections.abc import Iterator

from safeshell.errors import DistantError, UndecidedError
from safeshell.host.distant_mounts import Mounts
from safeshell.host.git import rooted
from safeshell.host.git.files import Files
from safeshell.host.path_resolution import Resolver


@contextlib.contextmanager
def sparing(mounts: Mounts) -> Iterator[None]:
    """Lets this thread's questions about repositories (`rooted.look`) touch nothing on these mounts.

    The questions raise DistantError instead. Those of other threads go on as they are.
    """
    before = rooted.guard
    rooted.guard = get_ident(), _Guard(mounts).files
    try:
        yield
    finally:
        rooted.guard = before


class _Guard:
    """Makes guarded files, which share what has been resolved."""

    def __init__(self, mounts: Mounts) -> None:
        self._mounts = mounts
        self._resolver = Resolver(mounts)

    def files(self, prefix: bytes, ours: Files) -> Files:
        if prefix:  # their links lead elsewhere than ours
            raise DistantError(b"")
        return _GuardedFiles(self._resolver, ours)


class _GuardedFiles(Files):
    """The files, each path resolved before it is touched."""

    def __init__(self, resolver: Resolver, ours: Files) -> None:
        self.marks = ours.marks
        self._parsed = ours._parsed  # noqa: SLF001 # the very same
        self._resolver = resolver

    def _check(self, path: bytes) -> None:
        # Where it can't be told, the question itself meets the same.
        with contextlib.suppress(UndecidedError):
            self._resolver.resolve(path)

    def _check_above(self, path: bytes) -> None:
        self._check(path[: path.rfind(b"/")] or b"/")

    def stat(self, path: bytes) -> os.stat_result:  # type: ignore[override]
        self._check(path)
        return os.stat(path)

    def lstat(self, path: bytes) -> os.stat_result:  # type: ignore[override]
        self._check_entry(path)
        return os.lstat(path)

    def readlink(self, path: bytes) -> bytes:  # type: ignore[override]
        self._check_entry(path)
        return os.readlink(path)

    def _check_entry(self, path: bytes) -> None:
        """The entry itself may be a mount point, too."""
        self._check_above(path)
        self._resolver.spare(path)

    def exists(self, path: bytes) -> bool:
        self._check_entry(path)
        return super().exists(path)

    def usable(self, path: bytes) -> bool:
        self._check(path)
        return super().usable(path)

    def open(self, path: bytes) -> int:
        self._check(path)
        return super().open(path)
