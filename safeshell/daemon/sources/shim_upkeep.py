"""Shims, kept as the tables in force dispatch: made by another process, over every PATH that callers have.

Never in a request's way: what starts it is a timer, or a step behind an answer, and directories, which may never
answer, are read by that process alone. It hands back the directories that did, open: a change in one of them (a program
that is installed) starts it again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, NamedTuple

from safeshell.daemon.core.loop import Loop, Timer
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.paths import Home

CHANGED = signal.SIGURG
"""The signal by which the kernel tells of a change in a directory; nobody means anything else by it here."""

START_S = 1.0
"""From the daemon's start: what was installed, or damaged, while none ran."""

SETTLE_S = 0.3
"""From a change in a directory: an installation makes a file first and lets it be executed then."""

QUIET_S = 2.0
"""From one run to the next, but for rules: who installs a thousand programs doesn't start a thousand processes.

Twice as long after each that had nothing to do, up to 15 times: something else is going on in such a directory.
"""

RETRY_S = 60.0
"""From a failure to the next try: a full disk, no process to be had."""

TIMEOUT_S = 60.0
"""How long a run may take; it gives directories up after 15 s at most."""

PATHS_MAX = 64
"""PATHs that are known to be known, so that nothing is done about one that comes again; then it begins anew."""

FORGET_S = 60.0
"""From a run to when PATHs are news again: a directory may have been made that wasn't there, or can't be watched."""

_EVENTS = fcntl.DN_CREATE | fcntl.DN_DELETE | fcntl.DN_RENAME | fcntl.DN_ATTRIB | fcntl.DN_MULTISHOT


class _Job(NamedTuple):
    pidfd: int
    answer: int
    socket: socket.socket
    timer: Timer


