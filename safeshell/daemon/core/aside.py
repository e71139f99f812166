"""Questions to the file system that may never be answered, each asked by another process: the loop goes on meanwhile.

A process, and no thread: who waits for a FUSE server that has taken the request can't even be killed, and a thread that
never ends keeps the process, its socket and its lock. A helper that is kept waiting too long is left to itself, killed
as soon as the kernel lets it be; until then the mount that it asks is asked no more.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from safeshell.daemon.core.loop import Loop, Timer

ANSWER_S = 1.0
"""How long an answer is waited for."""

START_S = 10.0
"""And where a helper has to be started for it."""

HELPERS_MAX = 16
"""Helpers at once, with those that are left to themselves."""

IDLE_MAX = 2
"""Helpers kept for the next questions."""

Answer = Callable[[Any, bool], None]
"""Takes what the question returned, or the exception that it raised, and whether there was an answer at all."""


class _Asked(NamedTuple):
    point: bytes
    answer: Answer


class _Helper:
    """A helper's process, and the daemon's end of the socket to it."""

    def __init__(self) -> None:
        """Starts it.

        Raises:
            OSError: it can't be started.
        """
        self.asked: _Asked | None = None
        self.timer: Timer | None = None
        self.input = bytearray()
        self.sock, theirs = socket.socketpair()
        try:
            with theirs:
                pid = os.posix_spawn(
                    sys.executable,
                    [sys.executable, "-I", "-m", "safeshell.daemon.core.helper"],
                    {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/"},
                    file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), target) for target in (0, 1)],
                    setpgroup=0,  # a terminal's ^C is the daemon's to handle
                )
            self.pidfd = os.pidfd_open(pid)
        except OSError:
            self.sock.close()
            raise
        self.sock.setblocking(False)


class Aside:
    """Asks them.

    Args:
        loop: hears the answers.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._idle: list[_Helper] = []
        self._busy: set[_Helper] = set()
        self._left: dict[_Helper, bytes] = {}

    def ask(self, point: bytes, question: Callable[[], Any], answer: Answer) -> bool:
        """Asks a question; `answer` is called later, once.

        Args:
            point: the mount that it is about; b"" where that isn't known.
            question: what a helper calls; it can be pickled, and so can what it returns.
            answer: called by the loop.

        Returns:
            Whether it was asked: not so where the mount has not answered an earlier one yet, or there are too many.
        """
        if point in self._left.values() or len(self._busy) + len(self._left) >= HELPERS_MAX:
            return False
        import pickle  # noqa: PLC0415 # few machines have such mounts

        frame = pickle.dumps(question)
        fresh = not self._idle
        try:
            helper = self._idle.pop() if self._idle else _Helper()
            # A question is as long as an environment; the socket takes it at once, or it isn't asked.
            helper.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * len(frame) + 4096)
            sent = helper.sock.send(len(frame).to_bytes(4, "little") + frame, socket.MSG_NOSIGNAL)
        except OSError:
            return False
        self._busy.add(helper)
        helper.asked = _Asked(point, answer)
        helper.timer = self._loop.call_later(START_S if fresh else ANSWER_S, lambda: self._give_up(helper))
        if fresh:
            self._loop.register(helper.sock.fileno(), select.EPOLLIN, lambda _events: self._hear(helper))
        if sent < len(frame) + 4:
            self._loop.call_later(0, lambda: self._give_up(helper))
        return True

    def _hear(self, helper: _Helper) -> None:
        try:
            data = helper.sock.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        helper.input += data
        if not data:
            self._give_up(helper)
        elif helper.input[:1] == b"\0":  # it has begun: from now on the time is the mount's
            del helper.input[:1]
            if helper.timer is not None:
                helper.timer.cancel()
                helper.timer = self._loop.call_later(ANSWER_S, lambda: self._give_up(helper))
        self._take(helper)

    def _take(self, helper: _Helper) -> None:
        found = helper.input
        if helper.asked is None or len(found) < 5 or len(found) < 5 + int.from_bytes(found[1:5], "little"):
            return
        import pickle  # noqa: PLC0415 # as above

        asked, helper.asked = helper.asked, None
        value = pickle.loads(bytes(found[5:]))  # noqa: S301 # it is our own process that wrote it
        found.clear()
        if helper.timer is not None:
            helper.timer.cancel()
        self._busy.discard(helper)
        if len(self._idle) < IDLE_MAX:
            self._idle.append(helper)
        else:
            self._end(helper, b"")
        asked.answer(value, True)

    def _give_up(self, helper: _Helper) -> None:
        """It takes too long, or has ended."""
        asked, helper.asked = helper.asked, None
        self._busy.discard(helper)
        if helper in self._idle:
            self._idle.remove(helper)
        if helper.timer is not None:
            helper.timer.cancel()
        self._end(helper, b"" if asked is None else asked.point)
        if asked is not None:
            asked.answer(None, False)

    def _end(self, helper: _Helper, point: bytes) -> None:
        """Kills it, and waits for its end, which a mount may put off."""
        self._loop.unregister(helper.sock.fileno())
        helper.sock.close()
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(helper.pidfd, signal.SIGKILL)
        self._left[helper] = point
        self._loop.register(helper.pidfd, select.EPOLLIN, lambda _events: self._forget(helper))

    def _forget(self, helper: _Helper) -> None:
        del self._left[helper]
        self._loop.unregister(helper.pidfd)
        os.close(helper.pidfd)

    def close(self) -> None:
        """Ends every helper that can be ended."""
        for helper in (*self._idle, *self._busy):
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(helper.pidfd, signal.SIGKILL)

    def describe(self) -> dict[str, Any]:
        """For `daemon status`."""
        silent = sorted({os.fsdecode(point) for point in self._left.values() if point})
        return {"asked": len(self._busy), "silent": silent}
