"""Output of a command whose client passed no descriptors: from pipes into frames, never faster than it is taken."""

from __future__ import annotations

import array
import fcntl
import os
import select
import termios
from collections.abc import Callable

from safeshell.daemon.core.connection import Connection
from safeshell.daemon.core.executor import Executor, Program
from safeshell.daemon.core.loop import Loop
from safeshell.protocol import Reply, encode_reply

FRAME = 64 << 10
"""Bytes of output in one frame at most; a pipe holds as much."""

BACKLOG_MAX = 256 << 10
"""Bytes a client may leave untaken before the command's pipes are left unread, so that the command waits."""


class Streams:
    """The pipes of one command."""

    def __init__(self, loop: Loop, connection: Connection) -> None:
        self._loop = loop
        self._connection = connection
        self._kinds: dict[int, Reply] = {}
        self._paused = False
        self._sent = 0
        stdin = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
        self._child_ends = [stdin]
        for kind in (Reply.OUTPUT, Reply.ERROR_OUTPUT):
            reader, writer = os.pipe2(os.O_CLOEXEC)
            os.set_blocking(reader, False)
            self._child_ends.append(writer)
            self._kinds[reader] = kind
        for reader in self._kinds:
            loop.register(reader, select.EPOLLIN, self._reader(reader))

    def _reader(self, descriptor: int) -> Callable[[int], None]:
        def read(_events: int) -> None:
            self._pump(descriptor)

        return read

    def spawn(self, executor: Executor, program: Program, umask: int) -> int:
        """Starts the program on these pipes, in the directory that it was judged in, and closes the child's ends here.

        Raises:
            OSError: as `Executor.spawn`.
        """
        passed = self._connection.descriptors
        link = f"/proc/self/fd/{passed[-1]}" if passed else f"/proc/{self._connection.pid}/cwd"
        directory = -1
        try:
            directory = os.open(link, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            return executor.spawn(program, stdio=self._child_ends, directory=directory, umask=umask)
        finally:
            for descriptor in (*self._child_ends, directory):
                if descriptor >= 0:
                    os.close(descriptor)
            self._child_ends = []

    def _pump(self, descriptor: int) -> bool:
        """Sends on one chunk; returns whether there was one."""
        try:
            data = os.read(descriptor, FRAME)
        except BlockingIOError:
            return False
        if not data or self._connection.closed:
            self._forget(descriptor)
            return False
        self._sent += len(data)
        self._connection.send(encode_reply(self._kinds[descriptor], data))
        if self._connection.backlog > BACKLOG_MAX and not self._paused:
            self._paused = True
            for other in self._kinds:
                self._loop.unregister(other)
            self._connection.on_drained(self._resume)
        return True

    def _resume(self) -> None:
        self._paused = False
        for descriptor in self._kinds:
            self._loop.register(descriptor, select.EPOLLIN, self._reader(descriptor))

    def _forget(self, descriptor: int) -> None:
        if not self._paused:
            self._loop.unregister(descriptor)
        del self._kinds[descriptor]
        os.close(descriptor)

    def drain(self) -> None:
        """Sends what the ended command left in its pipes and closes them.

        What a background child writes later is not waited for, and however fast it writes, not sent.
        """
        for descriptor in list(self._kinds):
            end = self._sent + _waiting(descriptor)
            while descriptor in self._kinds and self._sent < end and self._pump(descriptor):
                pass
        self.close()

    def close(self) -> None:
        """Closes the daemon's ends."""
        for descriptor in list(self._kinds):
            self._forget(descriptor)
        self._paused = False


def _waiting(pipe: int) -> int:
    """Bytes that a pipe holds now."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]
