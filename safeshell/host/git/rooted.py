"""Files below another root directory, as a caller sees them that has it."""

from __future__ import annotations

import os
import struct
from _thread import get_ident
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from safeshell.errors import UndecidedError
from safeshell.host.git.files import FILES, Files
from safeshell.host.git.paths import reason, show

guard: tuple[int, Callable[[bytes, Files], Files]] | None = None
"""A thread whose questions go to other files, and which (`safeshell.host.git.guarded`)."""

_T = TypeVar("_T")
_Arguments = TypeVarTuple("_Arguments")

_SYS_OPENAT2 = 437  # the same on every architecture that Python's own builds support
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_IN_ROOT = 0x10


def look(
    prefix: bytes, question: Callable[[Files, *_Arguments], _T], *arguments: *_Arguments, ours: Files = FILES
) -> _T:
    """The answer to a question about files, asked below a root directory; b"" is this process's own.

    Args:
        prefix: the root directory.
        question: gets the files first, then `arguments`.
        arguments: what else it takes.
        ours: the files where the root is this process's own.

    Raises:
        UndecidedError: the question raised OSError or ValueError.
    """
    try:
        if guard is not None and guard[0] == get_ident():
            return question(guard[1](prefix, ours), *arguments)
        if not prefix:
            return question(ours, *arguments)
        files = RootedFiles(prefix)
        try:
            return question(files, *arguments)
        finally:
            files.close()
    except (OSError, ValueError) as error:
        raise UndecidedError(reason(error)) from error


class RootedFiles(Files):
    """The file system below another root directory. The kernel resolves each path as if that were `/`: openat2(2)."""

    keeps = False

    def __init__(self, prefix: bytes) -> None:
        super().__init__()
        import ctypes  # noqa: PLC0415 - most callers share the daemon's root and never need it

        self._errno = ctypes.get_errno
        self._syscall = ctypes.CDLL(None, use_errno=True).syscall
        self._syscall.restype = ctypes.c_long
        self._syscall.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
        self.prefix = prefix
        self._root = os.open(prefix, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Lets go of the root directory."""
        os.close(self._root)

    def _open_below(self, path: bytes, flags: int) -> int:
        if b"\0" in path:
            raise ValueError(f"{show(path)}: not a path")
        how = struct.pack("=QQQ", flags | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
        descriptor = self._syscall(_SYS_OPENAT2, self._root, path, how, len(how))
        if descriptor < 0:
            number = self._errno()
            raise OSError(number, os.strerror(number), path)
        return int(descriptor)

    def _status(self, path: bytes, flags: int) -> os.stat_result:
        descriptor = self._open_below(path, os.O_PATH | flags)
        try:
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)

    def stat(self, path: bytes) -> os.stat_result:  # type: ignore[override]
        """As os.stat."""
        return self._status(path, 0)

    def lstat(self, path: bytes) -> os.stat_result:  # type: ignore[override]
        """As os.lstat."""
        return self._status(path, os.O_NOFOLLOW)

    def readlink(self, path: bytes) -> bytes:  # type: ignore[override]
        """As os.readlink."""
        descriptor = self._open_below(path, os.O_PATH | os.O_NOFOLLOW)
        try:
            return os.readlink(b"", dir_fd=descriptor)
        finally:
            os.close(descriptor)

    def exists(self, path: bytes) -> bool:
        """As Files.exists."""
        try:
            self.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def usable(self, path: bytes) -> bool:
        """As Files.usable."""
        try:
            descriptor = self._open_below(path, os.O_PATH)
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            return os.access(b"/proc/self/fd/%d" % descriptor, os.X_OK)
        finally:
            os.close(descriptor)

    def open(self, path: bytes) -> int:
        """As Files.open."""
        return self._open_below(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
