"""Copy to another file system that keeps everything, on the disk before the first byte of the original goes.

What can't be kept (an owner, an attribute, a device node) is an error, and then the original stays whole.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat

from safeshell.trash.kernel import sync_file_system

_CHUNK = 1 << 24
_POLICY = ("security.selinux", "security.ima", "security.evm", "security.apparmor", "security.SMACK64")
"""Attributes that the system sets by its own policy, for each place anew."""
_COPY_OTHERWISE = (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF)
"""Errors of copy_file_range(2) where two file systems, or one, can't do it."""

Signature = tuple[int, int, int]


class Copy:
    """A copy of one entry, and what is needed to delete the original and nothing else.

    Args:
        source: the directory of the original, open.
        target: the directory of the copy, open.
        unreadable: for a directory that may not be read, or is another's: copy it as an empty one, its owner and
            attributes as far as they can be kept; deleting it fails unless it is empty.
    """

    def __init__(self, source: int, target: int, *, unreadable: bool = False) -> None:
        self._source = source
        self._target = target
        self._unreadable = unreadable
        self._links: dict[tuple[int, int], bytes] = {}
        self._signatures: dict[bytes, Signature] = {}

    def make(self, name: bytes, new_name: bytes) -> None:
        """Makes the copy, and waits until it is on the disk.

        Raises:
            OSError: something can't be copied as it is; there may be a part of a copy.
        """
        self._entry(self._source, name, self._target, new_name, new_name)
        sync_file_system(self._target)

    def delete_original(self, name: bytes, new_name: bytes) -> None:
        """Deletes what was copied.

        Raises:
            OSError: something is not as it was when it was copied, or can't be deleted.
        """
        self._delete(self._source, name, new_name)

    def _entry(self, source: int, name: bytes, target: int, new_name: bytes, path: bytes) -> None:
        status = os.lstat(name, dir_fd=source)
        kind = stat.S_IFMT(status.st_mode)
        if self._unreadable and kind != stat.S_IFDIR:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if kind == stat.S_IFDIR:
            self._directory(source, name, target, new_name, path)
        elif (status.st_dev, status.st_ino) in self._links:
            known = self._links[status.st_dev, status.st_ino]
            os.link(known, new_name, src_dir_fd=self._target, dst_dir_fd=target, follow_symlinks=False)
            self._signatures[path] = _signature(status)
            return
        elif kind == stat.S_IFREG:
            status = _copy_file(source, name, target, new_name)
        elif kind == stat.S_IFLNK:
            os.symlink(os.readlink(name, dir_fd=source), new_name, dir_fd=target)
        elif kind in (stat.S_IFIFO, stat.S_IFSOCK):
            os.mknod(new_name, kind | 0o600, dir_fd=target)
        else:
            raise OSError(errno.EXDEV, "a device node can't be moved to another file system")
        if kind != stat.S_IFDIR:
            self._signatures[path] = _signature(status)
            if status.st_nlink > 1:
                self._links[status.st_dev, status.st_ino] = path
        if self._unreadable:
            _keep_what_can_be(source, name, target, new_name, status)
        else:
            _keep(source, name, target, new_name, status)

    def _directory(self, source: int, name: bytes, target: int, new_name: bytes, path: bytes) -> None:
        os.mkdir(new_name, 0o700, dir_fd=target)
        if self._unreadable:
            return
        with contextlib.ExitStack() as stack:
            inner = _open_directory(stack, source, name)
            new_inner = _open_directory(stack, target, new_name)
            for entry in os.listdir(inner):
                inside = os.fsencode(entry)
                self._entry(inner, inside, new_inner, inside, path + b"/" + inside)

    def _delete(self, source: int, name: bytes, path: bytes) -> None:
        status = os.lstat(name, dir_fd=source)
        if not stat.S_ISDIR(status.st_mode):
            if self._signatures.get(path) != _signature(status):
                raise OSError(errno.EBUSY, "it was changed while it was moved to the trash")
            os.unlink(name, dir_fd=source)
        else:
            if not self._unreadable:
                with contextlib.ExitStack() as stack:
                    inner = _open_directory(stack, source, name)
                    for entry in os.listdir(inner):
                        inside = os.fsencode(entry)
                        self._delete(inner, inside, path + b"/" + inside)
            os.rmdir(name, dir_fd=source)


