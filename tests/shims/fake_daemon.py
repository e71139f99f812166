"""A daemon that answers by a script and remembers what it was asked: the clients' other end, without the daemon."""

from __future__ import annotations

import array
import os
import queue
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

TTY, CTTY, FDS, CLOSED, UNUSUAL, CONFINED = 1, 2, 4, 8, 32, 64
EXECUTE, SIGNAL, SHELL = 1, 3, 13


def frame(kind: int, payload: bytes = b"", flags: int = 0) -> bytes:
    return struct.pack("<BBHI", kind, 0, flags, len(payload)) + payload


def notice(text: bytes) -> bytes:
    return frame(1, text)


def execute(path: bytes, argv: Sequence[bytes] = (), timeout_ms: int = 0) -> bytes:
    strings = b"".join(each + b"\0" for each in (path, *argv))
    return frame(2, struct.pack("<II", timeout_ms, len(argv)) + strings)


def refused(status: int, text: bytes) -> bytes:
    return frame(3, struct.pack("<i", status) + text)


def exited(wait_status: int, flags: int = 0) -> bytes:
    return frame(4, struct.pack("<I", wait_status), flags)


WAITING = frame(5)
RUNNING = frame(6)


def stopped(number: int) -> bytes:
    return frame(7, struct.pack("<I", number))


@dataclass
class Request:
    """A command as a client sent it; `fds` is what the descriptors were of; they are closed at once."""

    flags: int
    nice: int
    mask: int
    name: bytes
    argv: list[bytes]
    env: list[bytes]
    fds: list[os.stat_result] = field(default_factory=list)
    pid: int = 0
    kind: int = EXECUTE
    verb: str = ""
    """The line form's."""


class Connection:
    """One client, from the daemon's side."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""
        self.fds: list[int] = []

    def fill(self) -> None:
        """Reads more, descriptors too. Raises EOFError where the client has gone."""
        data, ancillary, _, _ = self.sock.recvmsg(1 << 18, socket.CMSG_SPACE(16 * 4))
        for level, kind, payload in ancillary:
            assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
            fds = array.array("i")
            fds.frombytes(payload)
            self.fds += fds
        if not data:
            raise EOFError
        self.buffer += data

    def take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self.fill()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def take_string(self) -> bytes:
        while b"\0" not in self.buffer:
            self.fill()
        text, _, self.buffer = self.buffer.partition(b"\0")
        return text

    def request(self) -> Request:
        """Reads a whole command, of either form."""
        while len(self.buffer) < 12:
            self.fill()
        taken = self.line_request() if self.buffer.startswith(b"safeshell/1 ") else self.framed_request()
        taken.fds = [os.fstat(fd) for fd in self.fds]
        self.close_descriptors()
        taken.pid = struct.unpack("iII", self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        return taken

    def framed_request(self) -> Request:
        magic, version, kind, flags, length = struct.unpack("<4sBBHI", self.take(12))
        assert (magic, version) == (b"SfSh", 1)
        assert kind in (EXECUTE, SHELL)
        body = self.take(length)
        argc, envc, arg_size, env_size, name_size, nice, mask = struct.unpack("<IIIIIiQ", body[:32])
        assert 32 + name_size + arg_size + env_size == length
        name, rest = body[32 : 32 + name_size], body[32 + name_size :]
        argv, env = rest[:arg_size].split(b"\0")[:-1], rest[arg_size:].split(b"\0")[:-1]
        assert (len(argv), len(env)) == (argc, envc)
        return Request(flags, nice, mask, name, argv, env, kind=kind)

    def line_request(self) -> Request:
        while b"\n" not in self.buffer:
            self.fill()
        line, _, self.buffer = self.buffer.partition(b"\n")
        version, verb, argc, envc, *copies = line.split(b" ")
        assert version == b"safeshell/1"
        assert (verb, len(copies)) in {(b"execute", 0), (b"ask", 0), (b"spawn", 3)}
        name = self.take_string()
        argv = [self.take_string() for _ in range(int(argc))]
        env = [self.take_string() for _ in range(int(envc))]
        return Request(0, 0, 0, name, argv, env, verb=verb.decode())

    def signal(self) -> int:
        """Reads a SIGNAL frame: the signal's number."""
        magic, version, kind, _, length = struct.unpack("<4sBBHI", self.take(12))
        assert (magic, version, kind, length) == (b"SfSh", 1, SIGNAL, 4)
        return int(struct.unpack("<I", self.take(4))[0])

    def signal_line(self) -> bytes:
        """Reads a line of the line form that forwards a signal: its name."""
        while b"\n" not in self.buffer:
            self.fill()
        line, _, self.buffer = self.buffer.partition(b"\n")
        word, name = line.split(b" ")
        assert word == b"signal"
        return name

    def gone(self) -> None:
        """Waits until the client has closed its end."""
        try:
            while True:
                self.take(1)
        except (EOFError, ConnectionResetError):
            pass

    def close_descriptors(self) -> None:
        """Lets go of what was passed, or whoever reads the client's output would never see its end."""
        while self.fds:
            os.close(self.fds.pop())

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)


Step = bytes | Callable[[Connection], object]


class FakeDaemon:
    """Listens on HOME/daemon.sock in a thread of its own, and takes each client through the same steps.

    A step is bytes to send, or a function that is given the connection. After the last one it closes.
    """

    def __init__(self, home: str, *steps: Step) -> None:
        self.steps = steps
        self.requests: queue.Queue[Request] = queue.Queue()
        self.failures: list[BaseException] = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(os.path.join(home, "daemon.sock"))
        self.listener.listen(64)
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.listener.close()
        if kind is None:
            assert not self.thread.is_alive()
            assert not self.failures, self.failures

    def serve(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with sock:
                sock.settimeout(20)
                connection = Connection(sock)
                try:
                    self.converse(connection)
                except BaseException as error:  # noqa: BLE001 - told by the test that made this daemon
                    self.failures.append(error)
                finally:
                    connection.close_descriptors()

    def converse(self, connection: Connection) -> None:
        request = connection.request()
        self.requests.put(request)
        for step in self.steps:
            if isinstance(step, bytes):
                connection.send(step)
            else:
                step(connection)

    def request(self) -> Request:
        """What the next client asked."""
        return self.requests.get(timeout=20)
