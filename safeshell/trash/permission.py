"""Permission to delete an entry, told without deleting it: unlink(2)'s and rmdir(2)'s own checks.

Renaming a directory asks nothing about what is in it. So what `rm` could not delete in there has to be found first.
"""

from __future__ import annotations

import errno
import os
import stat

from safeshell.trash.kernel import APPEND_ONLY, IMMUTABLE, MOUNT_ROOT, FileStatus


class Parent:
    """An open directory, as far as deleting what is in it goes."""

    __slots__ = ("_forbids", "_sticky", "fd", "node")

    def __init__(self, descriptor: int, node: FileStatus) -> None:
        self.fd = descriptor
        self.node = node
        self._forbids = -1
        self._sticky = bool(node.mode & stat.S_ISVTX) and os.geteuid() not in (0, node.uid)

    @property
    def forbids(self) -> int:
        """The error of deleting anything in it, or 0."""
        if self._forbids < 0:
            self._forbids = self._find_out()
        return self._forbids

    def _find_out(self) -> int:
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=self.fd, effective_ids=True):
            if os.statvfs(self.fd).f_flag & os.ST_RDONLY:
                return errno.EROFS
            return errno.EPERM if self.node.attributes & IMMUTABLE else errno.EACCES
        return errno.EPERM if self.node.attributes & (APPEND_ONLY | IMMUTABLE) else 0

    def forbids_entry(self, node: FileStatus) -> int:
        """The error of deleting an entry of it, emptied if it is a directory, or 0."""
        if self.forbids:
            return self.forbids
        if (self._sticky and os.geteuid() != node.uid) or node.attributes & (APPEND_ONLY | IMMUTABLE):
            return errno.EPERM
        return errno.EBUSY if node.attributes & MOUNT_ROOT else 0


def is_write_protected(directory: int, name: bytes, node: FileStatus) -> bool:
    """Whether rm takes an entry for write-protected, which it mentions on a terminal.

    Raises:
        OSError: that can't be told (a file system that is read-only).
    """
    if os.geteuid() == 0 or stat.S_ISLNK(node.mode):
        return False
    if os.access(name, os.W_OK, dir_fd=directory, effective_ids=True):
        return False
    try:
        descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=directory)
    except OSError:
        return True
    try:
        if os.statvfs(descriptor).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
    finally:
        os.close(descriptor)
    return True
