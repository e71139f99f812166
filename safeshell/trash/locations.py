"""Locations of trash directories: which one a thing goes to, and where there are some.

The home's own, wherever a rename gets it there. Elsewhere the specification's `$topdir/.Trash-$uid` (or
`$topdir/.Trash/$uid`, where an administrator has made that): a rename at any size, all that the file system keeps is
kept, and what was on an encrypted or a removable disk stays there. Where that can't be made (the top isn't writable),
and where the file system is in memory (whoever deletes there wants the memory back, and it would not survive a
reboot), the thing is copied to the home's.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator

from safeshell.trash.directory import TrashDirectory
from safeshell.trash.errors import RefusedError
from safeshell.trash.limits import TrashLimits
from safeshell.trash.mounts import IN_MEMORY, Mount, mount_id, mounts
from safeshell.trash.quoting import shown
from safeshell.trash.removal import Part

_PSEUDO = frozenset(
    b"autofs bpf binfmt_misc cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue nsfs"
    b" proc pstore ramfs securityfs sysfs tmpfs tracefs".split()
)
"""Types of file systems on which nothing of ours can be."""


class Locations:
    """The trash directories that one run puts things into.

    Args:
        home: the SafeShell home, absolute.
        limits: of each trash directory.
    """

    def __init__(self, home: bytes, limits: TrashLimits) -> None:
        self._home = home
        self._limits = limits
        self._opened: dict[int, TrashDirectory | None] = {}
        self._mounts: dict[int, Mount] | None = None
        self._own: TrashDirectory | None = None
        self._own_mount = -1

    def put(self, directory: int, part: Part) -> None:
        """Moves a part of an open directory to the trash.

        Raises:
            OSError: it can't be moved.
            RefusedError: the trash does not take it.
        """
        own = self._open_own()
        path = self._path(directory, part.name)
        self._limits.check(own, part.space)
        if mount_id(directory) == self._own_mount:
            try:
                return own.put_by_rename(directory, part.name, path, part.space)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
        near = self._near(directory)
        if near is not None:
            self._limits.check(near, part.space)
            try:
                return near.put_by_rename(directory, part.name, path, part.space)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
        return own.put_by_copy(directory, part.name, path, part.space)

    def put_empty(self, directory: int, part: Part) -> None:
        """The same for a directory that may not be read.

        Raises:
            OSError: it isn't empty, or can't be moved.
            RefusedError: the trash does not take it.
        """
        self._open_own().put_empty(directory, part.name, self._path(directory, part.name))

    def finish(self) -> None:
        """Makes what was used keep its limits, and gives back its descriptors."""
        for trash in (self._own, *self._opened.values()):
            if trash is not None:
                with contextlib.suppress(OSError):  # what was asked for is done; the next run tries again
                    self._limits.enforce(trash)
                trash.close()
        self._own = None
        self._opened.clear()

    def _open_own(self) -> TrashDirectory:
        if self._own is None:
            root = own_root(self._home)
            try:
                self._own = TrashDirectory(root, b"/", self._home, create=True, shared=False)
            except OSError as error:
                raise RefusedError(f"can't use the trash {shown(root)}: {error.strerror}") from error
            self._own_mount = mount_id(self._own.fd)
        return self._own

    def _path(self, directory: int, name: bytes) -> bytes:
        path = os.path.join(os.readlink(b"/proc/self/fd/%d" % directory), name)
        if any(trash is not None and trash.holds(path) for trash in (self._own, *self._opened.values())):
            raise RefusedError("it is the trash's own; see `safeshell trash empty`")
        return path

    def _near(self, directory: int) -> TrashDirectory | None:
        number = mount_id(directory)
        if number not in self._opened:
            self._opened[number] = self._open_near(number)
        return self._opened[number]

    def _open_near(self, number: int) -> TrashDirectory | None:
        if number in (-1, self._own_mount):
            return None
        if self._mounts is None:
            self._mounts = {mount.id: mount for mount in mounts()}
        mount = self._mounts.get(number)
        if mount is None or mount.kind in IN_MEMORY or not _is_visible(mount):
            return None
        for root in roots_at(mount.top):
            with contextlib.suppress(OSError, RefusedError):
                trash = TrashDirectory(root, mount.top, self._home, create=True, shared=True)
                _hide_from_git(trash)
                return trash
        return None


def own_root(home: bytes) -> bytes:
    """The trash directory of a home."""
    return os.path.join(home, b"trash")


def roots_at(top: bytes) -> Iterator[bytes]:
    """The user's trash directories at the top of a file system, the preferred one first."""
    user = b"%d" % os.geteuid()
    common = os.path.join(top, b".Trash")
    with contextlib.suppress(OSError):
        mode = os.lstat(common).st_mode
        if stat.S_ISDIR(mode) and mode & stat.S_ISVTX:
            yield os.path.join(common, user)
    yield os.path.join(top, b".Trash-" + user)


@contextlib.contextmanager
def open_all(home: bytes) -> Iterator[list[TrashDirectory]]:
    """All trash directories that there are for a home, its own first."""
    places = [(own_root(home), b"/", False)]
    for mount in mounts():
        if mount.kind not in _PSEUDO:
            places.extend((root, mount.top, True) for root in roots_at(mount.top))
    found: dict[tuple[int, int], TrashDirectory] = {}
    try:
        for root, top, shared in places:
            with contextlib.suppress(OSError, RefusedError):
                trash = TrashDirectory(root, top, home, create=False, shared=shared)
                status = os.fstat(trash.fd)
                if found.setdefault((status.st_dev, status.st_ino), trash) is not trash:
                    trash.close()
        yield list(found.values())
    finally:
        for trash in found.values():
            trash.close()


def _is_visible(mount: Mount) -> bool:
    """Whether its top is reached by its path, or another mount lies over it."""
    try:
        descriptor = os.open(mount.top, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return mount_id(descriptor) == mount.id
    finally:
        os.close(descriptor)


def _hide_from_git(trash: TrashDirectory) -> None:
    """The top of a file system is often a repository's (a container's volume): `git add` must not see this."""
    with contextlib.suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(b".gitignore", flags, 0o600, dir_fd=trash.fd)
        try:
            os.write(descriptor, b"*\n")
        finally:
            os.close(descriptor)
