"""System calls that the kernel offers and Python 3.11 does not: statx(2), renameat2(2) and syncfs(2)."""

from __future__ import annotations

import ctypes
import os
import struct

AT_FDCWD = -100
"""In place of a directory's descriptor: the working directory."""

IMMUTABLE = 0x10
APPEND_ONLY = 0x20
MOUNT_ROOT = 0x2000
"""Bits of `FileStatus.attributes`; the last one is told since Linux 5.8."""

_AT_SYMLINK_NOFOLLOW = 0x100
_AT_NO_AUTOMOUNT = 0x800
_BASIC_STATS = 0x7FF
_RENAME_NOREPLACE = 1
_LAYOUT = struct.Struct("=8xQIIIHxxQQQ80xII")

_libc = ctypes.CDLL(None, use_errno=True)


class FileStatus:
    """Status of an entry by statx(2); sizes in bytes, the device as `os.stat` has it."""

    __slots__ = ("attributes", "dev", "gid", "ino", "mode", "nlink", "size", "space", "uid")

    def __init__(self, raw: ctypes.Array[ctypes.c_char]) -> None:
        (self.attributes, self.nlink, self.uid, self.gid, self.mode, self.ino, self.size, blocks, major, minor) = (
            _LAYOUT.unpack_from(raw)
        )
        self.space: int = blocks * 512
        self.dev: int = os.makedev(major, minor)


def look(directory: int, name: bytes) -> FileStatus:
    """An entry's attributes; a link's own.

    Raises:
        OSError: there is none, or it can't be looked at.
    """
    raw = ctypes.create_string_buffer(256)
    _check(_libc.statx(directory, name, _AT_SYMLINK_NOFOLLOW | _AT_NO_AUTOMOUNT, _BASIC_STATS, raw))
    return FileStatus(raw)


def rename_new(from_directory: int, name: bytes, to_directory: int, new_name: bytes) -> None:
    """Renames without ever replacing what is there.

    Raises:
        FileExistsError: the new name is taken.
        OSError: as rename(2).
    """
    try:
        _check(_libc.renameat2(from_directory, name, to_directory, new_name, _RENAME_NOREPLACE))
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        _rename_checked(from_directory, name, to_directory, new_name)


_UNSUPPORTED = (22, 38)
"""EINVAL, of file systems without RENAME_NOREPLACE (and of moving a directory into itself, which comes up again);
ENOSYS."""


def _rename_checked(from_directory: int, name: bytes, to_directory: int, new_name: bytes) -> None:
    """The same where the file system can't: link(2) never replaces, and a directory replaces only an empty one."""
    if os.path.lexists(f"/proc/self/fd/{to_directory}/".encode() + new_name):
        raise FileExistsError(17, os.strerror(17))
    if look(from_directory, name).mode & 0o170000 == 0o040000:
        os.rename(name, new_name, src_dir_fd=from_directory, dst_dir_fd=to_directory)
        return
    os.link(name, new_name, src_dir_fd=from_directory, dst_dir_fd=to_directory, follow_symlinks=False)
    os.unlink(name, dir_fd=from_directory)


def sync_file_system(descriptor: int) -> None:
    """Waits until all that was written to a descriptor's file system is on the disk.

    Raises:
        OSError: it could not be written.
    """
    _check(_libc.syncfs(descriptor))


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
