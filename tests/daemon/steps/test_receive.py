"""A request's bytes, as they come: whole, in parts, too many, or no command at all."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator

import pytest
from daemon.asking import Client

from safeshell.command.command_line import block
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.request import Request
from safeshell.daemon.steps import END, WAIT
from safeshell.daemon.steps.receive import Receive
from safeshell.errors import ProtocolError
from safeshell.policy.context import Context
from safeshell.protocol import (
    Command,
    ControlRequest,
    Event,
    Flag,
    Held,
    Hooked,
    Signal,
    Type,
    encode_command,
    encode_control,
    encode_held,
    encode_hook,
    encode_signal,
)

COMMAND = encode_command(Command(Type.EXECUTE, 0, b"/shims/ls", block([b"ls", b"x"]), b"\0", 0, 0))


class Bench:
    """The step, a request, and its client."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.client = Client(self.loop)
        self.request = Request(self.client.connection)
        self.gone: list[Request] = []
        self.asked: list[Event] = []
        self._receive = Receive(self.gone.append, lambda _request, event: self.asked.append(event))

    def send(self, data: bytes, descriptors: int = 0) -> str:
        with open(os.devnull, "rb") as null:
            socket.send_fds(self.client.sock, [data], [null.fileno()] * descriptors)
        return self.receive()

    def receive(self) -> str:
        return self._receive.run(self.request)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.client.close()
    made.loop.close()


@pytest.mark.parametrize("descriptors", [0, 1, 4])
def test_a_command_is_located_next(bench: Bench, descriptors: int) -> None:
    assert bench.send(COMMAND, descriptors) == "locate"
    assert bench.request.command is bench.request.asked
    assert (bench.request.name, bench.request.base) == (b"ls", "ls")
    assert len(bench.request.connection.descriptors) == descriptors


def test_one_that_comes_in_parts_is_waited_for(bench: Bench) -> None:
    assert bench.receive() == WAIT
    for at in range(len(COMMAND) - 1):
        assert bench.send(COMMAND[at : at + 1]) == WAIT
    assert bench.request.command is None
    assert bench.send(COMMAND[-1:]) == "locate"


def test_its_time_is_up_no_more(bench: Bench) -> None:
    late: list[bool] = []
    bench.request.deadline = bench.loop.call_later(0, lambda: late.append(True))
    bench.send(COMMAND)
    bench.loop.call_later(0.001, bench.loop.stop)
    bench.loop.run()
    assert late == []


@pytest.mark.parametrize("descriptors", [2, 3])
def test_another_number_of_descriptors_says_nothing(bench: Bench, descriptors: int) -> None:
    with pytest.raises(ProtocolError, match=f"expected 0, 1 or 4 file descriptors, got {descriptors}"):
        bench.send(COMMAND, descriptors)


def test_signals_right_behind_it_are_kept(bench: Bench) -> None:
    assert bench.send(COMMAND + encode_signal(15) + encode_signal(2)) == "locate"
    assert bench.request.signals == [Signal(15), Signal(2)]


def test_what_is_no_command_is_answered_elsewhere(bench: Bench) -> None:
    assert bench.send(encode_control(Type.STATUS)) == END
    assert bench.asked == [ControlRequest(Type.STATUS)]
    assert bench.request.command is None


def test_who_goes_before_it_is_whole_is_noticed(bench: Bench) -> None:
    bench.send(COMMAND[:10])
    bench.client.sock.close()
    assert bench.receive() == END
    assert bench.gone == [bench.request]


def test_rubbish_is_said_to_be(bench: Bench) -> None:
    with pytest.raises(ProtocolError):
        bench.send(b"\0" * 40)


@pytest.mark.parametrize(("envelope", "descriptors"), [(b"{}", 1), (None, 2)])
def test_a_hooks_envelope_is_read_next(bench: Bench, envelope: bytes | None, descriptors: int) -> None:
    asked = Hooked("codex", b"\0HOME=/h\0", envelope)
    assert bench.send(encode_hook(asked), descriptors) == "envelope"
    hook = bench.request.hook
    assert hook is not None
    assert (hook.agent.name, hook.sent, hook.variable(b"HOME"), hook.shell) == ("codex", asked, b"/h", None)


@pytest.mark.parametrize(
    ("agent", "envelope", "descriptors"),
    [("nobody", b"{}", 1), ("codex", b"{}", 0), ("codex", b"{}", 2), ("codex", None, 1), ("codex", b"x" * 65537, 1)],
)
def test_a_hook_that_breaks_the_protocol_is_refused(
    bench: Bench, agent: str, envelope: bytes | None, descriptors: int
) -> None:
    with pytest.raises(ProtocolError):
        bench.send(encode_hook(Hooked(agent, b"\0", envelope)), descriptors)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([b"bash", b"-c", b"echo 'a' \xff", b"zero"], b"""'/opt/my shell/bash' -c 'echo '"'"'a'"'"' \xff' zero"""),
        ([b"-bash"], b"/opt/bash -l"),
        ([b"-bash", b"-c", b"ls"], b"/opt/bash -l -c ls"),
        ([b""], b"/opt/bash"),
    ],
)
def test_a_guarded_shells_command_is_the_line(bench: Bench, words: list[bytes], line: bytes) -> None:
    name = b"/opt/my shell/bash" if b"my" in line else b"/opt/bash"
    asked = Command(Type.SHELL, 0, name, block(words), b"\0A=1\0", 0, 0)
    assert bench.send(encode_command(asked), 1) == "locate"
    command = bench.request.command
    assert command is not None
    assert (command.kind, command.name, command.environment) == (Type.SHELL, name, b"\0A=1\0")
    assert command.arguments == line + b"\0"


def held(pid: int) -> bytes:
    return encode_held(Held(pid, 2000, Command(Type.EXECUTE, 0, b"/bin/rm", block([b"x", b"y"]), b"\0A=1\0", 0, 0)))


def test_a_held_program_is_asked_about_for_the_process_that_begins_it(bench: Bench) -> None:
    with subprocess.Popen(["sleep", "100"]) as process:
        try:
            assert bench.send(held(process.pid), 1) == "locate"
        finally:
            process.kill()
    connection, command, said = bench.request.connection, bench.request.command, bench.request.held
    assert command is not None
    assert said is not None
    assert (connection.pid, said.patience_ms, bench.request.name) == (process.pid, 2000, b"rm")
    assert (command.kind, command.arguments, command.flags) == (Type.EXECUTE, b"x\0y\0", Flag.IN_PLACE)
    assert Context().is_ai(command.environment)


def test_a_process_that_has_gone_is_not_asked_about(bench: Bench) -> None:
    with subprocess.Popen(["true"]) as process:
        pass
    assert bench.send(held(process.pid), 1) == "finish"
    assert bench.request.refusal == (125, f"safeshell: process {process.pid} can't be asked about: No such process")


def test_another_users_process_is_roots_to_ask_about_alone(bench: Bench) -> None:
    bench.request.connection.uid = 12345
    assert bench.send(held(os.getpid()), 1) == "finish"
    assert bench.request.refusal is not None
    assert "Operation not permitted" in bench.request.refusal[1]


@pytest.mark.parametrize(("pid", "descriptors"), [(0, 1), (2**31, 1), (1, 2), (1, 4)])
def test_a_held_program_that_breaks_the_protocol_is_refused(bench: Bench, pid: int, descriptors: int) -> None:
    with pytest.raises(ProtocolError):
        bench.send(held(pid), descriptors)
