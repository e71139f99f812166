"""Ancestry of processes as the kernel tells of it: who started whom, in which session, at which terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_DEPTH_MAX = 128


class Process(NamedTuple):
    """A process (/proc/PID/stat, proc(5)).

    Attributes:
        pid: its id.
        parent: its parent's.
        session: its session's.
        terminal: the device number of its controlling terminal, 0 for none.
        started: when it was started, in clock ticks after boot; with the pid it names the process.
    """

    pid: int
    parent: int
    session: int
    terminal: int
    started: int


def read(pid: int) -> Process | None:
    """A process, None where there is none (any more)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            text = stream.read()
    except OSError:
        return None
    fields = text[text.rfind(b")") + 2 :].split()  # the name before may hold anything
    return Process(pid, int(fields[1]), int(fields[3]), int(fields[4]), int(fields[19]))


def lineage(pid: int) -> Iterator[Process]:
    """A process and its ancestors, from the nearest on, as far as they can be seen."""
    for _ in range(_DEPTH_MAX):
        process = read(pid)
        if process is None:
            return
        yield process
        pid = process.parent
        if pid <= 0:
            return


def environment(pid: int) -> bytes:
    """The environment that a process was started with, as a block with a NUL before the first entry.

    Empty where it can't be read: another user's.
    """
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            return b"\0" + stream.read() + b"\0"  # a process may have overwritten the end of its own
    except OSError:
        return b"\0"
