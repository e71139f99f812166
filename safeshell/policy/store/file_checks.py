"""Checks of a table file before anything maps it."""

from __future__ import annotations

import os
import stat
import struct

from safeshell.errors import TableError

COMPILE = "run `safeshell compile`"
"""The hint wherever a new compilation mends it."""

_META_MAGIC = 0xBEEFC0DE
_META_BYTES = 152


class DamagedError(TableError):
    """A table file whose contents can't be what was written to it. All of it can be compiled again."""


def check_file(path: str) -> None:
    """Looks at owner, mode, magic, and the size that the file's own pages need.

    Raises:
        DamagedError: it is another user's, writable by others, not a table, or cut short.
        TableError: it is missing or can't be read.
    """
    try:
        # Without O_NONBLOCK a named pipe would hold the reader until somebody writes.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise TableError(f"can't read {path}: {error.strerror}", hint=COMPILE) from error
    try:
        _check_status(path, os.fstat(descriptor))
        with open(descriptor, "rb", closefd=False) as stream:
            head = stream.read(_META_BYTES)
            page = struct.unpack_from("<I", head, 40)[0] if len(head) == _META_BYTES else 0
            second = b""
            if page:
                stream.seek(page)
                second = stream.read(_META_BYTES)
            # The size after the pages, for a file that grows has its pages first.
            size = os.fstat(descriptor).st_size
    except OSError as error:
        raise TableError(f"can't read {path}: {error.strerror}", hint=COMPILE) from error
    finally:
        os.close(descriptor)
    # struct MDB_meta behind a 16-byte page header: magic, version, address, map size, two databases of 48 bytes
    # (the first's first word is the page size), last page, transaction.
    metas = [
        meta
        for meta in (head, second)
        if len(meta) == _META_BYTES and struct.unpack_from("<I", meta, 16)[0] == _META_MAGIC
    ]
    if not metas:
        raise DamagedError(f"{path} is not a table file", hint=COMPILE)
    needed = max(page * (struct.unpack_from("<Q", meta, 136)[0] + 1) for meta in metas)
    if size < needed:
        raise DamagedError(f"{path} is cut short: {size} of {needed} bytes", hint=COMPILE)


def check_owner(path: str) -> None:
    """Looks whether only root can have written a file or directory.

    Raises:
        TableError: somebody else can, or it can't be looked at.
    """
    try:
        status = os.stat(path)
    except OSError as error:
        raise TableError(f"can't read {path}: {error.strerror}") from error
    if status.st_uid != 0:
        raise TableError(f"{path} belongs to uid {status.st_uid}, not to root", hint=f"chown root {path}")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise TableError(f"{path} is writable by others", hint=f"chmod go-w {path}")


def _check_status(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise DamagedError(f"{path} is not a table file", hint=COMPILE)
    if status.st_uid not in (os.geteuid(), 0):
        raise DamagedError(f"{path} belongs to uid {status.st_uid}, not to you")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise DamagedError(f"{path} is writable by others", hint=f"chmod go-w {path}")
