"""The native front by itself: what it holds, answers and starts."""

from __future__ import annotations

import array
import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator

import pytest
from harness import PATH, temporary_directory, until

from safeshell.command.command_line import block
from safeshell.daemon.core.accepted import Accepted
from safeshell.daemon.core.executor import IGNORED_BY_PYTHON
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.fastpath.binding import ANSWERED_STAGES, Answered, Fastpath
from safeshell.daemon.observe.timings import Timings
from safeshell.host.process.own import Own
from safeshell.install.native import native_front
from safeshell.protocol import Command, Type, encode_command

ANSWER = b"the answer"
REQUEST = encode_command(Command(Type.EXECUTE, 0, b"/x/tool", block([b"tool"]), b"\0" + block([b"PATH=/bin"]), 0, 0))


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


def make(loop: Loop, own: Own, limit: tuple[int, int] = (1024, 1024)) -> Fastpath:
    path = native_front()
    assert path is not None, "nothing was compiled: these tests would show nothing"
    return Fastpath(path, loop.descriptors, own, limit, os.open("/proc/self/cgroup", os.O_RDONLY | os.O_CLOEXEC))


def test_of_many_that_ask_at_once_each_is_answered_and_told_of_once(loop: Loop) -> None:
    front, timings = make(loop, Own.read()), Timings()
    told: list[Answered] = []
    front.on_answered = told.append
    directory = os.open("/", os.O_PATH | os.O_CLOEXEC)
    assert front.put(
        0,
        frame=REQUEST,
        passed=1,
        variables=b"PATH=/bin\0",
        directory=b"/",
        reads=b"",
        answer=ANSWER,
        arguments=b"",
        runs=False,
        urgent=False,
        whole=timings.whole("allow", "in_place").address,
    )
    front.count_in(timings.stages(*ANSWERED_STAGES).addresses)
    with temporary_directory() as root, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{root}/socket")
        listener.listen(512)
        listener.setblocking(False)
        loop.register(listener.fileno(), select.EPOLLIN, lambda _events: None)
        front.set(listener.fileno(), timed=True, descriptors_max=4096)
        clients = [socket.socket(socket.AF_UNIX) for _ in range(200)]
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [directory]))]
        for client in clients:
            client.connect(f"{root}/socket")
            client.sendmsg([REQUEST], rights)
        until(lambda: front.poll(0) or len(told) == len(clients), "all answers to be told of")
        for client in clients:
            client.settimeout(20)
            assert client.recv(100) == ANSWER
            client.close()
    assert set(told) == {Answered(0, os.getpid(), os.geteuid(), 0, 0, 0)}
    assert len(timings.whole("allow", "in_place")) == len(clients)
    os.close(directory)


