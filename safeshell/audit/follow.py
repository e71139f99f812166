"""Follower of a log: reads to its end, and on from there as it grows, past every rotation."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import BinaryIO

from safeshell.audit.files import open_all, place_of

POLL_S = 0.2
"""Seconds between looks at the log: at once to a person, and on every file system, where inotify isn't."""


def follow(path: str) -> Iterator[bytes | None]:
    """The lines of a log, without their newlines, forever.

    Args:
        path: the log's.

    Yields:
        A line; None each time when there is no more for now, so that the caller can do what is due. Where the caller
        asks again, it waits a little first.

    Raises:
        OSError: a file can't be read.
    """
    current: BinaryIO | None = None
    try:
        while True:
            if current is not None:
                yield from _rest(current)
            later = _later(path, current)
            if later:
                if current is not None:
                    yield from _rest(current)  # what was written before it was rotated
                    current.close()
                *whole, current = later
                for stream in whole:
                    with stream:
                        yield from _rest(stream)
                continue
            yield None
            time.sleep(POLL_S)
    finally:
        if current is not None:
            current.close()


def _rest(stream: BinaryIO) -> Iterator[bytes]:
    """The whole lines that are left; a part of one stays for the next time, it may be written on or taken back."""
    for line in stream:
        if not line.endswith(b"\n"):
            stream.seek(-len(line), os.SEEK_CUR)
            return
        yield line[:-1]


def _later(path: str, current: BinaryIO | None) -> list[BinaryIO]:
    """The files that were begun after the one that is read, oldest first; all files at the start."""
    if current is not None and _is_at(current, path):
        return []
    streams = open_all(path)
    own = None if current is None else place_of(current)
    older = [index for index, stream in enumerate(streams) if place_of(stream) == own]
    first = older[0] + 1 if older else 0
    for stream in streams[:first]:
        stream.close()
    return streams[first:]


def _is_at(stream: BinaryIO, path: str) -> bool:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return True  # between two files: the next look finds the new one
    return (status.st_dev, status.st_ino) == place_of(stream)
