"""Who else can type at a terminal: who holds its other end, and multiplexers, which type what they are told to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from safeshell.host.process.ancestry import Process, lineage

MULTIPLEXERS = ("tmux", "screen", "SCREEN", "zellij", "byobu", "dtach", "abduco", "dvtm", "mtm", "tmate")
"""How the names of such programs begin. Some are set-group-ID, so that what they hold can't be seen."""

_PSEUDO_MAJORS = range(136, 144)
"""Of the user's end of a pseudo-terminal (devices.txt of the kernel)."""

_MASTERS = ("/dev/ptmx", "/dev/pts/ptmx")


def who_types(process: Process) -> str:
    """Who can type at a process's controlling terminal besides a person; "" where nobody is seen who could.

    It is a multiplexer that the process runs in, or a process that this one may look into and that holds the other end:
    a terminal emulator, `script`, an agent. Whoever may look into it may also type by it. The other end of a console
    is the kernel's; that of an SSH session is a process's that nobody of the same user may look into.
    """
    for ancestor in lineage(process.pid):
        name = _name(ancestor.pid)
        if name.startswith(MULTIPLEXERS):
            return f"{name} (process {ancestor.pid})"
    number = _number(process.terminal)
    if number is None:
        return ""
    for pid in _pids():
        if pid != process.pid and _holds(pid, number):
            return f"{_name(pid) or 'a program'} (process {pid})"
    return ""


def _number(terminal: int) -> int | None:
    """The number of a pseudo-terminal among its like, by its device's; None for any other."""
    major = (terminal >> 8) & 0xFFF
    minor = (terminal & 0xFF) | ((terminal >> 12) & 0xFFF00)
    return minor + ((major - _PSEUDO_MAJORS[0]) << 8) if major in _PSEUDO_MAJORS else None


def _pids() -> Iterable[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def _holds(pid: int, number: int) -> bool:
    """Whether a process holds the other end of this pseudo-terminal, as far as it can be looked into."""
    with contextlib.suppress(OSError):  # another user's, one that may not be looked into, or gone
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                path = os.readlink(f"/proc/{pid}/fd/{descriptor}")
                if path.endswith(_MASTERS) and _index(pid, descriptor) in (number, None):
                    return True
    return False


def _index(pid: int, descriptor: str) -> int | None:
    """Which pseudo-terminal a descriptor is the other end of; None where the kernel doesn't say."""
    with open(f"/proc/{pid}/fdinfo/{descriptor}", encoding="ascii") as stream:
        for line in stream:
            if line.startswith("tty-index:"):
                return int(line.split()[1])
    return None


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as stream:
            return stream.read().rstrip("\n")
    except OSError:
        return ""
