"""The daemon's front: clients that break the rules hurt nobody else, and it ends when and how it is told to."""

from __future__ import annotations

import os
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from harness import PATH, Daemon, running_daemon, until

from safeshell.client import connect, control, execute
from safeshell.command.command_line import block
from safeshell.home.paths import Home
from safeshell.protocol import (
    Command,
    Frame,
    Reply,
    ReplyReceiver,
    Type,
    encode_command,
    encode_control,
    encode_signal,
)

ENV = {"PATH": PATH}
SLEEP = ["sh", "-c", "echo $$; exec sleep 60"]


def request(*argv: str, kind: Type = Type.EXECUTE, flags: int = 0) -> bytes:
    words = [word.encode() for word in argv]
    environment = b"\0" + block([b"PATH=" + PATH.encode()])
    return encode_command(Command(kind, flags, words[0], block(words), environment, 0, 0))


def frames(sock: socket.socket) -> list[Frame]:
    """All that is answered until the daemon closes."""
    sock.settimeout(20)
    receiver = ReplyReceiver()
    found = []
    try:
        while data := sock.recv(1 << 16):
            found += receiver.feed(data)
    except ConnectionResetError:
        pass  # it closed with something of ours unread
    return found


def refusal(sock: socket.socket) -> tuple[int, str]:
    (frame,) = frames(sock)
    assert frame.kind is Reply.REFUSED
    return struct.unpack_from("<i", frame.payload)[0], frame.payload[4:].decode()


def talk(home: Home, data: bytes, descriptors: list[int] | None = None) -> list[Frame]:
    with connect(home) as sock:
        socket.send_fds(sock, [data], descriptors or [])
        return frames(sock)


def serves(daemon: Daemon) -> bool:
    return execute(["echo", "served"], env=ENV, home=daemon.home).stdout == b"served\n"


@contextmanager
def nothing_kept(daemon: Daemon) -> Iterator[None]:
    """The daemon's descriptors and connections are back where they were afterwards, and its memory nearly."""
    assert serves(daemon)
    before = daemon.idle()
    yield
    until(lambda: daemon.status()["connections"] == before["connections"], "the connections to be closed")
    assert serves(daemon)
    until(lambda: daemon.status()["descriptors"] == before["descriptors"], "the descriptors to be given back")
    assert daemon.status()["rss_kib"] < before["rss_kib"] + 12_000


# Clients that break the rules


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "this is not a request"),
        (b"\0" * 4096, "this is not a request"),
        (b"safeshell/1 evaluate\n", "the first line is not"),
        (request("echo")[:-1] + b"x", "do not end in NUL|counts do not fit"),
        (b"SfSh\1\1\0\0\377\377\377\377", "the request has 4294967295 bytes"),
        (b"SfSh\2\4\0\0\0\0\0\0", "version 2"),
        (encode_signal(15), "no place here"),
    ],
)
@pytest.mark.shared
def test_rubbish_is_answered_and_closed(daemon: Daemon, data: bytes, reason: str) -> None:
    with nothing_kept(daemon), connect(daemon.home) as sock:
        sock.sendall(data)
        status, text = refusal(sock)
        assert status == 125
        assert text.startswith("safeshell: ")
        assert any(part in text for part in reason.split("|"))


@pytest.mark.shared
def test_wrong_counts_are_answered_and_closed(daemon: Daemon) -> None:
    whole = request("echo", "a")
    with nothing_kept(daemon):
        for place in range(12, 32):  # argc, envc and the three lengths
            damaged = bytearray(whole)
            damaged[place] ^= 0x41
            (frame,) = talk(daemon.home, bytes(damaged))
            assert frame.kind is Reply.REFUSED


@pytest.mark.config("limits: {client_deadline: 250ms}\n")
@pytest.mark.parametrize("data", [b"", b"S", b"SfSh\1\1", request("echo")[:20], request("echo")[:-1], b"safeshell/1 "])
@pytest.mark.shared
def test_half_a_request_is_waited_for_only_so_long(daemon: Daemon, data: bytes) -> None:
    with nothing_kept(daemon), connect(daemon.home) as sock:
        sock.sendall(data)
        assert refusal(sock) == (125, "safeshell: the request did not come in time\n")


@pytest.mark.shared
def test_a_request_that_comes_byte_by_byte_is_served(daemon: Daemon) -> None:
    with connect(daemon.home) as sock:
        data = request("echo", "slow")
        for at in range(len(data)):
            sock.sendall(data[at : at + 1])
        found = frames(sock)
    assert [(frame.kind, frame.payload) for frame in found] == [
        (Reply.OUTPUT, b"slow\n"),
        (Reply.EXITED, struct.pack("<I", 0)),
    ]


