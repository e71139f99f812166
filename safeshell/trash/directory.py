"""Trash directory: its layout on the disk, and putting things there and taking them out.

    files/NAME             the thing
    info/NAME.trashinfo    its record, written first
    staging/               copies that are being made
    expunged/              what is being deleted
    sizes                  how much is in it, so that not every `rm` has to read every record

One at the top of a file system is shared with desktops and other homes: what has our home on record is ours.

Whoever adds or takes out holds the lock on `sizes`, as long as a rename takes; copying and deleting happen outside it.
A process that is killed leaves at worst a record without its thing, or something in `staging` or `expunged`: those
count as nothing, and are cleared away by the next one that makes room.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
import zlib
from collections.abc import Iterator

from safeshell.trash.copying import delete
from safeshell.trash.errors import RefusedError
from safeshell.trash.kernel import look, rename_new
from safeshell.trash.moving import STAGING, is_for_empty, move_copy, move_empty, sweep
from safeshell.trash.quoting import shown
from safeshell.trash.record import TrashRecord, read
from safeshell.trash.sizes import Sizes

_INFO = b".trashinfo"
_NAME_MAX = 255
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Entry:
    """A thing in a trash directory.

    Attributes:
        name: under `files`.
        record: what is known of it.
    """

    __slots__ = ("name", "record", "trash")

    def __init__(self, trash: TrashDirectory, name: bytes, record: TrashRecord) -> None:
        self.trash = trash
        self.name = name
        self.record = record

    @property
    def path(self) -> bytes:
        """Path where it was, absolute; b"" where that is not known."""
        path = self.record.path
        return os.path.join(self.trash.top, path) if path else b""


class TrashDirectory:
    """A trash directory, open.

    Args:
        root: its path, absolute.
        top: what paths in its records are relative to.
        home: the SafeShell home whose things it is used for.
        create: whether to make what is missing of it.
        shared: whether others put things there too.

    Attributes:
        added: names of what this process has put there.
        added_size: bytes on the disk of that.

    Raises:
        OSError: there is none, or it can't be made.
        RefusedError: it isn't the user's own.
    """

    def __init__(self, root: bytes, top: bytes, home: bytes, *, create: bool, shared: bool) -> None:
        self.root = root
        self.top = top
        self.home = home
        self.shared = shared
        self.added: set[bytes] = set()
        self.added_size = 0
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as opening:
            if create:
                _make(root)
            self.fd = self._open(root, None, opening)
            if os.fstat(self.fd).st_uid != os.geteuid():
                raise RefusedError(f"{shown(root)} belongs to another user")
            for part in (b"files", b"info", STAGING, b"expunged") if create else ():
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o700, dir_fd=self.fd)
            self.files = self._open(b"files", self.fd, opening)
            self._info = self._open(b"info", self.fd, opening)
            self._staging = self._open(STAGING, self.fd, opening)
            self._expunged = self._open(b"expunged", self.fd, opening)
            sizes = b"sizes-%08x" % zlib.crc32(home) if shared else b"sizes"
            self.sizes = Sizes(self.fd, sizes, self._info)
            opening.callback(self.sizes.close)
            self._stack = opening.pop_all()

    @staticmethod
    def _open(path: bytes, directory: int | None, stack: contextlib.ExitStack) -> int:
        descriptor = os.open(path, _FLAGS, dir_fd=directory)
        stack.callback(os.close, descriptor)
        return descriptor

    def close(self) -> None:
        """Gives back its descriptors."""
        self._stack.close()

    def holds(self, path: bytes) -> bool:
        """Whether an absolute path without links is the trash's own, or in it."""
        root = os.path.realpath(self.root)
        return path == root or path.startswith(root + b"/")

    def put_by_rename(self, source: int, name: bytes, path: bytes, size: int) -> None:
        """Moves an entry of an open directory here.

        Args:
            source: the directory.
            name: the entry's name there.
            path: its absolute path.
            size: bytes on the disk.

        Raises:
            OSError: EXDEV from another file system; or it can't be moved. It is where it was.
        """
        try:
            self._publish(source, name, name, path, size)
        except OSError as error:
            if error.errno == errno.EINVAL:
                raise RefusedError("the trash is in it") from error
            if not is_for_empty(error, source, name):
                raise
            try:
                self.put_empty(source, name, path)
            except OSError:
                raise error from None

    def put_empty(self, source: int, name: bytes, path: bytes) -> None:
        """Moves an empty directory that may not be read, or not be written, here.

        Raises:
            OSError: it isn't empty, or can't be moved.
        """
        record = self._describe(path, 0)
        with self.sizes.locked():
            reserved = self._reserve(name, record)
            try:
                move_empty(source, name, self.files, reserved)
            except BaseException:
                self._withdraw_unless_there(reserved)
                raise
            self._count(reserved, record)

    def put_by_copy(self, source: int, name: bytes, path: bytes, size: int) -> None:
        """Copies an entry of another file system here and deletes it there.

        Raises:
            OSError: it can't be copied, and is whole where it was; or it can't be deleted, and is whole here.
        """

        def publish(directory: int, copy: bytes) -> None:
            self._publish(directory, copy, name, path, size)

        move_copy(source, name, self._staging, publish)

    def _publish(self, source: int, name: bytes, wanted: bytes, path: bytes, size: int) -> None:
        record = self._describe(path, size)
        with self.sizes.locked():
            reserved = self._reserve(wanted, record)
            try:
                rename_new(source, name, self.files, reserved)
            except BaseException:
                self._withdraw_unless_there(reserved)
                raise
            self._count(reserved, record)

    def _describe(self, path: bytes, size: int) -> TrashRecord:
        relative = path[len(self.top) :].lstrip(b"/") if self.top != b"/" else path
        return TrashRecord(relative, time.time_ns(), size, self.home)

    def _count(self, name: bytes, record: TrashRecord) -> None:
        self.added.add(name)
        self.added_size += record.size
        self.sizes.add(record.size, record.time_ns)

    def _reserve(self, name: bytes, record: TrashRecord) -> bytes:
        """Writes a record under the first free name like this; nobody else can have that name then."""
        for number in range(1, 1 << 62):
            # After a few, the time finds a free one at once.
            suffix = b"" if number == 1 else b".%d" % (number if number < 10 else time.time_ns())
            wanted = name[: _NAME_MAX - len(_INFO) - len(suffix)] + suffix
            try:
                descriptor = os.open(
                    wanted + _INFO, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=self._info
                )
            except FileExistsError:
                continue
            with os.fdopen(descriptor, "wb", buffering=0) as stream:
                stream.write(record.write())
            if not self._has(wanted):
                return wanted
            self._withdraw(wanted)  # a thing whose record was lost stands there
        raise AssertionError

    def _has(self, name: bytes) -> bool:
        try:
            look(self.files, name)
        except FileNotFoundError:
            return False
        return True

    def _withdraw(self, name: bytes) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name + _INFO, dir_fd=self._info)

    def _withdraw_unless_there(self, name: bytes) -> None:
        """An interrupt may come when the thing is in its place already; then it needs its record."""
        if not self._has(name):
            self._withdraw(name)

    def entries(self) -> list[Entry]:
        """Entries that are ours, oldest first; things without a record are as old as their directory entry."""
        found = []
        for listed in os.listdir(self.files):
            name = os.fsencode(listed)
            with contextlib.suppress(FileNotFoundError):
                record = self._read(name)
                if record.home == self.home or not self.shared:
                    found.append(Entry(self, name, record))
        return sorted(found, key=lambda entry: (entry.record.time_ns, entry.name))

    def _read(self, name: bytes) -> TrashRecord:
        changed = os.lstat(name, dir_fd=self.files)
        try:
            descriptor = os.open(name + _INFO, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._info)
        except OSError:
            return TrashRecord(b"", changed.st_ctime_ns, -1, b"")  # its record was lost
        with os.fdopen(descriptor, "rb") as stream:
            return read(stream.read(1 << 20), changed.st_ctime_ns)

    def forget(self, name: bytes) -> None:
        """Removes the record of something that was taken out; the lock is held."""
        self._withdraw(name)
        self.sizes.forget()

    def expunge(self, entries: list[Entry]) -> None:
        """Takes these out for good, in two steps: the lock is held for the first, which is short.

        Raises:
            OSError: something can't be deleted.
        """
        for entry in entries:
            aside = b"%d-%s" % (os.getpid(), os.urandom(6).hex().encode())
            with contextlib.suppress(FileNotFoundError):
                rename_new(self.files, entry.name, self._expunged, aside)
                self.forget(entry.name)

    def clear(self) -> None:
        """Deletes what was expunged, and what copies left that were killed; not under the lock: it may take long.

        Raises:
            OSError: something can't be deleted.
        """
        sweep(self._staging)
        for name in os.listdir(self._expunged):
            delete(self._expunged, os.fsencode(name))

    def measure(self, name: bytes) -> int:
        """Bytes on the disk of a thing whose record doesn't say."""
        return _measure(self.files, name)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps others from adding and taking out."""
        with self.sizes.locked():
            yield


def _make(root: bytes) -> None:
    os.makedirs(os.path.dirname(root), 0o700, exist_ok=True)
    try:
        os.mkdir(root, 0o700)
    except FileExistsError:
        return


def _measure(directory: int, name: bytes) -> int:
    node = look(directory, name)
    if node.mode & 0o170000 != 0o040000:
        return node.space
    try:
        inner = os.open(name, _FLAGS, dir_fd=directory)
    except OSError:
        return node.space
    try:
        return node.space + sum(_measure(inner, os.fsencode(entry)) for entry in os.listdir(inner))
    finally:
        os.close(inner)
