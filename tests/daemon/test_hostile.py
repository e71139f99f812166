"""Peers that mean harm, or do it: others are answered meanwhile, and what they took comes back."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from daemon.test_server import ENV, frames, nothing_kept, request, serves, talk
from harness import Daemon, until

from safeshell.client import connect, execute
from safeshell.protocol import Command, Reply, ReplyReceiver, Type, encode_command, encode_control, encode_signal

ANSWERED_S = 5.0
"""The daemon's deadline for its clients is its own towards everyone else."""

CONNECTIONS = 5000


def answered(daemon: Daemon) -> bool:
    started = time.monotonic()
    return serves(daemon) and time.monotonic() - started < ANSWERED_S


@pytest.fixture
def recorded(daemon: Daemon) -> None:
    """The daemon has refused something already, so that its audit log is open: it stays so."""
    assert talk(daemon.home, request("rm", "precious"))[-1].kind is Reply.REFUSED


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] < CONNECTIONS + 200:
        pytest.skip("the limit on open files is too low")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], CONNECTIONS + 200), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


# A short deadline, for the queue takes 1024 and the daemon 512: the rest gets in as others are thrown out.
@pytest.mark.usefixtures("many_descriptors")
@pytest.mark.config("limits: {client_deadline: 200ms}\n")
def test_5000_connections_opened_and_left(daemon: Daemon) -> None:
    with nothing_kept(daemon), contextlib.ExitStack() as stack:
        for number in range(CONNECTIONS):
            sock = stack.enter_context(connect(daemon.home))
            if number % 2:
                sock.sendall(b"SfSh\1\1")
            if number % 1000 == 0:
                assert answered(daemon)
        assert answered(daemon)


@pytest.mark.config("limits: {client_deadline: 1s}\n")
def test_slow_senders_keep_nobody_waiting(daemon: Daemon) -> None:
    whole = request("echo", "x" * 1000)
    with nothing_kept(daemon), contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connect(daemon.home)) for _ in range(100)]
        for at in range(20):
            for sock in slow:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    sock.sendall(whole[at : at + 1])
            assert answered(daemon)
        for sock in slow:
            assert frames(sock)[-1].kind is Reply.REFUSED


def test_a_million_arguments(daemon: Daemon) -> None:
    count = 1_000_000
    environment = b"\0PATH=" + ENV["PATH"].encode() + b"\0"
    command = Command(Type.EXECUTE, 0, b"echo", b"echo\0" + b"a\0" * count, environment, 0, 0)
    for _ in range(3):  # what the allocator keeps for the next time, it keeps once
        talk(daemon.home, encode_command(command))
    with nothing_kept(daemon):
        for _ in range(15):
            assert talk(daemon.home, encode_command(command))[-1].kind in (Reply.REFUSED, Reply.EXITED)
        assert answered(daemon)


@pytest.mark.usefixtures("recorded")
def test_a_million_arguments_that_are_denied(daemon: Daemon) -> None:
    command = Command(Type.EXECUTE, 0, b"rm", b"rm\0" + b"a\0" * 1_000_000 + b"precious\0", b"\0", 0, 0)
    with nothing_kept(daemon):
        (frame,) = talk(daemon.home, encode_command(command))
        assert struct.unpack_from("<i", frame.payload) == (126,)


def _memfd() -> int:
    return os.memfd_create("x")


def _socket() -> int:
    return socket.socket(socket.AF_UNIX).detach()


def _file() -> int:
    return os.open("/etc/passwd", os.O_PATH)


def _fifo() -> int:
    reader, writer = os.pipe()
    os.close(writer)
    return reader


def _pidfd() -> int:
    return os.pidfd_open(os.getpid())


ODD: list[Callable[[], int]] = [_memfd, _socket, _file, _fifo, _pidfd]


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.shared
def test_what_is_no_directory_is_not_entered(daemon: Daemon, odd: Callable[[], int], count: int) -> None:
    descriptor = odd()
    try:
        with nothing_kept(daemon), open("/dev/null", "r+b") as null:
            passed = [*([null.fileno()] * 3), descriptor][-count:]
            last = talk(daemon.home, request("pwd"), passed)[-1]
            assert last.kind in (Reply.REFUSED, Reply.EXEC)
    finally:
        os.close(descriptor)


