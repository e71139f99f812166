"""Paths as bytes: joined, resolved, and shown in reasons."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safeshell.host.git.files import Files

_LINKS_MAX = 40  # the kernel's


def plain(directory: bytes) -> bytes:
    """A directory without slashes at its end."""
    return directory.rstrip(b"/") or b"/"


def under(directory: bytes, name: bytes) -> bytes:
    """The path of a name in a directory."""
    return directory + name if directory == b"/" else directory + b"/" + name


def join(directory: bytes, path: bytes) -> bytes:
    """A path, relative to a directory where it isn't absolute.

    Raises:
        ValueError: it is empty.
    """
    if not path:
        raise ValueError("an empty path")
    return path if path.startswith(b"/") else under(directory, path)


def real(files: Files, path: bytes, *, may_miss_last: bool = False) -> bytes:
    """A path with its links resolved. With `may_miss_last` its last component need not exist, as in realpath(1).

    Raises:
        OSError: something of it isn't there, or can't be searched.
        ValueError: there are too many links, or one of another process.
    """
    done = b""
    pending = path.split(b"/")[::-1]
    links = 0
    while pending:
        name = pending.pop()
        if name in (b"", b"."):
            continue
        if name == b"..":
            done = done.rpartition(b"/")[0]
            continue
        done += b"/" + name
        try:
            status = files.lstat(done)
        except FileNotFoundError:
            if may_miss_last and not any(pending):
                return done
            raise
        if not stat.S_ISLNK(status.st_mode):
            continue
        links += 1
        if links > _LINKS_MAX or done.startswith(b"/proc/"):
            raise ValueError(f"{show(path)}: can't be followed")  # /proc/self is another process for the caller
        target = files.readlink(done)
        done = b"" if target.startswith(b"/") else done.rpartition(b"/")[0]
        pending.extend(target.split(b"/")[::-1])
    return done or b"/"


def show(text: bytes) -> str:
    """Bytes as a reason quotes them."""
    return repr(text)[1:]


def reason(error: OSError | ValueError) -> str:
    """A line that says what failed and why."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{show(os.fsencode(error.filename))}: {error.strerror}"
    return str(error)