@pytest.mark.parametrize("count", [2, 3, 5, 60])
@pytest.mark.parametrize("data", [request("echo"), b"rubbish"])
@pytest.mark.shared
def test_a_wrong_number_of_descriptors_is_refused_and_none_is_kept(daemon: Daemon, count: int, data: bytes) -> None:
    with nothing_kept(daemon), open("/dev/null", "rb") as null:
        (frame,) = talk(daemon.home, data, [null.fileno()] * count)
        assert frame.kind is Reply.REFUSED


@pytest.mark.shared
def test_a_directory_that_was_passed_is_where_the_command_runs(daemon: Daemon, tmp_path: object) -> None:
    descriptor = os.open(str(tmp_path), os.O_PATH)
    try:
        output, exited = talk(daemon.home, request("pwd"), [descriptor])
    finally:
        os.close(descriptor)
    assert output.payload == os.fsencode(f"{tmp_path}\n")
    assert exited.kind is Reply.EXITED


@pytest.mark.shared
def test_descriptors_that_come_with_anything_else_are_closed(daemon: Daemon) -> None:
    with nothing_kept(daemon), open("/dev/null", "rb") as null:
        (frame,) = talk(daemon.home, encode_control(Type.STATUS), [null.fileno()] * 4)
        assert frame.kind is Reply.RESULT


@pytest.mark.shared
def test_a_client_that_hangs_up_before_the_answer_hurts_nobody(daemon: Daemon) -> None:
    with nothing_kept(daemon):
        for data in (request("echo"), request("echo", kind=Type.EVALUATE), encode_control(Type.STATUS), b"", b"Sf"):
            for _ in range(10):
                with connect(daemon.home) as sock:
                    sock.sendall(data)
        until(lambda: daemon.status()["running"] == 0, "what was started to end")


@pytest.mark.shared
def test_a_client_that_hangs_up_ends_its_command(daemon: Daemon) -> None:
    with nothing_kept(daemon):
        with connect(daemon.home) as sock:
            sock.sendall(request(*SLEEP))
            pid = int(ReplyReceiver().feed(sock.recv(4096))[0].payload)
            assert os.path.exists(f"/proc/{pid}")
        until(lambda: not os.path.exists(f"/proc/{pid}"), "the command's end")


@pytest.mark.shared
def test_rubbish_after_the_request_ends_the_command(daemon: Daemon) -> None:
    with nothing_kept(daemon), connect(daemon.home) as sock:
        sock.sendall(request(*SLEEP))
        pid = int(ReplyReceiver().feed(sock.recv(4096))[0].payload)
        sock.sendall(encode_control(Type.STATUS))
        status, text = refusal(sock)
        assert (status, "no place here" in text) == (125, True)
        until(lambda: not os.path.exists(f"/proc/{pid}"), "the command's end")


@pytest.mark.shared
def test_a_signal_reaches_the_commands_group(daemon: Daemon) -> None:
    script = "trap 'echo got; exit 9' USR1; echo ready; while :; do sleep 60 & wait; done"
    with connect(daemon.home) as sock:
        sock.sendall(request("sh", "-c", script))
        assert ReplyReceiver().feed(sock.recv(4096))[0].payload == b"ready\n"
        sock.sendall(encode_signal(signal.SIGUSR1))
        found = frames(sock)
    assert [frame.payload for frame in found if frame.kind is Reply.OUTPUT] == [b"got\n"]
    assert found[-1] == Frame(Reply.EXITED, 0, struct.pack("<I", 9 << 8))


@pytest.mark.shared
def test_300_idle_clients_keep_nobody_waiting(daemon: Daemon) -> None:
    with nothing_kept(daemon), ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(connect(daemon.home)).sendall(b"SfSh")
        until(lambda: daemon.status()["connections"] == 301, "all to be accepted")
        assert serves(daemon)


@pytest.mark.config("limits: {connections: 8, client_deadline: 200ms}\n")
def test_beyond_the_limit_on_connections_callers_wait_their_turn(daemon: Daemon) -> None:
    with nothing_kept(daemon), ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(connect(daemon.home)).sendall(b"SfSh")
        assert serves(daemon)  # once the deadline has made room


@pytest.mark.config("limits: {commands: 2}\n")
def test_beyond_the_limit_on_commands_what_can_only_run_there_is_refused(daemon: Daemon) -> None:
    with ExitStack() as stack:
        for _ in range(2):
            sock = stack.enter_context(connect(daemon.home))
            sock.sendall(request(*SLEEP))
            assert sock.recv(4096)
        done = execute(["echo"], env=ENV, home=daemon.home)
        assert (done.returncode, done.ran) == (125, False)
        assert "limit on running commands" in done.message
    until(lambda: daemon.status()["running"] == 0, "the commands to end")
    assert serves(daemon)


