"""Mounts: which file system a directory is on; two mounts of one device can't rename between them."""

from __future__ import annotations

IN_MEMORY = frozenset((b"tmpfs", b"ramfs", b"devtmpfs"))
"""Types of file systems that hold what is in them in memory, and lose it."""


class Mount:
    """A mounted file system.

    Attributes:
        top: where it is mounted.
        kind: its type.
        id: its number in this mount namespace.
    """

    __slots__ = ("id", "kind", "top")

    def __init__(self, number: int, top: bytes, kind: bytes) -> None:
        self.id = number
        self.top = top
        self.kind = kind


def mount_id(descriptor: int) -> int:
    """The mount that an open file is on; -1 where there is no /proc to tell."""
    try:
        with open(f"/proc/self/fdinfo/{descriptor}", "rb") as stream:
            for line in stream:
                if line.startswith(b"mnt_id:"):
                    return int(line[7:])
    except OSError:
        pass
    return -1


def mounts() -> list[Mount]:
    """All mounts that this process sees, in the order in which they were made."""
    found = []
    try:
        with open("/proc/self/mountinfo", "rb") as stream:
            for line in stream:
                before, _, after = line.partition(b" - ")
                fields = before.split(b" ")
                found.append(Mount(int(fields[0]), _unescape(fields[4]), after.split(b" ", 1)[0]))
    except OSError:
        return []
    return found


def _unescape(path: bytes) -> bytes:
    """A path of proc(5): blanks, newlines and backslashes are there as three octal digits."""
    first, *rest = path.split(b"\\")
    return first + b"".join(bytes((int(part[:3], 8),)) + part[3:] for part in rest)
