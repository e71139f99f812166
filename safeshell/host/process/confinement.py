"""Confinement of a caller, and what else tells a native child of it from a child of the daemon.

Read from the kernel, never from the message: running a sandboxed agent's command in the daemon, outside of the
sandbox, would be an escape. What can't be read counts as different.

Some confinements leave no trace of their own in /proc:

- What a seccomp filter says. Where the daemon has filters itself (in a container), having as many of them doesn't
  prove that they are the same. It does where process 1 has that many too: everything here descends from it, filters
  are inherited and never dropped, so whoever has no more than those has exactly those. Where process 1 hasn't, nobody
  counts as alike.
- A Landlock domain. Without privileges it takes no_new_privs, by which the caller differs from a daemon that lacks
  it. Where the daemon has no_new_privs itself, nobody counts as alike, unless the kernel says that it has no Landlock.
- A Landlock domain made with CAP_SYS_ADMIN, securebits, a cgroup's eBPF programs, a root directory that is a bind mount
  of the daemon's: only root makes these. Not seen.

A caller of several threads is judged by its first one, as /proc/PID shows it.
"""

from __future__ import annotations

import errno
import os
import resource
import select
from typing import NamedTuple

from safeshell.errors import SafeShellError
from safeshell.host.process.cgroups import Cgroups
from safeshell.host.process.open_files import raised
from safeshell.host.process.status import UMASK_UNKNOWN, Status

_MOUNT = b"ns/mnt"

# What a process set for its children stands for its own too. It enters a pid namespace for its children only, and only
# one below its own, which is the daemon's or below that, or the daemon wouldn't see it: so where the children's is the
# daemon's, its own is. A time namespace is entered for both, and made for the children, who are what runs the command.
_NAMESPACES = (
    (("ns/pid_for_children", "ns/pid"), "another pid namespace"),
    (("ns/net",), "another network namespace"),
    (("ns/ipc",), "another ipc namespace"),
    (("ns/uts",), "another uts namespace"),
    (("ns/user",), "another user namespace"),
    (("ns/cgroup",), "another cgroup namespace"),
    (("ns/time_for_children",), "another time namespace"),
)

_USUAL = (("personality", 0, "personality"), ("timerslack_ns", 0x50000, "timer slack"))
"""Files of /proc/PID, what they hold by default (their digits read as hexadecimal), and what to call it."""

_GONE = "the caller is gone"
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_CLOEXEC
_BLOCK = 8192  # bytes; what is read here is longer only with hundreds of groups or mounts
_OPEN_FILES = b"\nMax open files            %-20d %-20d "
_LSM_LIST = "/sys/kernel/security/lsm"


class CallerState(NamedTuple):
    """State of a caller, as the kernel tells of it.

    Attributes:
        confined: "" where its confinement is the daemon's, else the first difference in words.
        differs: "" where a child of the daemon would be like one of its own, else the first difference in words.
            Not looked for where `confined` says something.
        umask: its umask; 0o077 where it can't be read.
        nice: its nice value; the daemon's where `confined` says something.
        same_view: whether it sees the file system as the daemon does: by mount namespace and root directory.
    """

    confined: str
    differs: str
    umask: int
    nice: int
    same_view: bool


