"""Limits of control groups: whether one limits its members in a way that the daemon's own does not.

Every systemd terminal and service has a cgroup of its own, so a different one says nothing. What counts is a limit on
the caller's path that a child of the daemon would escape: one the daemon's path lacks, or has only looser.
Limits that eBPF programs set (systemd's IPAddressDeny=, DeviceAllow=) can't be seen here.
"""

from __future__ import annotations

import os
import re
import stat
from functools import cache
from time import monotonic

from safeshell.host.mounts import unescape

KEPT = 256
"""Texts of /proc/PID/cgroup whose answer is kept; a build in many scopes starts over rather than grow the daemon."""

KEPT_FOR = 10.0
"""Seconds that a limit is remembered, and that the daemon has none of its own. That a caller has none never is: one can
be set on a running cgroup."""

UNREADABLE = "cgroup limits that can't be read"

# Compiled when they are needed: few callers have another cgroup than the daemon.
_CEILING = rb"(memory|pids|hugetlb)\..*(max|high|limit_in_bytes)|cpu\.max|cpu\.cfs_quota_us"
_OTHER = rb"(io|misc|rdma|dmem|cpu\.uclamp)\.max|cpuset\.(cpus|mems)|devices\.list|blkio\.throttle\..*_device"
_UNSET_LINE = rb"(\S+ )?(\w+=)?max( \w+=max)*|a \*:\* rwm"
_NO_LIMIT = (
    rb"cgroup\..*|tasks|notify_on_release|release_agent|cpuacct\..*|cpuset\..*|debug\..*|"
    rb".*\.(pressure|peak|current|capacity|usage|failcnt|(max_)?usage_in_bytes|(numa_)?stat|(stat|events)(\.local)?)|"
    rb"cpu\.(weight(\.nice)?|idle|shares|max\.burst|cfs_(period|burst)_us|rt_(period|runtime)_us|uclamp\.min)|"
    rb"memory\.(min|low|oom\.group|oom_control|zswap\.writeback|swappiness|use_hierarchy|move_charge_at_immigrate)|"
    rb"dmem\.(min|low)|(io|blkio)\.(bfq\.)?(leaf_)?weight(_device)?|(io|blkio)\.(latency|prio\.class)|"
    rb"io\.cost\.(qos|model)"
)
"""Settings and figures that aren't limits: shares, protections, what is counted. What can be set and isn't known counts
as a limit where the daemon has another."""
_FILES = frozenset(
    (b"", b"cpu", b"cpuacct", b"cpuset", b"memory", b"pids", b"blkio", b"devices", b"hugetlb", b"rdma", b"misc")
)
"""Controllers whose limits stand in files. Of others (freezer, net_cls, perf_event) being in a group is all."""
_NO_CEILING = 1 << 62  # v1 writes "none" as the highest whole page

Limit = float | bytes
"""A ceiling as a number, where a lower one is tighter; any other limit as the kernel writes it."""

Found = tuple[str, str]
"""What limits a caller and not the daemon, and what the daemon and not the caller, in words; the second is only looked
for where there is no first."""


class Cgroups:
    """The hierarchies that are mounted here, in which a caller's cgroups are compared with the daemon's."""

    __slots__ = ("_known", "_mounts")

    def __init__(self, mountinfo: bytes) -> None:
        self._mounts = _mounts(mountinfo)
        self._known: dict[tuple[bytes, bytes], tuple[float, Found]] = {}

    def compare(self, text: bytes, own: bytes) -> Found:
        """Compares a process's cgroups with the daemon's, each given as its /proc/PID/cgroup."""
        if text == own:
            return "", ""
        now = monotonic()
        known = self._known.get((text, own))
        is_known = known is not None and known[0] >= now
        if known is not None and is_known and any(known[1]):
            return known[1]
        found = self._look_up(_paths(text), _paths(own), both=not is_known)
        if any(found) or not is_known:
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[text, own] = (now + KEPT_FOR, found)
        return found

    def _look_up(self, theirs: dict[bytes, bytes], own: dict[bytes, bytes], *, both: bool) -> Found:
        if theirs.keys() != own.keys():
            return UNREADABLE, ""
        lacks = ""
        try:
            for controllers, path in theirs.items():
                if path == own[controllers] or controllers.startswith(b"name="):
                    continue
                if not _FILES.issuperset(controllers.split(b",")):
                    return f"another cgroup of {os.fsdecode(controllers)}", ""
                here, there = self._directories(controllers, own[controllers]), self._directories(controllers, path)
                if found := _first_limit(there, here):
                    return f"cgroup limit {os.fsdecode(found)}", ""
                if both and not lacks and (found := _first_limit(here, there)):
                    lacks = f"the daemon's cgroup limit {os.fsdecode(found)}"
        except (OSError, ValueError):
            return UNREADABLE, ""
        return "", lacks

    def _directories(self, controllers: bytes, path: bytes) -> list[bytes]:
        """The cgroup's directories, from its own up to the top that is mounted here."""
        wanted = frozenset(controllers.split(b","))
        for kinds, root, point in self._mounts:
            if wanted <= kinds and (path + b"/").startswith(root.rstrip(b"/") + b"/"):
                parts = [part for part in path[len(root) :].split(b"/") if part]
                if b".." not in parts:
                    return [b"/".join([point, *parts[:depth]]) for depth in range(len(parts), -1, -1)]
        raise FileNotFoundError(path)


def _first_limit(limited: list[bytes], other: list[bytes]) -> bytes:
    """The first limit on one path of directories that the other lacks, or has only looser."""
    missing = [(name, limit) for directory in limited if directory not in other for name, limit in _limits(directory)]
    if not missing:
        return b""
    theirs = [entry for directory in other for entry in _limits(directory)]
    for name, limit in missing:
        if not any(name == known and _as_tight(given, limit) for known, given in theirs):
            return name
    return b""


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
            found.append((kinds, unescape(fields[3]), unescape(fields[4])))
    return found


def _limits(directory: bytes) -> list[tuple[bytes, Limit]]:
    """Limits in one cgroup's directory, by file name, and what can be set of it and isn't known.

    Raises:
        OSError: the cgroup is gone or can't be read.
        ValueError: a file holds what this kernel's documentation does not say.
    """
    found: list[tuple[bytes, Limit]] = []
    for name in sorted(os.listdir(directory)):
        kind = _kind(name)
        if kind == "ceiling":
            ceiling = _ceiling(directory, name)
            if ceiling is not None:
                found.append((name, ceiling))
        elif kind == "limit":
            text = _read(directory, name)
            if not all(re.fullmatch(_UNSET_LINE, line) for line in text.splitlines()):
                found.append((name, text))
        elif kind == "unknown" and _is_setting(directory, name):
            found.append((name, _read(directory, name)))
    return found


@cache
def _kind(name: bytes) -> str:
    """What a cgroup's file is: a "ceiling", another "limit", "unknown", or "" for what limits nothing."""
    if re.fullmatch(_CEILING, name):
        return "ceiling"
    if re.fullmatch(_OTHER, name):
        return "limit"
    return "" if re.fullmatch(_NO_LIMIT, name) else "unknown"


def _is_setting(directory: bytes, name: bytes) -> bool:
    """Whether a file can be read and set: what can only be read is a figure, what can only be written a trigger."""
    mode = os.lstat(os.path.join(directory, name)).st_mode
    return stat.S_ISREG(mode) and bool(mode & 0o444) and bool(mode & 0o222)


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