@pytest.mark.shared
def test_many_requests_leave_nothing_behind(daemon: Daemon) -> None:
    with nothing_kept(daemon):
        for _ in range(150):
            assert serves(daemon)


# Figures


def test_status_counts_what_was_decided_and_where_it_ran(daemon: Daemon) -> None:
    assert serves(daemon)
    assert serves(daemon)
    assert execute(["rm", "precious"], env=ENV, home=daemon.home).returncode == 126
    assert execute(["touch", "secret"], env={**ENV, "SAFESHELL_CONTEXT": "ai"}, home=daemon.home).returncode == 77
    talk(daemon.home, request("echo", flags=16))
    status = daemon.status()
    assert status["requests"] == {"total": 5, "allow": 3, "deny": 1, "require_approval": 1}
    assert status["placement"] == {
        "daemon": {"count": 2, "reasons": {"no descriptors": 2}},
        "in_place": {"count": 1, "reasons": {"caller asks in place": 1}},
    }
    assert status["cache"] == {"hits": 1, "misses": 4}
    assert (status["running"], status["connections"], status["stopping"], status["error"]) == (0, 1, False, None)
    assert (status["pid"], status["rules"]) == (daemon.pid, daemon.home.rules)
    assert len(status["table"]) == 64
    assert status["uptime_s"] > 0
    assert status["rss_kib"] > 1000


# Ends


@contextmanager
def sleeping(home: Home) -> Iterator[tuple[socket.socket, int]]:
    with connect(home) as sock:
        sock.sendall(request(*SLEEP))
        yield sock, int(ReplyReceiver().feed(sock.recv(4096))[0].payload)


def test_the_first_term_drains_and_the_second_ends_what_runs(daemon: Daemon) -> None:
    with sleeping(daemon.home) as (sock, pid):
        os.kill(daemon.pid, signal.SIGTERM)
        until(lambda: not os.path.exists(daemon.home.socket), "the socket to be given up")
        assert os.path.exists(f"/proc/{pid}")
        with running_daemon(daemon.home) as other:  # the next one may come already
            assert serves(other)
        os.kill(daemon.pid, signal.SIGTERM)
        assert frames(sock) == [Frame(Reply.EXITED, 0, struct.pack("<I", signal.SIGTERM))]
    assert daemon.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_with_nothing_running_one_signal_ends_it(daemon: Daemon, number: signal.Signals) -> None:
    os.kill(daemon.pid, number)
    assert daemon.wait() == 0
    assert not os.path.exists(daemon.home.socket)


def test_stop_answers_and_the_next_daemon_can_start_at_once(daemon: Daemon) -> None:
    with sleeping(daemon.home) as (sock, pid):
        assert control(Type.STOP, 1, home=daemon.home)["pid"] == daemon.pid
        with running_daemon(daemon.home) as other:
            assert other.pid != daemon.pid
            os.kill(pid, signal.SIGTERM)
            assert frames(sock)[-1].kind is Reply.EXITED
    assert daemon.wait() == 0


def test_stop_now_ends_what_runs(daemon: Daemon) -> None:
    with sleeping(daemon.home) as (sock, _pid):
        control(Type.STOP, 2, home=daemon.home)
        assert frames(sock) == [Frame(Reply.EXITED, 0, struct.pack("<I", signal.SIGTERM))]
    assert daemon.wait() == 0


def test_sighup_compiles_again(daemon: Daemon) -> None:
    os.kill(daemon.pid, signal.SIGHUP)
    until(lambda: daemon.status()["reloads"] == 1, "the compilation")
    assert serves(daemon)


def test_a_killed_daemon_leaves_a_socket_that_the_next_one_replaces(daemon: Daemon) -> None:
    os.kill(daemon.pid, signal.SIGKILL)
    assert daemon.wait() == -signal.SIGKILL
    assert os.path.exists(daemon.home.socket)
    with running_daemon(daemon.home) as other:
        assert serves(other)
    daemon.ended = 0


def test_the_socket_is_the_users_alone(daemon: Daemon) -> None:
    assert os.stat(daemon.home.socket).st_mode & 0o7777 == 0o600
    assert sorted(os.listdir(daemon.home.root)) == [
        "agents.none",
        "audit.jsonl",
        "client.conf",
        "config.yaml",
        "daemon.sock",
        "rules.yaml",
        "tables.lmdb",
        "tables.lmdb-lock",
    ]
