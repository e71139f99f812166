"""Mounts: where this process sees what another one sees, by the mounts of both (proc(5), mountinfo)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

_ESCAPE = re.compile(rb"\\([0-7]{3})")


class _Mount(NamedTuple):
    """A mount: the file system's device, which of its directories is shown, and where."""

    device: bytes
    root: bytes
    point: bytes


def own_path(path: bytes, root: bytes) -> bytes | None:
    """A path by which this process reaches the very file that another one finds at `path`.

    Args:
        path: absolute, as the other process says it.
        root: the other process's root directory, `/proc/PID/root`.

    Returns:
        The path, or None where none is found: what is another file here, or is on no mount that this process sees.
    """
    try:
        theirs = _find(path, list(_mounts(os.path.dirname(root))))
        if theirs is None:
            return None
        inner = _below(path, theirs.point)
        whole = theirs.root.rstrip(b"/") + inner
        for mount in _mounts(b"/proc/self"):
            if mount.device == theirs.device and _is_below(whole, mount.root):
                found = mount.point.rstrip(b"/") + _below(whole, mount.root)
                if os.path.isabs(found) and _is_same(root + path, found):
                    return found
    except OSError:
        pass
    return None


def _find(path: bytes, mounts: list[_Mount]) -> _Mount | None:
    """The mount that a path leads to; of several at one place the last one hides the others."""
    found = None
    for mount in mounts:
        if _is_below(path, mount.point) and (found is None or len(mount.point) >= len(found.point)):
            found = mount
    return found


def _is_below(path: bytes, top: bytes) -> bool:
    return (path + b"/").startswith(top.rstrip(b"/") + b"/")


def _below(path: bytes, top: bytes) -> bytes:
    return path[len(top.rstrip(b"/")) :]


def _mounts(process: bytes) -> Iterator[_Mount]:
    with open(process + b"/mountinfo", "rb") as file:
        for line in file:
            fields = line.split(b" ", 5)
            yield _Mount(fields[2], unescape(fields[3]), unescape(fields[4]))


def unescape(field: bytes) -> bytes:
    """A path as mountinfo has it, with its blanks."""
    return _ESCAPE.sub(lambda escape: bytes([int(escape[1], 8)]), field) if b"\\" in field else field


def _is_same(left: bytes, right: bytes) -> bool:
    try:
        return os.path.samefile(left, right)
    except OSError:
        return False
