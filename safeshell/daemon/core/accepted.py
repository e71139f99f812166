"""Connections as the native front takes them, with what it has received."""

from __future__ import annotations

from typing import NamedTuple

CHUNK = 256 << 10
BUFFER = bytearray(CHUNK)
"""One buffer for all: the daemon reads one connection at a time, and its pages stay warm."""

ALIKE, REPEATED = 1, 2
"""How a request was seen lately: one that begins alike, or the very same."""


class Accepted(NamedTuple):
    """A connection as the native front takes it, with what has come of its request.

    Attributes:
        fd: the socket.
        pid, uid: the process that connected, from the kernel.
        pidfd: a descriptor of it.
        descriptors: what it passed.
        truncated: whether it passed more than could be taken.
        size: bytes of the request, in `BUFFER`.
        seen: whether the same request has been seen lately (REPEATED), or one that begins alike (ALIKE), else 0.
        slot: the answer that was given again, -1 for none.
        child: the command that runs by that answer, or 0.
        directory: where it was sent from, if it is seen there as the daemon sees it, no repository's rules apply, and
            the sources of the user's are unchanged; else nothing, and all of that has to be found out.
        began, accepted, received, recalled, inspected, spawned: when it came and when each stage ended, ns; 0 where
            nothing is timed. The last three only with a child, of which `spawned` is always there.
    """

    fd: int
    pid: int
    uid: int
    pidfd: int
    descriptors: list[int]
    truncated: bool
    size: int
    seen: int
    slot: int
    child: int
    directory: bytes
    began: int
    accepted: int
    received: int
    recalled: int
    inspected: int
    spawned: int