def delete(directory: int, name: bytes) -> None:
    """Deletes an entry with all that is in it, directories without permissions too; what is gone already is no error.

    Raises:
        OSError: something can't be deleted.
    """
    try:
        _delete_all(directory, name)
    except FileNotFoundError:
        return


def _delete_all(directory: int, name: bytes) -> None:
    status = os.lstat(name, dir_fd=directory)
    if not stat.S_ISDIR(status.st_mode):
        os.unlink(name, dir_fd=directory)
        return
    if status.st_mode & 0o700 != 0o700:
        with contextlib.suppress(PermissionError):  # another's directory may be deletable as it is
            os.chmod(name, 0o700, dir_fd=directory)
    with contextlib.ExitStack() as stack:
        try:
            inner = _open_directory(stack, directory, name)
        except PermissionError:
            os.rmdir(name, dir_fd=directory)
            return
        for entry in os.listdir(inner):
            delete(inner, os.fsencode(entry))
    os.rmdir(name, dir_fd=directory)


def _open_directory(stack: contextlib.ExitStack, directory: int, name: bytes) -> int:
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    stack.callback(os.close, descriptor)
    return descriptor


def _signature(status: os.stat_result) -> Signature:
    """Tells a change of the content; the change time would do too, but deleting another link changes that."""
    return status.st_ino, status.st_size, status.st_mtime_ns


def _copy_file(source: int, name: bytes, target: int, new_name: bytes) -> os.stat_result:
    with contextlib.ExitStack() as stack:
        reader = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=source)
        stack.callback(os.close, reader)
        status = os.fstat(reader)
        writer = os.open(new_name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=target)
        stack.callback(os.close, writer)
        end = status.st_size
        at = _data(reader, 0, os.SEEK_DATA, end)
        while at < end:
            until = _data(reader, at, os.SEEK_HOLE, end)
            _copy_range(reader, writer, at, until)
            at = _data(reader, until, os.SEEK_DATA, end)
        os.ftruncate(writer, end)
        return status


def _data(reader: int, at: int, whence: int, end: int) -> int:
    """Offset of the next data, or the next hole; without support for holes all is data."""
    try:
        return min(os.lseek(reader, at, whence), end)
    except OSError as error:
        return end if error.errno == errno.ENXIO or whence == os.SEEK_HOLE else at


def _copy_range(reader: int, writer: int, at: int, end: int) -> None:
    in_kernel = True
    while at < end:
        copied = 0
        if in_kernel:
            try:
                copied = os.copy_file_range(reader, writer, min(end - at, _CHUNK), at, at)
            except OSError as error:
                if error.errno not in _COPY_OTHERWISE:
                    raise
        if not copied:
            in_kernel = False
            data = os.pread(reader, min(end - at, 1 << 20), at)
            copied = os.pwrite(writer, data, at) if data else 0
        if not copied:
            raise OSError(errno.EBUSY, "it was changed while it was moved to the trash")
        at += copied


def _keep(source: int, name: bytes, target: int, new_name: bytes, status: os.stat_result) -> None:
    """Gives a copy its owner, attributes, permissions and times, each before what it would change."""
    made = os.lstat(new_name, dir_fd=target)
    if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid):
        os.chown(new_name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)
    _keep_attributes(_path(source, name), _path(target, new_name))
    if not stat.S_ISLNK(status.st_mode):
        os.chmod(new_name, stat.S_IMODE(status.st_mode), dir_fd=target)
    os.utime(new_name, ns=(status.st_atime_ns, status.st_mtime_ns), dir_fd=target, follow_symlinks=False)


def _keep_what_can_be(source: int, name: bytes, target: int, new_name: bytes, status: os.stat_result) -> None:
    with contextlib.suppress(OSError):
        _keep(source, name, target, new_name, status)
    os.chmod(new_name, stat.S_IMODE(status.st_mode), dir_fd=target)
    os.utime(new_name, ns=(status.st_atime_ns, status.st_mtime_ns), dir_fd=target)


def _keep_attributes(old: bytes, new: bytes) -> None:
    try:
        names = os.listxattr(old, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return
        raise
    for name in names:
        try:
            os.setxattr(new, name, os.getxattr(old, name, follow_symlinks=False), follow_symlinks=False)
        except OSError as error:
            if name not in _POLICY:
                raise OSError(error.errno, f"its attribute {name} can't be kept: {error.strerror}") from error


def _path(directory: int, name: bytes) -> bytes:
    """A path for the calls that take no directory's descriptor."""
    return b"/proc/self/fd/%d/%b" % (directory, name)
