"""Output into frames, never faster than it is taken. What the client sees of it is in tests/test_client.py."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator

import pytest

from safeshell.daemon.core.connection import Connection
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.core.streams import BACKLOG_MAX, FRAME, Streams
from safeshell.protocol import Reply, ReplyReceiver


class Bench:
    """Streams of a command that is this test: it writes to the pipes itself."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.client, sock = socket.socketpair()
        self.connection = Connection(sock, self.loop, 1 << 20, lambda _connection: None)
        self.connection.listen(self._ready)
        self.streams = Streams(self.loop, self.connection)
        self.null, self.stdout, self.stderr = self.streams._child_ends
        self.receiver = ReplyReceiver()

    def _ready(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self.connection.flush()

    def turn(self) -> None:
        """Lets the loop do what it can do now."""
        self.loop.call_later(0.005, self.loop.stop)
        self.loop.run()

    def taken(self) -> list[tuple[Reply, bytes]]:
        """What the client finds when it reads."""
        found = []
        while select.select([self.client], [], [], 0)[0]:
            data = self.client.recv(1 << 20)
            if not data:
                break
            found += [(frame.kind, frame.payload) for frame in self.receiver.feed(data)]
        return found

    def close(self) -> None:
        self.streams.close()
        for descriptor in (self.null, self.stdout, self.stderr):
            os.close(descriptor)
        self.connection.close()
        self.client.close()
        self.loop.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    before = len(os.listdir("/proc/self/fd"))
    made = Bench()
    yield made
    made.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_each_stream_has_its_frames(bench: Bench) -> None:
    os.write(bench.stdout, b"out")
    os.write(bench.stderr, b"err")
    bench.turn()
    assert sorted(bench.taken()) == [(Reply.OUTPUT, b"out"), (Reply.ERROR_OUTPUT, b"err")]


def test_what_is_left_at_the_end_is_sent_and_what_comes_later_is_not(bench: Bench) -> None:
    os.write(bench.stdout, b"x" * FRAME)
    os.write(bench.stderr, b"last words")
    bench.streams.drain()
    assert bench.taken() == [(Reply.OUTPUT, b"x" * FRAME), (Reply.ERROR_OUTPUT, b"last words")]
    with pytest.raises(BrokenPipeError):
        os.write(bench.stdout, b"late")


def test_a_client_that_does_not_read_stops_the_reading_and_one_that_does_starts_it_again(bench: Bench) -> None:
    os.set_blocking(bench.stdout, False)
    written = 0
    for _ in range(40):
        try:
            written += os.write(bench.stdout, b"y" * FRAME)
        except BlockingIOError:
            break
        bench.turn()
    else:
        pytest.fail("the pipe never filled")
    assert BACKLOG_MAX < bench.connection.backlog <= BACKLOG_MAX + FRAME + 8
    received = 0
    while received < written:
        bench.turn()
        received += sum(len(payload) for _, payload in bench.taken())
    assert received == written
    os.write(bench.stdout, b"on")
    bench.turn()
    assert bench.taken() == [(Reply.OUTPUT, b"on")]


def test_the_end_while_the_client_does_not_read_loses_nothing(bench: Bench) -> None:
    os.set_blocking(bench.stdout, False)
    written = 0
    try:
        while True:
            written += os.write(bench.stdout, b"z" * FRAME)
            bench.turn()
    except BlockingIOError:
        pass
    bench.streams.drain()
    bench.connection.finish(b"")
    received = 0
    while not bench.connection.closed:
        received += sum(len(payload) for _, payload in bench.taken())
        bench.turn()
    received += sum(len(payload) for _, payload in bench.taken())
    assert received == written


def test_a_client_that_has_gone_ends_the_reading(bench: Bench) -> None:
    bench.connection.close()
    os.write(bench.stdout, b"x")
    bench.turn()
    with pytest.raises(BrokenPipeError):
        os.write(bench.stdout, b"x")
