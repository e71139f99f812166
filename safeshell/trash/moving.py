"""Move of an entry to where nothing is yet: renamed where that can be, else copied whole and then deleted."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator

from safeshell.trash.copying import Copy, delete
from safeshell.trash.kernel import rename_new

STAGING = b"staging"
"""Directory of copies in the making, each in one of its own that its maker holds a lock on."""


def move_empty(source: int, name: bytes, target: int, new_name: bytes) -> None:
    """Moves an empty directory that may not be read or not be written, which rmdir(2) allows and rename(2) doesn't.

    Raises:
        OSError: it isn't empty, or can't be moved; it is where it was.
    """
    copy = Copy(source, target, unreadable=True)
    try:
        copy.make(name, new_name)
        copy.delete_original(name, new_name)
    except BaseException:
        if _exists(source, name):  # an interrupt may come when it is gone already
            delete(target, new_name)
        raise


def is_for_empty(error: OSError, source: int, name: bytes) -> bool:
    """Whether renaming failed as it does for a directory that may not be written; if it is empty, it can still go."""
    return error.errno in (errno.EACCES, errno.EPERM) and stat.S_ISDIR(os.lstat(name, dir_fd=source).st_mode)


def move_copy(source: int, name: bytes, staging: int, publish: Callable[[int, bytes], None]) -> None:
    """Copies an entry into a staging directory, has it published from there, and deletes the original.

    Args:
        source: the directory it is in, open.
        name: its name there.
        staging: the directory for copies that are being made, open.
        publish: takes the directory and the name of the copy, once it is complete and on the disk.

    Raises:
        OSError: it can't be copied, published or deleted. Unless it was published, the original is whole.
    """
    with _workplace(staging) as target:
        copy = Copy(source, target)
        copy.make(name, b"copy")
        publish(target, b"copy")
        copy.delete_original(name, b"copy")


@contextlib.contextmanager
def _workplace(staging: int) -> Iterator[int]:
    name, target = _make_workplace(staging)
    try:
        yield target
    finally:
        with contextlib.suppress(OSError):
            delete(staging, name)
        os.close(target)


def _make_workplace(staging: int) -> tuple[bytes, int]:
    """A new directory, locked; another process's `sweep` may take one away before it is."""
    while True:
        name = b"%d-%s" % (os.getpid(), os.urandom(6).hex().encode())
        os.mkdir(name, 0o700, dir_fd=staging)
        with contextlib.suppress(FileNotFoundError):
            target = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=staging)
            try:
                fcntl.flock(target, fcntl.LOCK_EX)
                if os.path.samestat(os.stat(name, dir_fd=staging), os.fstat(target)):
                    return name, target
            except BaseException:
                os.close(target)
                raise
            os.close(target)


def sweep(staging: int) -> None:
    """Deletes what copies left that were killed."""
    for entry in os.listdir(staging):
        name = os.fsencode(entry)
        with contextlib.suppress(OSError):
            descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=staging)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                delete(staging, name)
            finally:
                os.close(descriptor)


def move_here(source: int, name: bytes, target: int, new_name: bytes) -> None:
    """Moves an entry into a directory under a name that must be free there.

    Raises:
        FileExistsError: the name is taken.
        OSError: it can't be moved. Unless it is complete at its new place, it is whole at the old one.
    """
    try:
        rename_new(source, name, target, new_name)
    except OSError as error:
        if error.errno == errno.EXDEV:
            _copy_here(source, name, target, new_name)
        elif is_for_empty(error, source, name):
            _rename_or_copy_empty(source, name, target, new_name, error)
        else:
            raise


def _rename_or_copy_empty(source: int, name: bytes, target: int, new_name: bytes, error: OSError) -> None:
    try:
        move_empty(source, name, target, new_name)
    except OSError:
        raise error from None


def _copy_here(source: int, name: bytes, target: int, new_name: bytes) -> None:
    if _exists(target, new_name):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    aside = b".%d-%s.safeshell" % (os.getpid(), os.urandom(6).hex().encode())
    copy = Copy(source, target)
    try:
        copy.make(name, aside)
        rename_new(target, aside, target, new_name)
    except BaseException:
        with contextlib.suppress(OSError):
            delete(target, aside)
        raise
    copy.delete_original(name, aside)


def _exists(directory: int, name: bytes) -> bool:
    try:
        os.lstat(name, dir_fd=directory)
    except FileNotFoundError:
        return False
    return True