class Own:
    """The daemon's own state, read once.

    It stands for what the daemon's children get: a daemon that raises its limits reads it before, and its children
    have to be given the limits read here.
    """

    __slots__ = (
        *("cgroup", "cgroups", "label", "limits", "mount", "namespaces"),
        *("nice", "root", "scheduling", "status", "unprovable", "unusual"),
    )

    def __init__(
        self,
        *,
        status: Status,
        mount: bytes,
        namespaces: tuple[tuple[bytes, bytes, str], ...],
        root: tuple[int, int],
        label: bytes | None,
        cgroup: bytes,
        cgroups: Cgroups,
        limits: bytes,
        nice: int,
        scheduling: int,
        unprovable: str,
        unusual: str,
    ) -> None:
        self.status = status
        self.mount = mount
        self.namespaces = namespaces
        self.root = root
        self.label = label
        self.cgroup = cgroup
        self.cgroups = cgroups
        self.limits = limits
        self.nice = nice
        self.scheduling = scheduling
        self.unprovable = unprovable
        self.unusual = unusual

    @classmethod
    def read(cls) -> Own:
        """Reads it.

        Raises:
            SafeShellError: /proc is missing, of another pid namespace, or lacks what is needed.
        """
        try:
            if os.readlink("/proc/self") != str(os.getpid()):
                raise SafeShellError("/proc belongs to another pid namespace", hint="mount one of this namespace")
            process = os.open("/proc/self", _DIRECTORY)
            try:
                return cls._read(process, 0)
            finally:
                os.close(process)
        except OSError as error:
            raise SafeShellError(f"can't read {error.filename or '/proc'}: {error.strerror}") from error

    @classmethod
    def of(cls, pid: int) -> Own:
        """Reads a running daemon's from another process, for what would be said about that one's callers.

        The daemon has raised its limit on open files; where that can be this process's own raised, it counts as equal.

        Raises:
            SafeShellError: it is gone, or can't be read from here.
        """
        try:
            process = os.open(f"/proc/{pid}", _DIRECTORY)
            try:
                found = cls._read(process, pid)
            finally:
                os.close(process)
        except OSError as error:
            raise SafeShellError(f"can't read the daemon's state: {error.strerror}") from error
        found.limits = _unraised(found.limits)
        return found

    @classmethod
    def _read(cls, process: int, pid: int) -> Own:
        status = Status.parse(_slurp(process, "status"))
        cgroup = _slurp(process, "cgroup")
        return cls(
            status=status,
            mount=os.readlink(_MOUNT, dir_fd=process),
            namespaces=_own_namespaces(process),
            root=_root(process),
            label=_own_label(process),
            cgroup=cgroup,
            cgroups=Cgroups(cgroup, _slurp(process, "mountinfo")),
            limits=_slurp(process, "limits"),
            nice=os.getpriority(os.PRIO_PROCESS, pid),
            scheduling=os.sched_getscheduler(pid),
            unprovable=_unprovable(status),
            unusual=_unusual(process),
        )


def sees_the_same(pid: int, own: Own) -> bool:
    """Whether a process sees the file system as the daemon does: what its facts are read by. False where it is gone."""
    try:
        if os.readlink(b"/proc/%d/ns/mnt" % pid) != own.mount:
            return False
        status = os.stat(b"/proc/%d/root" % pid)
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == own.root


def inspect(pid: int, own: Own, pidfd: int | None = None) -> CallerState:
    """Reads a caller.

    Args:
        pid: its process id, from the socket.
        own: the daemon's own state.
        pidfd: the process that connected, -1 where it couldn't be opened. With it the answer is certain to be about
            that process, which was alive when everything had been read.
    """
    try:
        # All is read through this descriptor, which stays with the process: no later owner of its number gets mixed in.
        process = os.open(b"/proc/%d" % pid, _DIRECTORY)
    except OSError:
        return _confined(_GONE, own)
    try:
        caller = _inspect(process, pid, own)
    finally:
        os.close(process)
    if pidfd is not None and (pidfd < 0 or not is_alive(pidfd)):
        return _confined(_GONE, own)
    return caller


