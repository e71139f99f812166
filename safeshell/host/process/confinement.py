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
- A Landlock domain made with CAP_SYS_ADMIN, memory that may not be both written and executed (MDWE), the processor's
  time stamp counter taken away, securebits: the native client says these of itself (CONFINED), which only adds to what
  is seen here. Whoever speaks the protocol by itself, or through bash, can't be held to it.
- A cgroup's eBPF programs, which only root attaches. Not seen.

A caller of several threads is judged by its first one, as /proc/PID shows it.
"""

from __future__ import annotations

import errno
import os
import select
from typing import NamedTuple

from safeshell.host.process.own import MOUNT, Own
from safeshell.host.process.proc import DIRECTORY, root_of, slurp
from safeshell.host.process.status import UMASK_UNKNOWN

_GONE = "the caller is gone"


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


def sees_the_same(pid: int, own: Own) -> bool:
    """Whether a process sees the file system as the daemon does: what its facts are read by. False where it is gone."""
    try:
        process = os.open(b"/proc/%d" % pid, DIRECTORY)
    except OSError:
        return False
    try:
        return not _view(process, own)
    except OSError:
        return False
    finally:
        os.close(process)


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
        process = os.open(b"/proc/%d" % pid, DIRECTORY)
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
        confined, differs, umask = own.status.compare(slurp(process, "status"))
        view = _view(process, own)
        confined = view or _namespace(process, own) or confined or own.unprovable
        confined = confined or _label(process, own)
        if not confined:
            confined, lacks = own.cgroups.compare(slurp(process, "cgroup"), own.read_cgroup())
            differs = differs or lacks
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
    if os.readlink(MOUNT, dir_fd=process) != own.mount:
        return "another mount namespace"
    return "" if root_of(process) == own.root else "another root directory"


def _namespace(process: int, own: Own) -> str:
    readlink = os.readlink
    for name, link, reason in own.namespaces:
        try:
            if readlink(name, dir_fd=process) != link:
                return reason
        except FileNotFoundError:  # a pid namespace made for children that has none yet
            return reason
    return ""


def _label(process: int, own: Own) -> str:
    if own.label is None or slurp(process, "attr/current") == own.label:
        return ""
    return "another security label"


def _difference(process: int, pid: int, nice: int, own: Own) -> str:
    if own.unusual:  # a caller says of itself only whether it is as usual
        return own.unusual
    if slurp(process, "limits") != own.limits:
        return "limits"
    if nice != own.nice:
        return "nice"
    return "" if os.sched_getscheduler(pid) == own.scheduling else "scheduling"