@pytest.mark.shared
def test_a_directory_that_may_not_be_read_still_does(daemon: Daemon, tmp_path: object) -> None:
    descriptor = os.open(str(tmp_path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        with nothing_kept(daemon):
            assert talk(daemon.home, request("pwd"), [descriptor])[-1].kind is Reply.EXITED
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.shared
def test_odd_descriptors_as_input_and_output_are_the_commands_own_affair(
    daemon: Daemon, odd: Callable[[], int]
) -> None:
    descriptor, directory = odd(), os.open("/", os.O_PATH)
    try:
        with nothing_kept(daemon):
            last = talk(daemon.home, request("cat"), [descriptor, descriptor, descriptor, directory])[-1]
            assert last.kind in (Reply.EXITED, Reply.EXEC, Reply.REFUSED)
    finally:
        os.close(descriptor)
        os.close(directory)


_ASK = (
    "import contextlib, os, socket, sys; os.setgid(65534); os.setuid(65534); s = socket.socket(socket.AF_UNIX)\n"
    "s.connect(sys.argv[1]); s.settimeout(20)\n"
    "with contextlib.suppress(BrokenPipeError): s.sendall(bytes.fromhex(sys.argv[2]))\n"
    "sys.stdout.buffer.write(s.recv(65536))"
)


@pytest.mark.needs("root")
@pytest.mark.parametrize("data", [request("echo", "hello"), encode_control(Type.STATUS), encode_control(Type.STOP, 2)])
def test_another_user_is_refused_even_past_the_files_mode(daemon: Daemon, data: bytes) -> None:
    os.chmod(os.path.dirname(daemon.home.root), 0o755)
    os.chmod(daemon.home.root, 0o755)
    command = [sys.executable, "-IS", "-c", _ASK, daemon.home.socket, data.hex()]
    with nothing_kept(daemon):
        done = subprocess.run(command, capture_output=True, check=False)
        assert b"Permission" in done.stderr  # the mode alone keeps others out
        os.chmod(daemon.home.socket, 0o666)
        done = subprocess.run(command, capture_output=True, check=True)
        assert done.stdout[:1] == bytes([Reply.REFUSED])
        assert b"serves another user" in done.stdout
        os.chmod(daemon.home.socket, 0o600)


@pytest.mark.shared
def test_a_client_that_never_reads_holds_nobody_up(daemon: Daemon) -> None:
    with nothing_kept(daemon):
        with connect(daemon.home) as sock:
            sock.sendall(request("sh", "-c", "yes | head -c 100000000"))
            until(lambda: daemon.status()["running"] == 1, "the command to run")
            for _ in range(20):
                assert answered(daemon)
            assert daemon.status()["rss_kib"] < 200_000
        until(lambda: daemon.status()["running"] == 0, "the command to end with its client")
        assert execute(["echo"], env=ENV, home=daemon.home).returncode == 0


_SIGNAL = (
    "import socket, sys\n"
    "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.settimeout(20)\n"
    "socket.send_fds(s, [bytes.fromhex(sys.argv[2])], [int(n) for n in sys.argv[3:]])\n"
    "while data := s.recv(65536): sys.stdout.buffer.write(data)"
)


@pytest.mark.config("execution: daemon\n")
@pytest.mark.usefixtures("recorded")
@pytest.mark.needs("setpriv")
@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("passed", [True, False])
def test_a_confined_caller_has_no_child_that_its_signals_would_reach(
    daemon: Daemon, number: signal.Signals, passed: bool
) -> None:
    """Signals are forwarded unlooked at: what they reach is the caller's own child, and a confined one gets none."""
    data = request("sh", "-c", "echo ran; exec sleep 60") + encode_signal(number)
    directory, null = os.open("/", os.O_PATH), os.open("/dev/null", os.O_RDWR)
    descriptors = [null, null, null, directory] if passed else []
    command = [sys.executable, "-IS", "-c", _SIGNAL, daemon.home.socket, data.hex(), *map(str, descriptors)]
    try:
        with nothing_kept(daemon):
            done = subprocess.run(
                ["setpriv", "--no-new-privs", *command], pass_fds=descriptors, capture_output=True, check=True
            )
            assert daemon.status()["running"] == 0
    finally:
        os.close(directory)
        os.close(null)
    (frame,) = ReplyReceiver().feed(done.stdout)
    assert frame.kind is (Reply.EXEC if passed else Reply.REFUSED)
    assert daemon.status()["placement"].get("in_place", {"reasons": {}})["reasons"] == (
        {"confinement: no_new_privs": 1} if passed else {}
    )


@pytest.mark.config("execution: daemon\n")
def test_what_a_signal_reaches_is_the_callers_own_child(daemon: Daemon) -> None:
    """Nobody's connection names a process: a pid that a client makes up goes nowhere."""
    with connect(daemon.home) as mine, connect(daemon.home) as others:
        for sock in (mine, others):
            sock.sendall(request("sh", "-c", "echo $$; exec sleep 60"))
        pids = [int(ReplyReceiver().feed(sock.recv(65536))[0].payload) for sock in (mine, others)]
        mine.sendall(encode_signal(signal.SIGKILL))
        assert frames(mine)[-1].payload == struct.pack("<I", signal.SIGKILL)
        assert daemon.status()["running"] == 1
        os.kill(pids[1], 0)
