"""Record of a thing in the trash: a `.trashinfo` file as the freedesktop.org specification has it, and what we add.

    [Trash Info]
    Path=/home/ann/build
    DeletionDate=2025-11-22T16:20:00
    X-SafeShell-Time=1763828400123456789
    X-SafeShell-Size=40960
    X-SafeShell-Home=/home/ann/.safeshell

The date is local time, in whole seconds: not enough to put things in order, hence the time in ns since the epoch.
"""

from __future__ import annotations

import time

_HEADER = b"[Trash Info]"
_KEPT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-_.~")


class TrashRecord:
    """Record of a thing in the trash.

    Attributes:
        path: where it was; relative to the file system's top where the trash is there.
        time_ns: when it was put there, since the epoch.
        size: bytes on the disk, -1 where that is not on record.
        home: the SafeShell home that put it there, b"" for another program.
    """

    __slots__ = ("home", "path", "size", "time_ns")

    def __init__(self, path: bytes, time_ns: int, size: int, home: bytes) -> None:
        self.path = path
        self.time_ns = time_ns
        self.size = size
        self.home = home

    def write(self) -> bytes:
        """As the file has it."""
        date = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(self.time_ns // 1_000_000_000)).encode()
        lines = (
            _HEADER,
            b"Path=" + _quote(self.path),
            b"DeletionDate=" + date,
            b"X-SafeShell-Time=%d" % self.time_ns,
            b"X-SafeShell-Size=%d" % self.size,
            b"X-SafeShell-Home=" + _quote(self.home),
        )
        return b"".join(line + b"\n" for line in lines)


def read(text: bytes, changed_ns: int) -> TrashRecord:
    """Reads a record, whoever wrote it; what is missing from it has a default.

    Args:
        text: of the file.
        changed_ns: when it was last changed, where it gives no date.
    """
    values: dict[bytes, bytes] = {}
    for line in text.split(b"\n"):
        key, equals, value = line.partition(b"=")
        if equals:
            values.setdefault(key.strip(), value.strip())
    ours = _number(values.get(b"X-SafeShell-Time", b""), -1)
    return TrashRecord(
        _unquote(values.get(b"Path", b"")),
        _nanoseconds(values.get(b"DeletionDate", b""), changed_ns) if ours < 0 else ours,
        _number(values.get(b"X-SafeShell-Size", b""), -1),
        _unquote(values.get(b"X-SafeShell-Home", b"")),
    )


def _nanoseconds(date: bytes, default: int) -> int:
    try:
        return int(time.mktime(time.strptime(date.decode("ascii"), "%Y-%m-%dT%H:%M:%S"))) * 1_000_000_000
    except (ValueError, OverflowError):
        return default


def _number(text: bytes, default: int) -> int:
    return int(text) if text.isdigit() and len(text) < 20 else default


def _quote(path: bytes) -> bytes:
    return b"".join(bytes((byte,)) if byte in _KEPT else b"%%%02X" % byte for byte in path)


def _unquote(text: bytes) -> bytes:
    first, *rest = text.split(b"%")
    out = first
    for part in rest:
        try:
            out += bytes.fromhex(part[:2].decode("ascii")) + part[2:]
        except ValueError:
            out += b"%" + part
    return out
