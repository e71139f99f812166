"""Limits of control groups: whether one limits its members in a way that the daemon's own does not.

Every systemd terminal and service has a cgroup of its own, so a different one says nothing. What counts is a limit on
the caller's path that a child of the daemon would escape: one the daemon's path lacks, or has only looser.
Limits that eBPF programs set (systemd's IPAddressDeny=, DeviceAllow=) can't be seen here.
"""

from __future__ import annotations

import os
import re
from time import monotonic

KEPT = 256
"""Texts of /proc/PID/cgroup whose answer is kept; a build in many scopes starts over rather than grow the daemon."""

KEPT_FOR = 10.0
"""Seconds that an answer is kept: limits can be set on a running cgroup, and names are used again."""

UNREADABLE = "cgroup limits that can't be read"

# Compiled when they are needed: few callers have another cgroup than those before.
_CEILING = rb"(memory|pids|hugetlb)\..*(max|high|limit_in_bytes)|cpu\.max|cpu\.cfs_quota_us"
_OTHER = rb"(io|misc|rdma|dmem|cpu\.uclamp)\.max|cpuset\.(cpus|mems)|devices\.list|blkio\.throttle\..*_device"
_UNSET_LINE = rb"(\S+ )?(\w+=)?max( \w+=max)*|a \*:\* rwm"
_NO_CEILING = 1 << 62  # v1 writes "none" as the highest whole page
_ESCAPE = rb"\\([0-7]{3})"

Limit = float | bytes
"""A ceiling as a number, where a lower one is tighter; any other limit as the kernel writes it."""


class Cgroups:
    """The daemon's cgroups, to compare a caller's with."""

    __slots__ = ("_known", "_mounts", "_own")

    def __init__(self, own: bytes, mountinfo: bytes) -> None:
        self._own = _paths(own)
        self._mounts = _mounts(mountinfo)
        self._known: dict[bytes, tuple[float, str]] = {}

    def limit(self, text: bytes) -> str:
        """The first limit that a process with this /proc/PID/cgroup has and the daemon lacks, in words, or ""."""
        now = monotonic()
        known = self._known.get(text)
        if known is None or known[0] < now:
            if len(self._known) >= KEPT:
                self._known.clear()
            known = self._known[text] = (now + KEPT_FOR, self._look_up(text))
        return known[1]

    def _look_up(self, text: bytes) -> str:
        theirs = _paths(text)
        if theirs.keys() != self._own.keys():
            return UNREADABLE
        try:
            for controllers, path in theirs.items():
                if path != self._own[controllers] and not controllers.startswith(b"name="):
                    found = self._first_limit(controllers, path)
                    if found:
                        return f"cgroup limit {os.fsdecode(found)}"
        except (OSError, ValueError):
            return UNREADABLE
        return ""

    def _first_limit(self, controllers: bytes, path: bytes) -> bytes:
        shared = self._directories(controllers, self._own[controllers])
        private = [directory for directory in self._directories(controllers, path) if directory not in shared]
        own: dict[bytes, list[Limit]] = {}
        for directory in shared:
            for name, limit in _limits(directory):
                own.setdefault(name, []).append(limit)
        for directory in private:
            for name, limit in _limits(directory):
                if not any(_as_tight(mine, limit) for mine in own.get(name, ())):
                    return name
        return b""

    def _directories(self, controllers: bytes, path: bytes) -> list[bytes]:
        """The cgroup's directories, from its own up to the top that is mounted here."""
        wanted = frozenset(controllers.split(b","))
        for kinds, root, point in self._mounts:
            if wanted <= kinds and (path + b"/").startswith(root.rstrip(b"/") + b"/"):
                parts = [part for part in path[len(root) :].split(b"/") if part]
                if b".." not in parts:
                    return [b"/".join([point, *parts[:depth]]) for depth in range(len(parts), -1, -1)]
        raise FileNotFoundError(path)


def _paths(text: bytes) -> dict[bytes, bytes]:
    """/proc/PID/cgroup as {controllers: path}; the unified hierarchy's controllers are b""."""
    fields = (line.split(b":", 2) for line in text.splitlines())
    return {field[1]: field[2] for field in fields if len(field) == 3}


def _mounts(mountinfo: bytes) -> list[tuple[frozenset[bytes], bytes, bytes]]:
    """The hierarchies that are mounted here: what they control, which part is mounted, and where."""
    found = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(b" - ")
        fields, (kind, *_, options) = before.split(), after.split()
        if kind in (b"cgroup", b"cgroup2"):
            kinds = frozenset(options.split(b",")) if kind == b"cgroup" else frozenset([b""])
            found.append((kinds, _unescape(fields[3]), _unescape(fields[4])))
    return found


def _unescape(field: bytes) -> bytes:
    return re.sub(_ESCAPE, lambda escape: bytes([int(escape[1], 8)]), field) if b"\\" in field else field


def _limits(directory: bytes) -> list[tuple[bytes, Limit]]:
    """Limits in one cgroup's directory, by file name.

    Raises:
        OSError: the cgroup is gone or can't be read.
        ValueError: a file holds what this kernel's documentation does not say.
    """
    found: list[tuple[bytes, Limit]] = []
    for name in sorted(os.listdir(directory)):
        if re.fullmatch(_CEILING, name):
            ceiling = _ceiling(directory, name)
            if ceiling is not None:
                found.append((name, ceiling))
        elif re.fullmatch(_OTHER, name):
            text = _read(directory, name)
            if not all(re.fullmatch(_UNSET_LINE, line) for line in text.splitlines()):
                found.append((name, text))
    return found


def _ceiling(directory: bytes, name: bytes) -> float | None:
    words = _read(directory, name).split()
    if words[:1] in ([b"max"], [b"-1"]):
        return None
    value = int(words[0])
    if name == b"cpu.max":
        return value / int(words[1])
    if name == b"cpu.cfs_quota_us":
        return value / int(_read(directory, b"cpu.cfs_period_us"))
    return None if value >= _NO_CEILING else value


def _as_tight(mine: Limit, theirs: Limit) -> bool:
    if isinstance(mine, bytes) or isinstance(theirs, bytes):
        return mine == theirs
    return mine <= theirs


def _read(directory: bytes, name: bytes) -> bytes:
    with open(directory + b"/" + name, "rb", buffering=0) as file:
        return file.read()
