"""One client's connection: what it passed, what it is still to be sent, and that all of it is given back."""

from __future__ import annotations

import os
import select
import socket
import struct
from collections.abc import Iterator

import pytest

from safeshell.daemon.core.connection import DESCRIPTORS_MAX, Connection
from safeshell.daemon.core.loop import Loop
from safeshell.errors import ProtocolError
from safeshell.protocol import (
    Command,
    ControlRequest,
    Flag,
    Reply,
    ReplyReceiver,
    Type,
    encode_control,
    encode_exec,
    encode_reply,
)

STATUS = encode_control(Type.STATUS)
LINES = Command(Type.EXECUTE, Flag.IN_PLACE, b"x", b"x\0", b"\0", 0, 0, lines=True)


class Pair:
    """Both ends."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.client, sock = socket.socketpair()
        self.closed: list[Connection] = []
        self.connection = Connection(sock, self.loop, 1 << 16, self.closed.append)

    def answer(self) -> bytes:
        """All that comes until the connection is closed."""
        self.client.settimeout(5)
        found = b""
        while data := self.client.recv(1 << 20):
            found += data
        return found

    def frames(self) -> list[tuple[Reply, bytes]]:
        return [(frame.kind, frame.payload) for frame in ReplyReceiver().feed(self.answer())]


@pytest.fixture
def pair() -> Iterator[Pair]:
    before = len(os.listdir("/proc/self/fd"))
    made = Pair()
    yield made
    made.connection.close()
    made.client.close()
    made.loop.close()
    assert made.closed == [made.connection]
    assert len(os.listdir("/proc/self/fd")) == before


def test_who_connects_is_known_from_the_kernel(pair: Pair) -> None:
    assert (pair.connection.pid, pair.connection.uid) == (os.getpid(), os.geteuid())
    with open(f"/proc/self/fdinfo/{pair.connection.pidfd}", encoding="ascii") as stream:
        assert f"Pid:\t{os.getpid()}\n" in stream.read()


def test_nothing_there_is_no_request_and_a_hang_up_is_none_any_more(pair: Pair) -> None:
    assert pair.connection.receive() == []
    pair.client.close()
    assert pair.connection.receive() is None


def test_descriptors_are_taken_and_do_not_go_to_children(pair: Pair) -> None:
    with open("/dev/null", "rb") as null:
        socket.send_fds(pair.client, [STATUS], [null.fileno()] * DESCRIPTORS_MAX)
    assert pair.connection.receive() == [ControlRequest(Type.STATUS)]
    assert len(pair.connection.descriptors) == DESCRIPTORS_MAX
    assert not any(os.get_inheritable(descriptor) for descriptor in pair.connection.descriptors)
    kept = list(pair.connection.descriptors)
    pair.connection.release_descriptors()
    for descriptor in kept:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


@pytest.mark.parametrize("counts", [(5,), (64,), (3, 2), (1, 1, 1, 1, 1)])
def test_more_descriptors_than_allowed_are_a_protocol_error(pair: Pair, counts: tuple[int, ...]) -> None:
    with open("/dev/null", "rb") as null:
        for count, byte in zip(counts, STATUS, strict=False):
            socket.send_fds(pair.client, [bytes([byte])], [null.fileno()] * count)
    for _ in counts[1:]:
        assert pair.connection.receive() == []
    with pytest.raises(ProtocolError, match="more descriptors than it may"):
        pair.connection.receive()


def test_answers_have_the_clients_form(pair: Pair) -> None:
    pair.connection.notice("é")
    pair.connection.tell(Reply.WAITING)
    pair.connection.refuse(126, "no\nno")
    assert pair.frames() == [
        (Reply.NOTICE, "é\n".encode()),
        (Reply.WAITING, b""),
        (Reply.REFUSED, struct.pack("<i", 126) + b"no\\nno\n"),
    ]


def test_answers_in_lines_are_lines(pair: Pair) -> None:
    pair.connection.lines = True
    pair.connection.notice("a\nb\\\udcff")
    pair.connection.tell(Reply.WAITING)
    pair.connection.execute(b"/bin/a\nb", 250)
    assert pair.answer() == b"notice a\\\\nb\\\\\\\\xff\nexec 250 /bin/a\\nb\n"


def test_a_refusal_in_lines_is_one(pair: Pair) -> None:
    pair.connection.lines = True
    pair.connection.refuse(126, "no\nno")
    assert pair.answer() == b"refused 126 no\\\\nno\n"


def test_exec_names_the_program(pair: Pair) -> None:
    pair.connection.execute(b"/bin/ls", 0)
    assert pair.answer() == encode_exec(b"/bin/ls")


@pytest.mark.parametrize("listens_first", [True, False])
def test_what_the_client_does_not_take_at_once_follows(pair: Pair, listens_first: bool) -> None:
    whole = encode_reply(Reply.OUTPUT, os.urandom(3_000_000))

    def ready(events: int) -> None:
        if events & select.EPOLLOUT:
            pair.connection.flush()

    if listens_first:
        pair.connection.listen(ready)
    pair.connection.send(whole[:2_000_000])
    assert pair.connection.backlog > 0
    pair.connection.send(whole[2_000_000:])
    pair.connection.finish(encode_reply(Reply.RESULT, b"{}"))
    assert not pair.connection.closed
    if not listens_first:
        pair.connection.listen(ready)
    found = b""

    def take(_events: int) -> None:
        nonlocal found
        data = pair.client.recv(1 << 20)
        found += data
        if not data:
            pair.loop.unregister(pair.client.fileno())
            pair.loop.stop()

    pair.loop.register(pair.client.fileno(), select.EPOLLIN, take)
    pair.loop.run()
    assert found == whole + encode_reply(Reply.RESULT, b"{}")
    assert pair.connection.closed


@pytest.mark.parametrize("lines", [True, False])
def test_what_is_left_unread_is_no_error_for_the_client(pair: Pair, lines: bool) -> None:
    pair.connection.lines = lines
    pair.client.send(b"signal CONT\n" * 1000)
    pair.connection.finish(b"exited 0\n")
    watched = select.poll()
    watched.register(pair.client, select.POLLIN)
    assert not watched.poll(0)[0][1] & select.POLLERR  # `nc` reads nothing more where there is one
    assert pair.answer() == b"exited 0\n"


def test_a_client_that_has_gone_is_no_error(pair: Pair) -> None:
    pair.client.close()
    pair.connection.send(b"x")
    pair.connection.notice("x")
    pair.connection.finish(b"x")
    pair.connection.send(b"x")
    assert pair.connection.closed
