"""Runs shell lines one after another, as it is told on its standard input, and says which marks each has left.

    python -I -S driver.py MARKS HOME UID

So none takes a Python start of its own. A request is the environment's and arguments' strings and a time limit; its
answer the bytes that were left in the file MARKS, and whether there was time enough. Before the first it becomes the
user UID (-1: it stays who it is), whom nothing gives rights again; what a line leaves behind becomes its child, and is
ended before the next.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import struct
import sys
import time

_SUBREAPER, _NO_NEW_PRIVILEGES = 36, 38  # of prctl
_NEW_NETWORK = 0x40000000  # of unshare
_LENGTH = struct.Struct("!I")
_REQUEST = struct.Struct("!dII")
GRACE_S = 1.0
"""How long what a shell has left in the background may go on."""


def confine(uid: int) -> None:
    """Takes from this process, and so from all that it runs, what harmless programs don't need."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0 and uid > 0:
        libc.unshare(_NEW_NETWORK)  # where it isn't allowed, nothing here speaks to anybody either
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        assert os.getresuid() == (uid, uid, uid)
    for option in (_SUBREAPER, _NO_NEW_PRIVILEGES):
        if libc.prctl(option, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 1 << 20),
        (resource.RLIMIT_AS, 4 << 30),
        (resource.RLIMIT_NOFILE, 256),
    ):
        resource.setrlimit(limit, (most, most))
    if uid > 0:
        resource.setrlimit(resource.RLIMIT_NPROC, (100, 100))
    os.umask(0o022)


def run(arguments: list[bytes], environment: dict[bytes, bytes], limit_s: float, null: int) -> bool:
    """Runs a shell to its end, and what it left behind; returns whether there was time enough."""
    actions = [(os.POSIX_SPAWN_DUP2, null, descriptor) for descriptor in (0, 1, 2)]
    defaults = [signal.SIGPIPE, signal.SIGXFSZ]
    pid = os.posix_spawn(
        arguments[0], arguments[1:], environment, file_actions=actions, setsid=True, setsigdef=defaults, setsigmask=[]
    )
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_CPU, (2, 3))
    deadline = time.monotonic() + limit_s
    descriptor = os.pidfd_open(pid)
    try:
        ended = bool(select.select([descriptor], [], [], limit_s)[0])
    finally:
        os.close(descriptor)
    if not ended:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    in_time = ended and _reaped(min(deadline, time.monotonic() + GRACE_S))
    while _reap():
        for child in _descendants():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        time.sleep(0.001)
    return in_time


def _reap() -> bool:
    """Takes the status of each child that has ended; returns whether there are others."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True


def _reaped(deadline: float) -> bool:
    """Whether all children have ended by then."""
    while _reap():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


def _descendants() -> list[int]:
    """The processes that this one has started, and those that they have."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", "rb") as stream:
                parents.setdefault(int(stream.read().rpartition(b")")[2].split()[1]), []).append(int(entry))
    found = parents.get(os.getpid(), [])
    for pid in found:
        found += parents.get(pid, [])
    return found


def _sweep(home: str, kept: frozenset[str]) -> None:
    """Removes the files that a line made."""
    for name in os.listdir(home):
        if name not in kept:
            path = os.path.join(home, name)
            with contextlib.suppress(OSError):
                os.rmdir(path) if os.path.isdir(path) else os.unlink(path)


def _read(count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = os.read(0, count - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data


def main() -> None:
    """Answers requests until there are no more."""
    marks, home, uid = sys.argv[1:]
    confine(int(uid))
    os.chdir(home)
    kept = frozenset(os.listdir(home))
    null = os.open(os.devnull, os.O_RDWR)
    written = os.open(marks, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(written, False)
    while True:
        limit_s, count, size = _REQUEST.unpack(_read(_REQUEST.size))
        strings = _read(size).split(b"\0")
        environment = dict(string.split(b"=", 1) for string in strings[:count])
        before = os.stat(home).st_mtime_ns
        in_time = run(strings[count:], environment, limit_s, null)
        left = os.pread(written, 1 << 16, 0)
        if left:
            os.ftruncate(written, 0)
        if os.stat(home).st_mtime_ns != before:
            _sweep(home, kept)
        answer = _LENGTH.pack(len(left)) + (b"\1" if in_time else b"\0") + left
        while answer:
            answer = answer[os.write(1, answer) :]


if __name__ == "__main__":
    main()
