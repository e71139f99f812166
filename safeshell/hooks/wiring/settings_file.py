"""An agent's settings file: read whole, and replaced only where nobody else has changed it meanwhile.

Links are followed, so that a file kept elsewhere (dotfiles under version control) stays a link; mode, owner and
extended attributes are kept.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import NamedTuple

from safeshell.errors import SafeShellError
from safeshell.hooks.wiring.json_tree import BrokenError

SIZE_MAX = 8 << 20
"""Bytes of a settings file; those of people have kilobytes."""

_BOM = "\ufeff"


class SettingsFile(NamedTuple):
    """What was read.

    Attributes:
        path: as it was asked for.
        target: where that leads, links followed.
        data: its bytes; None where there is no such file.
    """

    path: str
    target: str
    data: bytes | None

    @property
    def has_mark(self) -> bool:
        """Whether it begins with a byte order mark."""
        return (self.data or b"").startswith(_BOM.encode())

    def text(self) -> str:
        """Its text, without a byte order mark.

        Raises:
            SafeShellError: it is not UTF-8.
        """
        try:
            return (self.data or b"").decode("utf-8").removeprefix(_BOM)
        except UnicodeDecodeError as error:
            before = (self.data or b"")[: error.start].decode("utf-8", "replace")
            raise self.broken(BrokenError(len(before), "not UTF-8"), before) from error

    def encode(self, text: str) -> bytes:
        """A text's bytes as this file has them."""
        return ((_BOM if self.has_mark else "") + text).encode()

    def broken(self, error: BrokenError, text: str) -> SafeShellError:
        """The one line that says where the file is broken."""
        line = text.count("\n", 0, error.at) + 1
        column = error.at - text.rfind("\n", 0, error.at)
        return SafeShellError(f"{self.path}:{line}:{column}: {error.reason}", hint="nothing was changed; mend the file")


def read(path: str) -> SettingsFile:
    """Reads a settings file.

    Raises:
        SafeShellError: it can't be read, or is no file.
    """
    target = os.path.realpath(path)
    return SettingsFile(path, target, _content(path, target))


def _content(path: str, target: str) -> bytes | None:
    try:
        descriptor = os.open(target, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SafeShellError(f"{path} is not a file")
            data = stream.read(SIZE_MAX + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SafeShellError(f"can't read {path}: {error.strerror}") from error
    if len(data) > SIZE_MAX:
        raise SafeShellError(f"{path} is over {SIZE_MAX >> 20} MiB")
    return data


def make_directories(path: str) -> list[str]:
    """Makes the directories that a file needs; returns those that were not there, the innermost last.

    Raises:
        SafeShellError: one can't be made.
    """
    directory, missing = os.path.dirname(path), []
    while not os.path.isdir(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    missing.reverse()
    try:
        for made in missing:
            os.mkdir(made, 0o700)
    except OSError as error:
        raise SafeShellError(f"can't make {made}: {error.strerror}") from error
    return missing


def replace(file: SettingsFile, data: bytes, mode: int) -> None:
    """Puts other bytes in the place of those that were read.

    Args:
        file: what was read.
        data: what is to be there.
        mode: of a file that was not there, less the umask.

    Raises:
        SafeShellError: it was changed meanwhile, or can't be written.
    """
    aside = os.path.join(os.path.dirname(file.target), f".{os.path.basename(file.target)}.safeshell-{os.getpid()}")
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)  # of a process that was killed
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                if file.data is not None:
                    _keep(file.target, descriptor)
                os.fsync(descriptor)
            _put(file, aside)
        except BaseException:
            os.unlink(aside)
            raise
    except OSError as error:
        raise SafeShellError(f"can't write {file.path}: {error.strerror}") from error


def _put(file: SettingsFile, aside: str) -> None:
    _check_unchanged(file)
    if file.data is None:
        with contextlib.suppress(PermissionError):  # a file system without hard links
            os.link(aside, file.target)  # which, unlike a rename, replaces nothing
            os.unlink(aside)
            return
    os.rename(aside, file.target)


def _keep(target: str, descriptor: int) -> None:
    """Gives a new file what the old one has beside its bytes."""
    status = os.stat(target)
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.fstat(descriptor).st_gid):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    for name in _attributes(target):
        with contextlib.suppress(OSError):  # the system's own, which nobody may set
            os.setxattr(descriptor, name, os.getxattr(target, name))


def _attributes(target: str) -> list[str]:
    try:
        return os.listxattr(target)
    except OSError:  # a file system without any
        return []


def remove(file: SettingsFile) -> None:
    """Removes a file that is still as it was read.

    Raises:
        SafeShellError: it was changed meanwhile, or can't be removed.
    """
    _check_unchanged(file)
    try:
        os.unlink(file.target)
    except OSError as error:
        raise SafeShellError(f"can't remove {file.path}: {error.strerror}") from error


def _check_unchanged(file: SettingsFile) -> None:
    if os.path.realpath(file.path) != file.target or _content(file.path, file.target) != file.data:
        raise SafeShellError(f"{file.path} was changed by another just now", hint="run it again")