@pytest.fixture
def standard_signals() -> Iterator[None]:
    """This process is as a client is."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (*IGNORED_BY_PYTHON, signal.SIGCHLD)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@contextlib.contextmanager
def running(loop: Loop, program: bytes) -> Iterator[tuple[Fastpath, Callable[[], socket.socket]]]:
    """A front that runs a program for `REQUEST`, and what connects a client that has sent it."""
    front, timings = make(loop, Own.read()), Timings()
    front.may_run = lambda: 10
    loop.watch_signals((signal.SIGCHLD,), lambda _number: None)
    assert front.put(
        0,
        frame=REQUEST,
        passed=4,
        variables=b"PATH=/bin\0",
        directory=b"/",
        reads=b"",
        answer=program,
        arguments=b"",
        runs=True,
        urgent=False,
        whole=timings.whole("allow", "daemon").address,
    )
    null, there = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC), os.open("/", os.O_PATH | os.O_CLOEXEC)
    passed = array.array("i", [null, null, null, there])
    with temporary_directory() as root, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{root}/socket")
        listener.listen()
        listener.setblocking(False)
        loop.register(listener.fileno(), select.EPOLLIN, lambda _events: None)
        front.set(listener.fileno(), timed=False, descriptors_max=4096)

        def ask() -> socket.socket:
            client = socket.socket(socket.AF_UNIX)
            client.connect(f"{root}/socket")
            client.sendmsg([REQUEST], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
            return client

        yield front, ask
    os.close(null)
    os.close(there)


@pytest.mark.usefixtures("standard_signals")
def test_it_waits_for_no_socket_that_it_has_closed(loop: Loop) -> None:
    """A child that is only just becoming its program has a copy of it, and so has this test."""
    with running(loop, b"/bin/true") as (front, ask):
        before = _watched(loop)

        def watched_after_one() -> set[int]:
            """Nothing where it took so long that it was left to Python."""
            accepted: list[Accepted] = []
            front.on_accepted = accepted.append
            with ask():
                front.poll(0)
                copies = [os.dup(number) for number in _watched(loop) - before]
                os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
                front.poll(0)
                after = _watched(loop)
            close(accepted)
            for number in copies:
                os.close(number)
            return set() if accepted else after

        assert until(watched_after_one, "a command to be run by the front alone") == before


@pytest.mark.usefixtures("standard_signals")
def test_an_event_of_a_closed_connection_is_not_for_the_next_with_its_number(loop: Loop) -> None:
    """All in one round: a command ends, the next client connects, and the first one hangs up."""
    with running(loop, b"/bin/true") as (front, ask):
        before = _watched(loop)

        def is_left_alone() -> bool:
            """Whether the second command is the front's still; it never is for long."""
            accepted: list[Accepted] = []
            front.on_accepted = accepted.append
            with ask() as first:
                front.poll(0)
                numbers = _watched(loop) - before
                os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
                with ask():
                    first.shutdown(socket.SHUT_RDWR)
                    front.poll(0)
                    reused = bool(numbers) and _watched(loop) - before == numbers
                    left_alone = not accepted
                    until(lambda: front.poll(0.001) or _watched(loop) == before, "the second command to end")
            close(accepted)
            return reused and left_alone

        until(is_left_alone, "the second command to be left alone")


def close(accepted: list[Accepted]) -> None:
    for found in accepted:
        os.close(found.fd)
        os.close(found.pidfd)


def _watched(loop: Loop) -> set[int]:
    """The descriptors that it waits for, by the numbers that they had."""
    with open(f"/proc/self/fdinfo/{loop.descriptors[0]}", encoding="ascii") as stream:
        return {int(line.split()[1]) for line in stream if line.startswith("tfd:")}


@pytest.mark.parametrize("unusual", ["", "the daemon's personality"])
def test_what_it_starts_has_the_limit_that_the_daemon_was_started_with(loop: Loop, unusual: str) -> None:
    own = Own.read()._replace(unusual=unusual)
    front = make(loop, own, (123, 456))
    assert front.inspect(os.getpid(), -1) < 0
    null, there = os.open(os.devnull, os.O_RDWR), os.open("/", os.O_PATH)
    reader, writer = os.pipe()
    words = block([b"sh", b"-c", b"ulimit -Sn; ulimit -Hn; pwd; umask"])
    child = front.spawn(b"/bin/sh", words, block([b"PATH=" + PATH.encode()]), [null, writer, null, there], 0o027)
    for descriptor in (null, there, writer):
        os.close(descriptor)
    with os.fdopen(reader, "rb") as stream:
        assert stream.read() == b"123\n456\n/\n0027\n"
    assert os.waitpid(child, 0)[1] == 0


def test_an_error_is_told_and_what_else_happened_is_too(loop: Loop) -> None:
    errors: list[Exception] = []
    with running(loop, b"/nowhere") as (front, ask):  # it can't be started: Python's
        front.on_error = errors.append

        def fail(accepted: Accepted) -> None:
            close([accepted])
            for number in accepted.descriptors:
                os.close(number)
            raise ValueError

        front.on_accepted = fail
        with ask(), ask():
            until(lambda: front.poll(0.01) or len(errors) == 2, "both errors")
    assert {type(error) for error in errors} == {ValueError}


def test_a_program_that_cannot_be_started_is_said_so(loop: Loop) -> None:
    front = make(loop, Own.read())
    with pytest.raises(FileNotFoundError):
        front.spawn(b"/nowhere", block([b"x"]), b"", [0, 1, 2, os.open("/", os.O_PATH | os.O_CLOEXEC)], 0o022)
