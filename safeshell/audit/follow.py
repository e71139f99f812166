"""Reads a log to its end, and on from there as it grows, past every rotation."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO

from safeshell.audit.files import opened

POLL_S = 0.2
"""How often the log is looked at: at once to a person, and it works on every file system, where inotify doesn't."""


def follow(path: str) -> Iterator[bytes | None]:
    """The lines of a log, without their newlines, forever.

    Args:
        path: the log's.

    Yields:
        A line; None each time when there is no more for now, so that the caller can do what is due. Where the caller
        asks again, it waits a little first.
    """
    current: BinaryIO | None = None
    rest = b""
    with ExitStack() as stack:
        while True:
            came = False
            for stream in _later(path, current, stack):
                if stream is not current:
                    if rest:
                        yield rest  # torn: the file was rotated behind it
                    rest = b""
                    if current is not None:
                        current.close()
                    current = stream
                if stream.tell() > os.fstat(stream.fileno()).st_size:
                    stream.seek(0, os.SEEK_END)  # the part of a record was taken back
                    rest = b""
                for line in stream:
                    rest += line
                    if rest.endswith(b"\n"):
                        came = True
                        yield rest[:-1]
                        rest = b""
            if not came:
                yield None
                time.sleep(POLL_S)


def _later(path: str, current: BinaryIO | None, stack: ExitStack) -> list[BinaryIO]:
    """The file that is read and those begun after it, oldest first; all files at the start."""
    if current is not None and _same(current, path):
        return [current]
    with opened(path) as streams:
        kept = list(streams)
        if current is not None:
            places = [_place(stream) for stream in streams]
            own = _place(current)
            kept = streams[places.index(own) + 1 :] if own in places else streams
        found = [stack.enter_context(open(os.dup(stream.fileno()), "rb")) for stream in kept]
    return found if current is None else [current, *found]


def _same(stream: BinaryIO, path: str) -> bool:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return True  # between two files: the next look finds the new one
    return (status.st_dev, status.st_ino) == _place(stream)


def _place(stream: BinaryIO) -> tuple[int, int]:
    status = os.fstat(stream.fileno())
    return status.st_dev, status.st_ino
