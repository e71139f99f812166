"""Processes as the kernel tells of them: who started whom, in which session, at which terminal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
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


def names_variable(pid: int, names: Iterable[str]) -> str:
    """The first of these variables that the process was started with a value for, or ""; unreadable counts as none."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            entries = b"\0" + stream.read()
    except OSError:
        return ""
    for name in names:
        at = entries.find(b"\0" + os.fsencode(name) + b"=")
        if at >= 0 and entries[at + len(name) + 2 : at + len(name) + 3] not in (b"", b"\0"):
            return name
    return ""
