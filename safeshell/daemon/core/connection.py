"""One client: its socket, what it passed, what it still has to be sent."""

from __future__ import annotations

import array
import contextlib
import errno
import json
import os
import select
import socket
import struct
from collections.abc import Callable
from typing import Any

from safeshell.daemon.core.accepted import BUFFER, Accepted
from safeshell.daemon.core.loop import Loop
from safeshell.errors import ProtocolError
from safeshell.protocol import (
    Command,
    Event,
    Receiver,
    Reply,
    decode_whole,
    encode_answer,
    encode_exec,
    encode_exited,
    encode_line,
    encode_notice,
    encode_refused,
    encode_reply,
    line_field,
)

SO_PEERPIDFD = 77
"""A pidfd of the very process that connected: Linux 6.5 and later; Python has no name for it."""

DESCRIPTORS_MAX = 4
TIMED_OUT_STATUS = 124

_UCRED = struct.Struct("3i")
_ANCILLARY = socket.CMSG_SPACE(DESCRIPTORS_MAX * 4)
_SEND = int(socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
_RECEIVE = int(socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC)
"""As plain integers: the arithmetic of `enum.Flag` costs a microsecond a time."""
_view = memoryview(BUFFER)


class Connection:
    """A client's connection.

    Args:
        sock: its socket, just accepted.
        loop: what waits for it.
        request_bytes: the most that a request may have.
        on_close: called once it is closed.
        accepted: what the fast path has found out and received already, if it took the connection.

    Raises:
        OSError: the client has gone already.

    Attributes:
        pid, uid: the process that connected, from the kernel.
        pidfd: a descriptor of it.
        descriptors: what it passed: 0, 1, 2 and its directory, or the directory alone, or nothing.
        lines: whether the client speaks the line form.
        quiet: whether the client sends nothing more that nobody would read: its request is whole, and not in lines.
        last: the last answer, once it was given.
        owner: a pidfd of the process whose descriptors were borrowed (`safeshell.daemon.steps.borrow`), or -1.
        owner_pid: that process.
    """

    __slots__ = (
        "_accepted",
        "_first",
        "_loop",
        "_on_close",
        "_on_drained",
        "_outgoing",
        "_receiver",
        "_registered",
        "_request_bytes",
        "closed",
        "descriptors",
        "fileno",
        "last",
        "lines",
        "owner",
        "owner_pid",
        "pid",
        "pidfd",
        "quiet",
        "sock",
        "uid",
    )

    def __init__(
        self,
        sock: socket.SocketType,
        loop: Loop,
        request_bytes: int,
        on_close: Callable[[Connection], None],
        accepted: Accepted | None = None,
    ) -> None:
        self.sock = sock
        self._on_close = on_close
        self.fileno = sock.fileno()
        self._loop = loop
        self._accepted = accepted
        if accepted is None:
            self.pid, self.uid, _ = _UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
            self.pidfd = _open_pidfd(sock, self.pid)
            self.descriptors: list[int] = []
        else:
            self.pid, self.uid, self.pidfd, self.descriptors = accepted[1:5]
        self.last = b""
        self.lines = self.quiet = self.closed = False
        self.owner = -1
        self._request_bytes = request_bytes
        self._first = 0  # the type of a request that came whole
        self._receiver: Receiver | None = None  # of one that didn't, and of what comes behind it
        self._registered = 0
        self._outgoing = bytearray()
        self._on_drained: Callable[[], None] | None = None

    def receive(self) -> list[Event] | None:
        """Reads what is there.

        Returns:
            The requests that it completes, or None where the client has gone.

        Raises:
            ProtocolError: it breaks the protocol.
        """
        accepted = self._accepted
        if accepted is None:
            data = self._read()
        else:
            self._accepted = None
            if accepted.truncated:
                self._check_descriptors(len(accepted.descriptors), truncated=True)
            data = bytes(_view[: accepted.size])
        if not data:
            return None if data is None else []
        if self._receiver is None:
            if not self._first:
                command = decode_whole(data, self._request_bytes)
                if command is not None:
                    self._first = command.kind
                    return [command]
            self._receiver = Receiver(self._request_bytes, self._first)
        return self._receiver.feed(data)

    def _read(self) -> bytes | None:
        """What has been sent; nothing where that is still to come, None where the client has gone.

        Raises:
            ProtocolError: it passed more descriptors than it may, or than fit.
        """
        try:
            size, ancillary, flags, _ = self.sock.recvmsg_into((BUFFER,), _ANCILLARY, _RECEIVE)
        except BlockingIOError:
            return b""
        except OSError:
            return None
        taken = 0
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                received = array.array("i")
                received.frombytes(data[: len(data) - len(data) % 4])
                self.descriptors += received
                taken += len(received)
        self._check_descriptors(taken, truncated=bool(flags & socket.MSG_CTRUNC))
        return bytes(_view[:size]) or None

    def peek(self) -> bytes:
        """The request's bytes, as the fast path has received them; before anything else is received."""
        return b"" if self._accepted is None else bytes(_view[: self._accepted.size])

    def receive_again(self, frame: bytes) -> Command:
        """Takes a request that the fast path has received: this one."""
        self._accepted, self.quiet = None, True
        command = decode_whole(frame, self._request_bytes)
        assert command is not None  # else it had not been kept
        self._first = command.kind
        return command

    def _check_descriptors(self, taken: int, *, truncated: bool) -> None:
        if truncated and taken < DESCRIPTORS_MAX:
            # There was room for them in the message: the kernel stops where this process may open no more.
            raise ProtocolError("the daemon is out of descriptors and can't take the client's; nothing runs")
        if truncated or len(self.descriptors) > DESCRIPTORS_MAX:
            raise ProtocolError("the client passed more descriptors than it may")

    def listen(self, callback: Callable[[int], None]) -> None:
        """Calls back when the client sends or goes."""
        if not self._registered and not self.closed:
            self._registered = select.EPOLLIN | select.EPOLLRDHUP | (select.EPOLLOUT if self._outgoing else 0)
            self._loop.register(self.fileno, self._registered, callback)

    def send(self, data: bytes) -> None:
        """Sends, now as far as the socket takes it, the rest when it can. A client that has gone is not an error."""
        if self.closed:
            return
        if not self._outgoing:
            try:
                sent = self.sock.send(data, _SEND)
            except BlockingIOError:
                sent = 0
            except OSError:
                return
            if sent == len(data):
                return
            data = data[sent:]
        self._outgoing += data
        self._want_write(True)

    @property
    def backlog(self) -> int:
        """Bytes that the client has not taken yet."""
        return len(self._outgoing)

    def on_drained(self, callback: Callable[[], None]) -> None:
        """Calls back once when the backlog is empty."""
        self._on_drained = callback

    def flush(self) -> None:
        """Sends on, when the socket can take it."""
        try:
            sent = self.sock.send(self._outgoing, _SEND)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self._outgoing)
        del self._outgoing[:sent]
        if not self._outgoing:
            self._want_write(False)
            callback, self._on_drained = self._on_drained, None
            if callback is not None:
                callback()

    def _want_write(self, wanted: bool) -> None:
        if self._registered:
            events = (self._registered | select.EPOLLOUT) if wanted else (self._registered & ~select.EPOLLOUT)
            if events != self._registered:
                self._registered = events
                self._loop.modify(self.fileno, events)

    def follow(self, owner: int, pid: int) -> None:
        """Takes a pidfd of the process that this is all for: once it has ended, the client has hung up."""
        self._leave_owner()
        self.owner, self.owner_pid = owner, pid
        self._loop.register(owner, select.EPOLLIN, self._lose_owner)

    def stand_in_for(self, pid: int) -> None:
        """Takes another process of the same user for who asks: a keeper's connection is about what the keeper holds.

        Raises:
            OSError: it is gone, or another user's.
        """
        pidfd = os.pidfd_open(pid)
        try:
            with open(f"/proc/{pid}/status", "rb") as stream:
                uid = int(stream.read().partition(b"\nUid:\t")[2].split(b"\t", 1)[0])
            if self.uid not in (uid, 0):
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        except OSError:
            os.close(pidfd)
            raise
        os.close(self.pidfd)
        self.pid, self.pidfd, self.uid = pid, pidfd, uid

    def _lose_owner(self, _events: int) -> None:
        # A socket that is shut down reads as one whose client has gone, and all the rest follows from that.
        self._leave_owner()
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def _leave_owner(self) -> None:
        if self.owner >= 0:
            self._loop.unregister(self.owner)
            os.close(self.owner)
            self.owner = -1

    def release_descriptors(self) -> None:
        """Closes the client's descriptors here: its pipes must end when its own processes end."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = []

    # Answers, in the form that the client speaks

    def notice(self, line: str) -> None:
        """A line for the user, before the answer."""
        if self.lines:
            self.send(b"notice " + line_field(encode_line(line)) + b"\n")
        else:
            self.send(encode_notice(line))

    def tell(self, kind: Reply, payload: bytes = b"") -> None:
        """A frame that only the binary form has."""
        if not self.lines:
            self.send(encode_reply(kind, payload))

    def refuse(self, status: int, message: str) -> None:
        """The last answer: nothing runs."""
        if self.lines:
            self.finish(b"refused %d %s\n" % (status, line_field(encode_line(message))))
        else:
            self.finish(encode_refused(status, message))

    def answer(self, stdout: bytes, stderr: bytes, status: int) -> None:
        """The last answer: what a hook writes, and how it ends."""
        self.finish(encode_answer(status, stdout, stderr))

    def exited(self, wait_status: int, *, timed_out: bool = False) -> None:
        """The last answer: the command ran and ended."""
        if not self.lines:
            self.finish(encode_exited(wait_status, timed_out=timed_out))
        elif timed_out or not os.WIFSIGNALED(wait_status):
            self.finish(b"exited %d\n" % (TIMED_OUT_STATUS if timed_out else os.WEXITSTATUS(wait_status)))
        else:
            self.finish(b"killed %d\n" % os.WTERMSIG(wait_status))

    def stopped(self, number: int) -> None:
        """The command was stopped by this signal."""
        if self.lines:
            self.send(b"stopped %d\n" % number)
        else:
            self.send(encode_reply(Reply.STOPPED, number.to_bytes(4, "little")))

    def allow(self) -> None:
        """The last answer to `ask`: the command would run."""
        self.finish(b"allowed\n")

    def execute(self, path: bytes, timeout_ms: int, arguments: bytes = b"") -> None:
        """The last answer: the client executes this in place, with its own arguments where none are given (a block)."""
        if self.lines:
            words = [b"argument " + line_field(word) + b"\n" for word in arguments.split(b"\0")[:-1]]
            self.finish(b"".join(words) + b"exec %d %s\n" % (timeout_ms, line_field(path)))
        else:
            self.finish(encode_exec(path, timeout_ms, arguments))

    def result(self, value: Any) -> None:
        """The last answer: a JSON value."""
        self.finish(encode_reply(Reply.RESULT, json.dumps(value).encode()))

    def finish(self, last: bytes) -> None:
        """Sends the last answer and closes, once the client has taken all of it."""
        self.last = last
        self.send(last)
        if self._outgoing and not self.closed:
            self.on_drained(self.close)
        else:
            self.close()

    def close(self) -> None:
        """Gives everything back."""
        if self.closed:
            return
        self.closed = True
        if self._registered:
            self._loop.unregister(self.fileno)
        if not self.quiet:
            self._discard_unread()
        self.sock.close()
        self.release_descriptors()
        self._leave_owner()
        os.close(self.pidfd)
        self._on_close(self)

    def _discard_unread(self) -> None:
        """Takes what is still to be read, a signal that came as the command ended, say.

        Closed with it, the client's end would have an error, and `nc` then drops the answer that it has not read yet.
        """
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RD)  # nothing more can come
            while self.sock.recv(4096, socket.MSG_DONTWAIT):
                pass


def _open_pidfd(sock: socket.SocketType, pid: int) -> int:
    try:
        return sock.getsockopt(socket.SOL_SOCKET, SO_PEERPIDFD)
    except OSError:
        # Before Linux 6.5 the number is all there is; it is the caller's while the caller waits for its answer.
        return os.pidfd_open(pid)