def is_alive(pidfd: int) -> bool:
    """Whether the process still runs. A zombie doesn't."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return not poll.poll(0)


def _inspect(process: int, pid: int, own: Own) -> CallerState:
    confined = ""
    try:
        confined, differs, umask = own.status.compare(_slurp(process, "status"))
        view = _view(process, own)
        confined = view or _namespace(process, own) or confined or own.unprovable
        confined = confined or _label(process, own) or _cgroup(process, own)
        if confined:
            return _confined(confined, own, umask, same_view=not view)
        nice = os.getpriority(os.PRIO_PROCESS, pid)
        differs = differs or _difference(process, pid, nice, own)
        return CallerState("", differs, umask, nice, same_view=True)
    except OSError as error:
        if error.errno in (errno.ESRCH, errno.ENOENT):
            return _confined(_GONE, own)
        # Another user's namespaces can't be read, and that it is another user's says more.
        return _confined(confined or "its confinement can't be read", own)


def _confined(reason: str, own: Own, umask: int = UMASK_UNKNOWN, *, same_view: bool = False) -> CallerState:
    return CallerState(reason, "", umask, own.nice, same_view)


def _view(process: int, own: Own) -> str:
    if os.readlink(_MOUNT, dir_fd=process) != own.mount:
        return "another mount namespace"
    return "" if _root(process) == own.root else "another root directory"


def _root(process: int) -> tuple[int, int]:
    status = os.stat("root", dir_fd=process)
    return status.st_dev, status.st_ino


def _own_namespaces(process: int) -> tuple[tuple[bytes, bytes, str], ...]:
    """Those that this kernel has: where, which, and what to call another one."""
    found = []
    for candidates, reason in _NAMESPACES:
        for name in candidates:
            try:
                link = os.readlink(os.fsencode(name), dir_fd=process)
            except FileNotFoundError:
                continue
            found.append((os.fsencode(name), link, reason))
            break
    return tuple(found)


def _namespace(process: int, own: Own) -> str:
    readlink = os.readlink
    for name, link, reason in own.namespaces:
        try:
            if readlink(name, dir_fd=process) != link:
                return reason
        except FileNotFoundError:  # a pid namespace made for children that has none yet
            return reason
    return ""


def _own_label(process: int) -> bytes | None:
    try:
        return _slurp(process, "attr/current")
    except OSError:  # EINVAL: no security module gives labels
        return None


def _label(process: int, own: Own) -> str:
    if own.label is None or _slurp(process, "attr/current") == own.label:
        return ""
    return "another security label"


def _cgroup(process: int, own: Own) -> str:
    text = _slurp(process, "cgroup")
    return "" if text == own.cgroup else own.cgroups.limit(text)


def _difference(process: int, pid: int, nice: int, own: Own) -> str:
    if own.unusual:  # a caller says of itself only whether it is as usual
        return own.unusual
    if _slurp(process, "limits") != own.limits:
        return "limits"
    if nice != own.nice:
        return "nice"
    return "" if os.sched_getscheduler(pid) == own.scheduling else "scheduling"


def _unprovable(status: Status) -> str:
    """Why no caller can be shown to be confined as the daemon is, or ""."""
    if status.number(b"Seccomp"):
        try:
            with open("/proc/1/status", "rb") as file:
                first = Status.parse(file.read())
        except (OSError, SafeShellError):
            first = None
        filters = status.number(b"Seccomp_filters")
        if not filters or first is None or first.number(b"Seccomp_filters") != filters:
            return "seccomp filters that can't be compared"
    if status.number(b"NoNewPrivs") and _may_have_landlock():
        return "a Landlock domain can't be ruled out"
    return ""


def _unusual(process: int) -> str:
    """Traits of the daemon that aren't the kernel's default: a usual caller's command would have them otherwise."""
    for name, usual, reason in _USUAL:
        try:
            if int(_slurp(process, name), 16) != usual:
                return f"the daemon's {reason}"
        except OSError:  # a kernel that lacks the file
            continue
    return ""


def _unraised(limits: bytes) -> bytes:
    """A daemon's limits, with this process's own on open files where the daemon's can have come of it."""
    own = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limits.replace(_OPEN_FILES % raised(own), _OPEN_FILES % own)


def _may_have_landlock() -> bool:
    try:
        with open(_LSM_LIST, "rb") as file:
            return b"landlock" in file.read().strip().split(b",")
    except OSError:
        return True


def _slurp(process: int, name: str) -> bytes:
    descriptor = os.open(name, _READ, dir_fd=process)
    try:
        text = os.read(descriptor, _BLOCK)
        while len(text) % _BLOCK == 0 and (more := os.read(descriptor, _BLOCK)):
            text += more
        return text
    finally:
        os.close(descriptor)
