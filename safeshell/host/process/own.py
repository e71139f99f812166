"""State of the daemon itself, which callers are compared with."""

from __future__ import annotations

import mmap
import os
import resource
from typing import NamedTuple

from safeshell.errors import SafeShellError
from safeshell.host.process.cgroups import Cgroups
from safeshell.host.process.open_files import raised
from safeshell.host.process.proc import DIRECTORY, root_of, slurp
from safeshell.host.process.status import Status

MOUNT = b"ns/mnt"

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
_PR_GET_MDWE = 66
_POLICY_BYTES = 64
_OPEN_FILES = b"\nMax open files            %-20d %-20d "
_LSM_LIST = "/sys/kernel/security/lsm"


class Own(NamedTuple):
    """The daemon's own state, read once.

    It stands for what the daemon's children get: a daemon that raises its limits reads it before, and its children
    have to be given the limits read here.
    """

    status: Status
    mount: bytes
    namespaces: tuple[tuple[bytes, bytes, str], ...]
    root: tuple[int, int, int]
    label: bytes | None
    cgroups: Cgroups
    limits: bytes
    nice: int
    scheduling: int
    unprovable: str
    unusual: str
    pid: int

    @classmethod
    def read(cls) -> Own:
        """Reads it.

        Raises:
            SafeShellError: /proc is missing, of another pid namespace, or lacks what is needed.
        """
        try:
            if os.readlink("/proc/self") != str(os.getpid()):
                raise SafeShellError("/proc belongs to another pid namespace", hint="mount one of this namespace")
            process = os.open("/proc/self", DIRECTORY)
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
            process = os.open(f"/proc/{pid}", DIRECTORY)
            try:
                found = cls._read(process, pid)
            finally:
                os.close(process)
        except OSError as error:
            raise SafeShellError(f"can't read the daemon's state: {error.strerror}") from error
        return found._replace(limits=_unraised(found.limits))

    @classmethod
    def _read(cls, process: int, pid: int) -> Own:
        status = Status.parse(slurp(process, "status"))
        return cls(
            status=status,
            mount=os.readlink(MOUNT, dir_fd=process),
            namespaces=_own_namespaces(process),
            root=root_of(process),
            label=_own_label(process),
            cgroups=Cgroups(slurp(process, "mountinfo")),
            limits=slurp(process, "limits"),
            nice=os.getpriority(os.PRIO_PROCESS, pid),
            scheduling=os.sched_getscheduler(pid),
            unprovable=_unprovable(status),
            unusual=_unusual(process) or (_unusual_here() if not pid else ""),
            pid=pid,
        )

    def read_cgroup(self) -> bytes:
        """Its /proc/PID/cgroup as it is now: a running daemon may be moved.

        Raises:
            OSError: it can't be read.
        """
        return slurp(None, f"/proc/{self.pid or 'self'}/cgroup")


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


def _own_label(process: int) -> bytes | None:
    try:
        return slurp(process, "attr/current")
    except OSError:  # EINVAL: no security module gives labels
        return None


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
            if int(slurp(process, name), 16) != usual:
                return f"the daemon's {reason}"
        except OSError:  # a kernel that lacks the file
            continue
    return "" if _memory_policy(process) == b"default" else "the daemon's memory policy"


def _memory_policy(process: int) -> bytes:
    try:
        descriptor = os.open("numa_maps", os.O_RDONLY | os.O_CLOEXEC, dir_fd=process)
    except OSError:  # a machine without memory nodes
        return b"default"
    try:
        # The first mapping's, which has none of its own; of so few bytes the kernel looks at no other.
        return os.read(descriptor, _POLICY_BYTES).split(b" ")[1]
    finally:
        os.close(descriptor)


def _unusual_here() -> str:
    """The same of this very process, for what no file tells of another."""
    try:
        mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()
    except OSError:
        import ctypes  # noqa: PLC0415 # a megabyte, for hardly anybody

        if ctypes.CDLL(None).prctl(_PR_GET_MDWE, *[ctypes.c_ulong(0)] * 4) > 0:
            return "the daemon's memory may not be written and executed"
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