class ShimUpkeep:
    """Keeps the shims.

    Args:
        home: whose.
        policies: the settings, and what is in force.
        loop: what drives it.
    """

    def __init__(self, home: Home, policies: Policies, loop: Loop) -> None:
        self._home = home
        self._policies = policies
        self._loop = loop
        self._paths: set[bytes] = set()
        self._directories: dict[bytes, None] = {}
        self._asked_for: object = None
        self._begun = False
        self._job: _Job | None = None
        self._timer: tuple[float, Timer] | None = None
        self._earliest = 0.0
        self._quiet = QUIET_S
        self._watched: list[int] = []
        self._found: dict[str, Any] = {}
        self._error = ""
        self._ended = False

    def start(self) -> None:
        """Begins."""
        self._ask(START_S)

    def see(self, path: bytes) -> None:
        """Hears of a caller's PATH; what isn't absolute in it is about no place in particular."""
        if path in self._paths:
            return
        if len(self._paths) >= PATHS_MAX:
            self._forget()
        self._paths.add(path)
        new = [one for one in path.split(b":") if one.startswith(b"/") and one not in self._directories]
        if new:
            self._directories |= dict.fromkeys(new)
            self._ask(SETTLE_S)

    def rules_changed(self) -> None:
        """Hears that rules or settings may be others."""
        if self._begun and self._wishes() != self._asked_for:
            self._ask(0, at_once=True)

    def _wishes(self) -> object:
        settings = self._policies.settings
        shims = (settings.shims_client, settings.shims_extra, settings.shims_except, settings.shims_sync)
        return self._policies.dispatched(), shims

    def _forget(self) -> None:
        self._paths.clear()
        self._directories.clear()

    def programs_changed(self) -> None:
        """Hears of a change in a directory."""
        self._ask(SETTLE_S)

    @property
    def watching(self) -> int:
        """Descriptors of directories that are watched."""
        return len(self._watched)

    def describe(self) -> dict[str, Any]:
        """For `daemon status`."""
        found = self._found
        return {
            "sync": self._policies.settings.shims_sync,
            "count": found.get("count"),
            "lacking": found.get("lacking", []),
            "unread": found.get("unread", []),
            "error": self._error or None,
        }

    def end(self) -> None:
        """Begins no more; one that runs goes on by itself."""
        self._ended = True
        for descriptor in self._watched:
            os.close(descriptor)
        self._watched = []

    # Running

    def _ask(self, seconds: float, *, at_once: bool = False) -> None:
        """Runs in so many seconds, or earlier where that was asked for already; but not too soon after the last."""
        when = time.monotonic() + seconds
        if not at_once:
            when = max(when, self._earliest)
        if self._ended or (self._timer is not None and self._timer[0] <= when):
            return
        if self._timer is not None:
            self._timer[1].cancel()
        self._timer = when, self._loop.call_later(when - time.monotonic(), self._run)

    def _run(self) -> None:
        self._timer = None
        self._begun = True
        if self._job is not None:
            self._earliest = time.monotonic() + QUIET_S
            self._ask(0)  # once that has ended
            return
        if time.monotonic() > self._earliest + self._quiet:
            self._quiet = QUIET_S
        self._asked_for = self._wishes()
        if self._ended or self._policies.settings.shims_sync == "manual" or not self._policies.dispatched():
            return
        try:
            self._job = self._start()
        except OSError as error:
            self._fail(f"shims can't be made: {error.strerror}")

    def _start(self) -> _Job:
        with contextlib.ExitStack() as stack:
            given, answer = (_memory(stack) for _ in range(2))
            os.write(given, b"".join([directory + b"\0" for directory in self._directories]))
            os.lseek(given, 0, os.SEEK_SET)
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            stack.callback(theirs.close)
            ours.setblocking(False)
            try:
                pid = os.posix_spawn(
                    sys.executable,
                    [sys.executable, "-I", "-m", "safeshell.install", self._home.root],
                    {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": os.path.expanduser("~")},
                    file_actions=[
                        (os.POSIX_SPAWN_DUP2, given, 0),
                        (os.POSIX_SPAWN_DUP2, answer, 1),
                        (os.POSIX_SPAWN_DUP2, theirs.fileno(), 3),
                    ],
                    setpgroup=0,
                    setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
                )
                pidfd = os.pidfd_open(pid)
            except OSError:
                ours.close()
                raise
            kept = os.dup(answer)
        self._loop.register(pidfd, select.EPOLLIN, self._receive)
        return _Job(pidfd, kept, ours, self._loop.call_later(TIMEOUT_S, self._time_out))

    def _time_out(self) -> None:
        assert self._job is not None
        self._error = f"making shims takes more than {TIMEOUT_S:.0f} s"
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._job.pidfd, signal.SIGKILL)

    def _receive(self, _events: int) -> None:
        """The process has ended."""
        job, self._job = self._job, None
        assert job is not None
        job.timer.cancel()
        self._loop.unregister(job.pidfd)
        os.close(job.pidfd)
        with os.fdopen(job.answer, "rb") as stream, job.socket:
            stream.seek(0)
            try:
                self._found = json.loads(stream.read())
            except ValueError:
                self._fail("the process that makes shims ended without an answer")
                return
            if self._found["error"]:
                self._fail(self._found["error"])
                return
            self._quiet = QUIET_S if self._found["changed"] else min(2 * self._quiet, 15 * QUIET_S)
            self._earliest = time.monotonic() + self._quiet
            self._watch(job.socket)
        self._error = ""
        self._loop.call_later(FORGET_S, self._forget)
        self.rules_changed()  # while it ran

    def _watch(self, sender: socket.socket) -> None:
        """Hears of changes in the directories that were read, by the kernel; none is looked at."""
        received: list[int] = []
        with contextlib.suppress(OSError):
            received = list(socket.recv_fds(sender, 1, 253)[1])
        # By what the kernel has for their names, which asks no file system.
        if _names(received) == _names(self._watched):
            unused = received
        else:
            unused, self._watched = self._watched, received
            self._ask(0)  # for what changed before it was watched
        for descriptor in received if unused is not received else ():
            os.set_inheritable(descriptor, False)
            with contextlib.suppress(OSError):  # a kernel or a file system without it
                fcntl.fcntl(descriptor, fcntl.F_SETSIG, CHANGED)
                fcntl.fcntl(descriptor, fcntl.F_NOTIFY, _EVENTS)
        for descriptor in unused:
            os.close(descriptor)

    def _fail(self, error: str) -> None:
        self._error = error
        self._earliest = time.monotonic() + RETRY_S
        self._ask(0)


def _names(descriptors: list[int]) -> list[str]:
    """Paths of directories; of one that has gone, that it has."""
    return [os.readlink(f"/proc/self/fd/{descriptor}") for descriptor in descriptors]


def _memory(stack: contextlib.ExitStack) -> int:
    descriptor = os.memfd_create("safeshell-shims", os.MFD_CLOEXEC)
    stack.callback(os.close, descriptor)
    return descriptor
