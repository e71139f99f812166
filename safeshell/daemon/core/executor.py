"""Running commands as children of the daemon, and hearing how they end.

The daemon is the parent, so a pid stays its child's until it is reaped here: signals can't reach a stranger.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Callable, Iterator, Sequence

from safeshell.daemon.core.loop import Loop, Timer
from safeshell.host.process.open_files import raised

Program = tuple[bytes, list[bytes], dict[bytes, bytes]]
"""What to start: path, arguments, environment."""

KILL_AFTER_S = 2.0
"""From TERM to KILL."""

IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
"""Python ignores these, and an ignored signal stays ignored across execve: set back in every child."""

_WAIT = os.WEXITED | os.WSTOPPED | os.WNOHANG


class Child:
    """A running command.

    Attributes:
        pid: also its process group.
        ended: called with the raw wait status and whether a timeout ended it.
        stopped: called with the signal that stopped it.
        already_notified: whether whoever ran it knows already that it has ended.
    """

    __slots__ = ("already_notified", "ended", "pid", "stopped", "timed_out", "timer")

    def __init__(self, pid: int, ended: Callable[[int, bool], None], stopped: Callable[[int], None]) -> None:
        self.pid = pid
        self.ended = ended
        self.stopped = stopped
        self.timer: Timer | None = None
        self.timed_out = False
        self.already_notified = False


class Executor:
    """Spawns, signals and reaps.

    Attributes:
        children: those that run, by pid.
        descriptors_max: how many descriptors the daemon may have open.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        # The daemon keeps many connections; a child gets the limit that the daemon was started with.
        self._own_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._raised_limit = raised(self._own_limit)
        resource.setrlimit(resource.RLIMIT_NOFILE, self._raised_limit)
        self.children: dict[int, Child] = {}
        self.descriptors_max = self._raised_limit[0]
        self._umask = os.umask(0o077)
        os.umask(self._umask)
        # A spawn happens in the caller's directory; afterwards the daemon goes back here, and keeps no mount busy.
        self._root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def __len__(self) -> int:
        return len(self.children)

    def spawn(
        self,
        program: Program,
        *,
        stdio: Sequence[int],
        directory: int,
        umask: int,
    ) -> int:
        """Starts a program in a process group of its own, with the caller's descriptors, directory and umask.

        Never os.fork(): posix_spawn's vfork costs the same however large the daemon has grown.

        Args:
            program: what to start.
            stdio: descriptors for its 0, 1 and 2.
            directory: a descriptor of its working directory.
            umask: its umask.

        Returns:
            The child's pid; `watch` has to be called with it before the loop goes on.

        Raises:
            OSError: the directory can't be entered or the program not be started; nothing runs.
        """
        os.fchdir(directory)
        try:
            os.umask(umask)
            if self._raised_limit != self._own_limit:
                resource.setrlimit(resource.RLIMIT_NOFILE, self._own_limit)
            return os.posix_spawn(
                *program,
                file_actions=[(os.POSIX_SPAWN_DUP2, descriptor, target) for target, descriptor in enumerate(stdio)],
                setpgroup=0,
                setsigdef=IGNORED_BY_PYTHON,
            )
        finally:
            if self._raised_limit != self._own_limit:
                resource.setrlimit(resource.RLIMIT_NOFILE, self._raised_limit)
            os.umask(self._umask)
            os.fchdir(self._root)

    @contextlib.contextmanager
    def own_limits(self) -> Iterator[None]:
        """The limits that the daemon was started with, for what is spawned in the block."""
        resource.setrlimit(resource.RLIMIT_NOFILE, self._own_limit)
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, self._raised_limit)

    @property
    def own_limit(self) -> tuple[int, int]:
        """The soft and hard limit on open files that the daemon was started with."""
        return self._own_limit

    def watch(
        self, pid: int, ended: Callable[[int, bool], None], stopped: Callable[[int], None], timeout_ms: int
    ) -> Child:
        """Supervises a child: calls back on its stops and its end, and ends it after the timeout (0: none)."""
        child = self.children[pid] = Child(pid, ended, stopped)
        if timeout_ms:
            child.timer = self._loop.call_later(timeout_ms / 1000, lambda: self._time_out(child))
        return child

    def _time_out(self, child: Child) -> None:
        child.timed_out = True
        self.end(child)

    def signal(self, child: Child, number: int) -> None:
        """Sends a signal to the child's group."""
        if child.pid in self.children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, number)

    def end(self, child: Child) -> None:
        """TERM to the child's group, KILL two seconds later; a stopped one is woken to see it."""
        self.signal(child, signal.SIGTERM)
        self.signal(child, signal.SIGCONT)
        if child.timer is not None:
            child.timer.cancel()
        child.timer = self._loop.call_later(KILL_AFTER_S, lambda: self.signal(child, signal.SIGKILL))

    def end_all(self) -> None:
        """Ends every running command."""
        for child in list(self.children.values()):
            self.end(child)

    def reap(self) -> None:
        """Takes every child that ended or stopped; until there is none left, for SIGCHLD does not count."""
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, _WAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            if found.si_code == os.CLD_STOPPED:
                child = self.children.get(found.si_pid)
                if child is not None:
                    child.stopped(found.si_status)
                continue
            self.record_exit(found.si_pid, _wait_status(found.si_code, found.si_status))

    def record_exit(self, pid: int, status: int, *, already_notified: bool = False) -> None:
        """Takes note that a child has ended, with this wait status, and has been waited for.

        Args:
            pid: the child.
            status: its wait status.
            already_notified: whether whoever ran it knows already.
        """
        child = self.children.pop(pid, None)
        if child is None:
            return  # a compiler, whose answer came through its pipe
        child.already_notified = already_notified
        if child.timer is not None:
            child.timer.cancel()
        child.ended(status, child.timed_out)


def _wait_status(code: int, status: int) -> int:
    """The status as wait(2) packs it."""
    if code == os.CLD_EXITED:
        return (status & 0xFF) << 8
    return status | (0x80 if code == os.CLD_DUMPED else 0)
