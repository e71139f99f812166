"""Step `borrow`: descriptors of a client that can't pass any: bash speaks through `nc` or `socat`, whose parent it is.

The kernel says who connected; the process that the command is for is that one's parent. Its standard streams are taken
by pidfd_getfd(2), which the kernel allows as it allows tracing: not under Yama, unless Yama is told so. Whatever can't
be shown ends in place, never in a guess: a number read from /proc may have a new owner by the time that it is used, so
everything read is believed only once both processes are seen to have lived on, one still the other's parent.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

from safeshell.daemon.steps import GO_ON
from safeshell.host.path_lookup import Programs
from safeshell.host.process.confinement import CallerState, inspect, is_alive
from safeshell.host.process.own import Own
from safeshell.protocol import Command

if TYPE_CHECKING:
    from safeshell.daemon.core.connection import Connection
    from safeshell.daemon.request import Request

_PIDFD_GETFD = 438
"""The system call's number, the same on every architecture that Python runs on but Alpha; Python has no wrapper."""

_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_STAT_BYTES = 1024
_CMDLINE_BYTES = 8192


class NotTakenError(Exception):
    """Why the descriptors can't be taken, short and stable: the reason of the placement."""


class Borrow:
    """Takes what a client can't pass; whoever passed descriptors goes on.

    Args:
        own: the daemon's own state.
        programs: knows which files are shims.
    """

    def __init__(self, own: Own, programs: Programs) -> None:
        self._own = own
        self._programs = programs

    def run(self, request: Request) -> str:
        """Looks at who asks first: whoever is confined keeps its descriptors. Again after each wait."""
        connection, command = request.connection, request.command
        assert command is not None
        if command.borrow:
            caller = inspect(connection.pid, self._own, connection.pidfd)
            request.caller, request.obstacle = borrow(connection, command, caller, self._own, self._programs)
        else:
            request.caller = None
        return GO_ON


def borrow(
    connection: Connection, command: Command, caller: CallerState, own: Own, programs: Programs
) -> tuple[CallerState, str]:
    """Takes the descriptors that a `spawn` names, and the directory, of the process that it is for.

    Afterwards the connection holds them as if they had been passed, and hangs up when that process ends.

    Args:
        connection: the client's.
        command: what it asks for; it gets the owner's nice value and blocked signals.
        caller: what the kernel says about the process that connected.
        own: the daemon's own state.
        programs: knows which files are shims.

    Returns:
        What the kernel says about the owner, and "". Or the caller as given, and why nothing was taken.
    """
    if caller.confined:
        return caller, f"confinement: {caller.confined}"
    owner = -1
    taken: list[int] = []
    try:
        pid = _parent(connection.pid)
        owner = os.pidfd_open(pid)
        found = inspect(pid, own)
        if found.confined:
            raise NotTakenError(f"confinement: {found.confined}")
        check_client(pid, programs)
        # bash blocks signals of its own now and then; what it starts has those that it was started with.
        blocked = _blocked(connection.pid)
        for descriptor in command.borrow:
            taken.append(take(owner, descriptor))  # noqa: PERF401 # one by one: what was taken is given back
        taken.append(os.open(b"/proc/%d/cwd" % pid, _DIRECTORY))
        if _parent(connection.pid) != pid or not (is_alive(owner) and is_alive(connection.pidfd)):
            raise NotTakenError("the client is gone")
    except (OSError, ValueError, NotTakenError) as error:
        for descriptor in (*taken, owner):
            if descriptor >= 0:
                os.close(descriptor)
        return caller, str(error) if isinstance(error, NotTakenError) else "the client can't be read"
    command.nice, command.blocked = found.nice, blocked
    # Those of an earlier judgement, before a wait for an edit, are given back: the client may have moved.
    connection.release_descriptors()
    connection.descriptors = taken
    connection.follow(owner, pid)
    return found, ""


def _parent(pid: int) -> int:
    """The parent's pid; 0 where it isn't to be seen from here."""
    descriptor = os.open(b"/proc/%d/stat" % pid, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return int(os.read(descriptor, _STAT_BYTES).rpartition(b")")[2].split()[1])
    finally:
        os.close(descriptor)


def check_client(pid: int, programs: Programs) -> None:
    """Checks that a process is bash running a client: another one's streams aren't what was asked for."""
    words = _slurp(b"/proc/%d/cmdline" % pid).split(b"\0", 3)
    interpreter = os.readlink(b"/proc/%d/exe" % pid)
    if os.path.basename(interpreter) != b"bash" or len(words) < 4 or words[1] != b"-p":
        raise NotTakenError("not asked by the bash client")
    script = os.path.join(b"/proc/%d/cwd" % pid, words[2])
    if not programs.is_shim(script, os.stat(script)):
        raise NotTakenError("not asked by the bash client")


def _blocked(pid: int) -> int:
    """The signals that a process has blocked, bit n-1 for signal n."""
    return int(_slurp(b"/proc/%d/status" % pid).partition(b"\nSigBlk:\t")[2].partition(b"\n")[0], 16)


def _slurp(path: bytes) -> bytes:
    with contextlib.closing(os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC), "rb", buffering=0)) as stream:
        return stream.read(_CMDLINE_BYTES)


def take(owner: int, descriptor: int) -> int:
    """A copy of another process's descriptor, closed on execve."""
    import ctypes  # noqa: PLC0415 # a megabyte that only daemons with bash clients pay for

    call = ctypes.CDLL(None, use_errno=True).syscall
    taken: int = call(ctypes.c_long(_PIDFD_GETFD), owner, descriptor, 0)
    if taken >= 0:
        return taken
    number = ctypes.get_errno()
    raise NotTakenError("closed descriptor" if number == errno.EBADF else f"pidfd_getfd: {os.strerror(number)}")
