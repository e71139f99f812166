"""Shell lines and envelopes: a helper process reads and judges them, kept warm between them and started by the first.

It is in no ordinary command's way: the daemon only passes frames (`safeshell.shell.worker`), and never waits for one.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from collections import deque
from collections.abc import Sequence
from typing import Any

from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop, Timer
from safeshell.daemon.sources.line_jobs import Job
from safeshell.home.paths import Home
from safeshell.shell.frames import frame, take
from safeshell.shell.limits import CRASHED, LIMIT_S, too_slow

START_S = 10.0
"""What starting the helper and reading tables may take: no line's fault."""


class _Helper:
    """The helper's process and the daemon's end of the socket to it.

    The executor reaps it whenever it ends, so a signal goes by its pidfd: its pid may be another's by then.
    """

    __slots__ = ("input", "output", "pid", "pidfd", "sock")

    def __init__(self, argv: Sequence[str], executor: Executor) -> None:
        """Starts it.

        Raises:
            OSError: it can't be started.
        """
        self.input = bytearray()
        self.output = bytearray()
        self.sock, theirs = socket.socketpair()
        try:
            with theirs, executor.own_limits():
                self.pid = os.posix_spawn(
                    argv[0],
                    list(argv),
                    _environment(),
                    file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), target) for target in (0, 1)],
                    setpgroup=0,  # a terminal's ^C is the daemon's to handle
                )
            self.pidfd = os.pidfd_open(self.pid)
        except OSError:
            self.sock.close()
            raise
        self.sock.setblocking(False)

    def end(self) -> None:
        """Kills it and gives the descriptors back."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        os.close(self.pidfd)
        self.sock.close()


def _environment() -> dict[str, str]:
    """The helper's environment; TMPDIR is among the temporary places that rules name."""
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": os.path.expanduser("~")}
    return {**environment, "TMPDIR": os.environ["TMPDIR"]} if "TMPDIR" in os.environ else environment


class Lines:
    """Has lines judged, one at a time, in the order in which they came.

    Attributes:
        requests: lines taken.
        restarts: helpers started after the first.
        error: why lines aren't judged, as a clause about the parser; None where the last one was.
    """

    def __init__(
        self, home: Home, executor: Executor, loop: Loop, argv: Sequence[str] = (), limit_s: float = LIMIT_S
    ) -> None:
        """Starts nothing yet.

        Args:
            home: whose tables.
            executor: reaps the helper.
            loop: what drives it.
            argv: the helper, where it isn't this installation's.
            limit_s: what one line may take, seconds.
        """
        self._argv = argv or (sys.executable, "-I", "-X", "utf8", "-m", "safeshell.shell.worker", home.root)
        self._executor = executor
        self._loop = loop
        self._limit_s = limit_s
        self._helper: _Helper | None = None
        self._queue: deque[Job] = deque()
        self._current: Job | None = None
        self._begun = False
        self._again = False
        self._timer: Timer | None = None
        self._starts = 0
        self.requests = 0
        self.error: str | None = None

    @property
    def restarts(self) -> int:
        """Helpers started after the first."""
        return max(0, self._starts - 1)

    def describe(self) -> dict[str, int | str | None]:
        """For `daemon status`; with the error where there is one."""
        pid = None if self._helper is None else self._helper.pid
        found: dict[str, int | str | None] = {"pid": pid, "requests": self.requests, "restarts": self.restarts}
        return found if self.error is None else {**found, "error": self.error}

    def judge(self, line: Job) -> None:
        """Takes a line; its `answer` is called when it has been judged, never where it is gone before."""
        self.requests += 1
        self._queue.append(line)
        self._next()

    def close(self) -> None:
        """Ends the helper; lines that wait are told so."""
        self._drop_helper()
        while self._current is not None or self._queue:
            line = self._current or self._queue.popleft()
            self._current = None
            line.answer(None, "the daemon is stopping")

    def _next(self) -> None:
        while self._queue and self._queue[0].gone():
            self._queue.popleft()
        if self._current is None and self._queue:
            self._current = self._queue.popleft()
            self._again = True
            self._send()

    def _send(self) -> None:
        """Sends the current line, to a new helper where there is none."""
        line = self._current
        assert line is not None
        self._begun = False
        try:
            helper = self._helper or self._start()
        except OSError as error:
            self._fail(f"its parser can't be started: {error.strerror}")
            return
        helper.output += frame(line.to_request())
        self._loop.modify(helper.sock.fileno(), select.EPOLLIN | select.EPOLLOUT)
        self._set_timer(START_S)

    def _start(self) -> _Helper:
        helper = self._helper = _Helper(self._argv, self._executor)
        self._starts += 1
        self._loop.register(helper.sock.fileno(), select.EPOLLIN, lambda events: self._ready(helper, events))
        return helper

    def _set_timer(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._time_out)

    def _ready(self, helper: _Helper, events: int) -> None:
        try:
            if events & select.EPOLLOUT:
                del helper.output[: helper.sock.send(helper.output, socket.MSG_NOSIGNAL)]
                if not helper.output:
                    self._loop.modify(helper.sock.fileno(), select.EPOLLIN)
            if events & ~select.EPOLLOUT:
                data = helper.sock.recv(1 << 20)
                if not data:
                    self._lose_helper()
                    return
                helper.input += data
        except BlockingIOError:
            return
        except (OSError, MemoryError):  # what is there to be read would come again at once, and for ever
            self._lose_helper()
            return
        try:
            self._take_frames(helper)
        except ValueError:  # something in the helper wrote to its stdout
            self._lose_helper()

    def _take_frames(self, helper: _Helper) -> None:
        while helper is self._helper and (answer := take(helper.input)) is not None:
            if "begun" in answer:
                self._begun = True
                self._set_timer(self._limit_s)
            elif "error" in answer:
                self._finish(None, answer["error"])
            else:
                self.error = None
                self._finish(answer, "")

    def _lose_helper(self) -> None:
        """The helper has ended. A line that it had not begun is given to the next one, once."""
        self._drop_helper()
        if self._current is None:
            return
        if self._begun:
            self._overrun(self._current, CRASHED)
        elif not self._again:
            self._fail("its parser ended before it began")
        else:
            self._again = False
            self._send()

    def _fail(self, reason: str) -> None:
        """The current line can't be judged, and neither will the next be."""
        self.error = reason
        assert self._current is not None
        self._overrun(self._current, f"{reason} (see `safeshell doctor`)")

    def _overrun(self, line: Job, reason: str) -> None:
        found = line.overrun(reason)
        self._finish(found, reason if found is None else "")

    def _time_out(self) -> None:
        self._drop_helper()
        if self._current is None:
            return
        if self._begun:
            self._overrun(self._current, too_slow(self._limit_s))
        else:
            self._fail(f"its parser did not begin within {START_S:g} s")

    def _drop_helper(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._helper is not None:
            self._loop.unregister(self._helper.sock.fileno())
            self._helper.end()
            self._helper = None

    def _finish(self, answer: dict[str, Any] | None, reason: str) -> None:
        line, self._current = self._current, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        assert line is not None
        line.answer(answer, reason)
        self._next()
