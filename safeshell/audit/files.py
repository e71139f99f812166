"""Files of the log: `audit.jsonl`, and what it was before it was rotated, `.1` the youngest."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import BinaryIO

from safeshell.home.paths import Home

NAME = "audit.jsonl"
TAIL_BYTES = 64 << 10


def log_path(home: Home) -> str:
    """Path of a home's log."""
    return os.path.join(home.root, NAME)


def rotated(path: str, number: int) -> str:
    """The file that was rotated so many times."""
    return f"{path}.{number}" if number else path


def rotations(path: str) -> list[int]:
    """The numbers of the rotated files there are, youngest first."""
    prefix = os.path.basename(path) + "."
    try:
        names = os.listdir(os.path.dirname(path) or ".")
    except FileNotFoundError:
        return []
    return sorted(
        int(name[len(prefix) :]) for name in names if name.startswith(prefix) and name[len(prefix) :].isdecimal()
    )


@contextlib.contextmanager
def opened(path: str) -> Iterator[list[BinaryIO]]:
    """The files of `open_all`, closed after the block."""
    streams = open_all(path)
    try:
        yield streams
    finally:
        for stream in streams:
            stream.close()


def open_all(path: str) -> list[BinaryIO]:
    """The log's files, oldest first, open to be read; a rotation meanwhile leaves none out.

    Args:
        path: the log's; a log that isn't there (yet) is no files.

    Raises:
        OSError: one can't be read.
    """
    found: dict[tuple[int, int], BinaryIO] = {}
    try:
        # The youngest first: what is rotated while they are opened turns up again under the next name.
        number = 0
        while number <= max(rotations(path), default=0):
            with contextlib.suppress(FileNotFoundError):
                stream: BinaryIO = open(rotated(path, number), "rb")  # noqa: SIM115 # the caller's to close
                if found.setdefault(place_of(stream), stream) is not stream:
                    stream.close()
            number += 1
    except OSError:
        for stream in found.values():
            stream.close()
        raise
    return list(reversed(found.values()))


def place_of(stream: BinaryIO) -> tuple[int, int]:
    """Identity of a file, whatever it is called: device and inode."""
    status = os.fstat(stream.fileno())
    return status.st_dev, status.st_ino


def last_lines(descriptor: int, size: int) -> Iterator[bytes]:
    """Lines of a file, the last first; before them what stands behind the last newline, b"" for nothing."""
    rest = b""
    at = size
    while at > 0:
        length = min(TAIL_BYTES, at)
        at -= length
        rest, *lines = (os.pread(descriptor, length, at) + rest).split(b"\n")
        yield from reversed(lines)
    yield rest
