"""Faults at system calls, by strace: it counts those that change something, then a run a call has that one fail.

Nothing is simulated: the kernel answers with an error, or the process is killed as it enters the call, by
`strace --inject`. A call is named by its number among the calls of its name in one process; with `-f`, in each process.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

STRACE = shutil.which("strace") or "strace"
"""By its path: a name would lead to its shim."""

FILES = (
    *("write", "pwrite64", "writev", "pwritev", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir"),
    *("link", "linkat", "symlink", "symlinkat", "mkdir", "mkdirat", "mknod", "mknodat", "ftruncate", "truncate"),
    *("fallocate", "fsync", "fdatasync", "syncfs", "msync", "chmod", "fchmod", "fchmodat", "chown", "fchown"),
    *("lchown", "fchownat", "utimensat", "setxattr", "fsetxattr", "lsetxattr", "copy_file_range", "sendfile", "flock"),
    *("open", "openat", "creat"),
)
"""What changes files."""

PROCESSES = ("clone", "clone3", "fork", "vfork", "execve", "kill", "tgkill", "pidfd_send_signal", "setpgid", "setsid")
"""What changes processes."""

SOCKETS = ("socket", "bind", "listen", "connect", "accept", "accept4", "sendmsg", "sendto", "recvmsg", "shutdown")
"""What others see of a process."""

CHANGING = FILES + PROCESSES + SOCKETS
"""All that a run is killed at, or stopped."""

SPACE = (
    *("write", "pwrite64", "writev", "pwritev", "rename", "renameat", "renameat2", "link", "linkat", "symlink"),
    *("symlinkat", "mkdir", "mkdirat", "mknod", "mknodat", "ftruncate", "fallocate", "fsync", "fdatasync", "msync"),
    *("copy_file_range", "sendfile", "bind", "open", "openat", "creat", "setxattr", "fsetxattr", "lsetxattr"),
)
"""What takes space on a disk."""

DESCRIPTORS = (
    *("open", "openat", "socket", "socketpair", "accept", "accept4", "pipe", "pipe2", "dup", "memfd_create"),
    *("epoll_create1", "eventfd2", "pidfd_open"),
)
"""What gives a descriptor."""

MEMORY = ("mmap", "mremap", "memfd_create", "clone", "clone3", "fork", "vfork")
"""What takes memory; a loader that gets no brk is killed before there is anything of ours."""

CLONES = ("clone", "clone3", "fork", "vfork")
"""What makes a process."""

_OPENING = ("open", "openat", "creat")
_LOADED = re.compile(
    r'\.(?:py|pyc|so[.\d]*|pth|cfg|cache|zip|typed|dist-info[^"]*)"|/lib/|/bin/|site-packages|__pycache__'
)
_NO_FILE = re.compile(r"\d+<(?:socket|pipe|anon_inode|UNIX|/dev/)")
_CALL = re.compile(r"^(?:(\d+) +)?(\w+)\((.*)")


class Call(NamedTuple):
    """A call of one run.

    Attributes:
        name: the system call.
        number: which of that name, from 1 on.
        each: of every process of the tree, else of the first alone.
    """

    name: str
    number: int
    each: bool

    def __str__(self) -> str:
        return f"{self.name} {self.number}{' of each process' if self.each else ''}"


def traced(log: str, names: Iterable[str], *, each: bool) -> list[str]:
    """What stands before a command to have its calls noted."""
    return [STRACE, "-qq", "-y", *(["-f"] if each else []), "-o", log, "-e", _set(names)]


def injected(log: str, call: Call, effect: str) -> list[str]:
    """What stands before a command to have one call fail.

    Args:
        log: where strace may write.
        call: the call.
        effect: as `strace --inject` has it: `signal=KILL`, `error=ENOSPC`.
    """
    return [
        *(STRACE, "-qq", *(["-f"] if call.each else []), "-o", log, "-e", f"trace={call.name}"),
        *("-e", f"inject={call.name}:{effect}:when={call.number}"),
    ]


def _set(names: Iterable[str]) -> str:
    return "trace=" + ",".join(f"?{name}" for name in names)


def calls(log: str, names: Iterable[str], *, each: bool, opening: bool, disk: bool, once: bool) -> list[Call]:
    """The calls of a run that are worth a fault, in the order in which they came.

    Args:
        log: what strace wrote.
        names: of which calls.
        each: the log is of a tree.
        opening: any open, not only those that may make a file or cut it.
        disk: only of files, not of pipes and sockets.
        once: only until the first process becomes another program.
    """
    counts: Counter[tuple[str, str]] = Counter()
    found: dict[Call, None] = {}
    first = ""
    with open(log, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            matched = _CALL.match(line)
            if matched is None:
                continue
            pid, name, arguments = matched[1] or "", matched[2], matched[3]
            first = first or pid
            counts[pid, name] += 1
            if name in _OPENING and not opening and "O_CREAT" not in arguments and "O_TRUNC" not in arguments:
                continue
            if name in ("write", "writev") and arguments.startswith("2<"):
                continue  # what it says
            if disk and name != "bind" and _NO_FILE.match(arguments):
                continue
            if name in _OPENING and (_LOADED.search(arguments) or "O_DIRECTORY" in arguments):
                continue  # of the interpreter's, before there is anything of ours
            if name == "mmap" and ("MAP_ANONYMOUS" not in arguments or "PROT_NONE" in arguments):
                continue
            if name == "execve" and counts[pid, name] == 1 and pid == first:
                continue  # it isn't there before
            if once and name == "execve" and pid == first:
                break
            if name not in names:
                continue
            if each and pid == first:
                continue  # tried alone
            found[Call(name, counts[pid, name], each)] = None
    return list(found)


def spread(found: list[Call], most: int) -> list[Call]:
    """At most so many, evenly over the run."""
    if len(found) <= most:
        return found
    return [found[index * len(found) // most] for index in range(most)]


def log_of(root: str) -> str:
    """Where strace writes in a scene."""
    return os.path.join(root, "strace.log")
