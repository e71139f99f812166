"""Client of the daemon: commands run and decided, approvals, the monitor's events."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safeshell.command.command_line import block
from safeshell.errors import PersonNeededError, RefusedError, SafeShellError, UnreachableError
from safeshell.home.paths import Home
from safeshell.protocol import (
    ENVELOPE_MAX,
    LAST_REPLIES,
    TIMED_OUT,
    Command,
    Frame,
    Hooked,
    Reply,
    ReplyReceiver,
    Type,
    encode_command,
    encode_control,
    encode_hook,
    encode_query,
    unreadable_answer,
)


@dataclass(frozen=True, slots=True)
class Result:
    """End of a command.

    Attributes:
        returncode: its exit status, or minus the signal that ended it (as `subprocess` has it); for a command that did
            not run, the contract's status (126 denied, 77 approval refused, 125 failed, 127 not found).
        stdout, stderr: what it wrote, where no `on_output` took it.
        ran: whether it ran.
        timed_out: whether a rule's timeout ended it.
        message: why it did not run, and notices.
    """

    returncode: int
    stdout: bytes
    stderr: bytes
    ran: bool
    timed_out: bool
    message: str


def execute(
    argv: Sequence[str | bytes],
    *,
    env: Mapping[str, str] | None = None,
    on_output: Callable[[int, bytes], None] | None = None,
    home: Home | None = None,
) -> Result:
    """Runs a command through the daemon, in this process's working directory.

    Args:
        argv: the command; its first word is looked up along PATH.
        env: its environment, this process's where left out.
        on_output: called with 1 or 2 and bytes as they come; while it does not return, the command waits.
        home: whose daemon.

    Raises:
        ValueError: argv is empty, or a word or variable holds a NUL.
        UnreachableError: the daemon can't be reached, or went away; then the command may have run.
        ProtocolError: the daemon's answer makes no sense.
    """
    output: dict[int, list[bytes]] = {1: [], 2: []}
    notices: list[str] = []
    for frame in _exchange(_command(Type.EXECUTE, argv, env), home):
        if frame.kind in (Reply.OUTPUT, Reply.ERROR_OUTPUT):
            stream = 1 if frame.kind is Reply.OUTPUT else 2
            if on_output is None:
                output[stream].append(frame.payload)
            else:
                on_output(stream, frame.payload)
        elif frame.kind is Reply.NOTICE:
            notices.append(frame.payload.decode())
        elif frame.kind is Reply.REFUSED:
            status = int.from_bytes(frame.payload[:4], "little", signed=True)
            message = "".join([*notices, frame.payload[4:].decode()])
            return Result(status, b"", b"", ran=False, timed_out=False, message=message)
        elif frame.kind is Reply.EXITED:
            status = os.waitstatus_to_exitcode(int.from_bytes(frame.payload, "little"))
            timed_out = bool(frame.flags & TIMED_OUT)
            stdout, stderr = b"".join(output[1]), b"".join(output[2])
            return Result(124 if timed_out else status, stdout, stderr, True, timed_out, "".join(notices))
        elif frame.kind in LAST_REPLIES:
            raise unreadable_answer()
    raise UnreachableError("the daemon went away")


def evaluate(
    argv: Sequence[str | bytes], *, env: Mapping[str, str] | None = None, home: Home | None = None
) -> dict[str, Any]:
    """Decision that the daemon would make; nothing runs. The object is that of `safeshell check --json`.

    Raises:
        ValueError: argv is empty, or a word or variable holds a NUL.
        UnreachableError: the daemon can't be reached, or has no rules in force.
        ProtocolError: its answer makes no sense.
    """
    return _result(_exchange(_command(Type.EVALUATE, argv, env), home))


def evaluate_line(
    line: str | bytes, *, env: Mapping[str, str] | None = None, home: Home | None = None
) -> dict[str, Any]:
    """Decision that the daemon would make for a shell line, in this process's working directory; nothing runs.

    Returns:
        The object of `safeshell check -c --json`. Names lead to shims where the PATH of `env` says so.

    Raises:
        ValueError: the line or a variable holds a NUL.
        UnreachableError: the daemon can't be reached, or can't judge the line.
        ProtocolError: its answer makes no sense.
    """
    return _result(_exchange(_command(Type.EVALUATE_LINE, [line], env, name=b"sh"), home))


def ask_as_hook(agent: str, envelope: bytes, *, home: Home | None = None) -> tuple[bytes, bytes, int]:
    """Answer of an agent's hook to what the agent sent, for this process's directory and environment.

    Returns:
        What the hook writes to stdout and to stderr, and its exit status.

    Raises:
        UnreachableError: the daemon can't be reached, or refuses.
        ProtocolError: its answer makes no sense.
    """
    entries = [name + b"=" + os.environb[name] for name in (b"HOME", b"USER", b"PATH", b"SHELL") if name in os.environb]
    with contextlib.ExitStack() as stack:
        passed = []
        if len(envelope) > ENVELOPE_MAX:
            file = stack.enter_context(os.fdopen(os.memfd_create("safeshell-hook"), "wb"))
            file.write(envelope)
            file.flush()
            passed.append(file.fileno())
        directory = os.open(".", os.O_PATH | os.O_CLOEXEC)
        stack.callback(os.close, directory)
        request = encode_hook(Hooked(agent, b"\0" + block(entries), None if passed else envelope))
        for frame in _exchange(request, home, [*passed, directory]):
            if frame.kind is Reply.REFUSED:
                raise _refusal(frame)
            if frame.kind is Reply.ANSWER:
                status, size = int.from_bytes(frame.payload[:4], "little"), int.from_bytes(frame.payload[4:8], "little")
                return frame.payload[8 : 8 + size], frame.payload[8 + size :], status
    raise UnreachableError("the daemon went away")


def control(kind: Type, argument: int = 0, *, home: Home | None = None) -> dict[str, Any]:
    """Asks the daemon about itself: `Type.STATUS`, `RELOAD` or `STOP`. The answer is its status.

    Raises:
        PersonNeededError: it takes a person, and an agent asks.
        UnreachableError: the daemon can't be reached.
        ProtocolError: its answer makes no sense.
    """
    return _result(_exchange(encode_control(kind, argument), home))


def approvals(value: Mapping[str, Any], *, home: Home | None = None) -> dict[str, Any]:
    """Asks about commands that wait for approval, or answers one (docs/protocol.md, "Approvals").

    Returns:
        `ok`, and `reason` where it is false; for `{"do": "list"}` also `pending` and `enrolled`.

    Raises:
        UnreachableError: the daemon can't be reached.
        ProtocolError: its answer makes no sense.
    """
    return _result(_exchange(encode_query(Type.APPROVALS, value), home))


class Watch:
    """A monitor's connection: events as they come, and answers over the same connection.

    Args:
        pin: what answering an agent's requests takes; asked for once.
        home: whose daemon.

    Raises:
        UnreachableError: the daemon can't be reached.
    """

    def __init__(self, pin: str | None = None, *, home: Home | None = None) -> None:
        self._sock = connect(home or Home.find())
        self._receiver = ReplyReceiver()
        self._send(encode_query(Type.MONITOR, {} if pin is None else {"pin": pin}))

    def fileno(self) -> int:
        """The descriptor that becomes readable when there are events."""
        return self._sock.fileno()

    def receive(self) -> list[dict[str, Any]]:
        """The events that have come (hello, pending, settled, decision, answered), once there is something to read.

        Raises:
            UnreachableError: the daemon went away, or refused.
            ProtocolError: its answer makes no sense.
        """
        data = _receive(self._sock)
        if not data:
            raise UnreachableError("the daemon went away")
        events = []
        for frame in self._receiver.feed(data):
            if frame.kind is Reply.REFUSED:
                raise _refusal(frame)
            if frame.kind is Reply.EVENT:
                events.append(json.loads(frame.payload))
        return events

    def answer(self, value: Mapping[str, Any]) -> None:
        """Answers a request, as `approvals` does; an `answered` event says what came of it.

        Raises:
            UnreachableError: the daemon went away.
        """
        self._send(encode_query(Type.APPROVALS, value))

    def close(self) -> None:
        """Ends the connection."""
        self._sock.close()

    def _send(self, request: bytes) -> None:
        try:
            self._sock.sendall(request)
        except OSError as error:
            raise UnreachableError("the daemon went away") from error


def _result(frames: Iterator[Frame]) -> dict[str, Any]:
    for frame in frames:
        if frame.kind is Reply.RESULT:
            value: dict[str, Any] = json.loads(frame.payload)
            return value
        if frame.kind is Reply.REFUSED:
            raise _refusal(frame)
    raise UnreachableError("the daemon went away")


def _refusal(frame: Frame) -> SafeShellError:
    reason = frame.payload[4:].decode().strip().removeprefix("safeshell: ")
    takes_person = int.from_bytes(frame.payload[:4], "little", signed=True) == PersonNeededError.status
    return PersonNeededError(reason) if takes_person else RefusedError(reason)


def _command(kind: Type, argv: Sequence[str | bytes], env: Mapping[str, str] | None, *, name: bytes = b"") -> bytes:
    words = [os.fsencode(word) for word in argv]
    if not words:
        raise ValueError("argv is empty")
    variables = os.environb if env is None else {os.fsencode(name): os.fsencode(value) for name, value in env.items()}
    entries = [variable + b"=" + value for variable, value in variables.items()]
    if any(b"\0" in word for word in (*words, *entries)):
        raise ValueError("embedded null byte")  # as `subprocess` has it: it would end the word early
    return encode_command(Command(kind, 0, name or words[0], block(words), b"\0" + block(entries), 0, 0))


def _exchange(request: bytes, home: Home | None, descriptors: Sequence[int] = ()) -> Iterator[Frame]:
    """Sends a request, descriptors with it, and yields the frames of the answer, up to the last."""
    with connect(home or Home.find()) as sock:
        # A request that breaks a limit is refused before it is read to its end; the answer says why.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sent = socket.send_fds(sock, [request], descriptors) if descriptors else 0
            sock.sendall(request[sent:])
        receiver = ReplyReceiver()
        while data := _receive(sock):
            for frame in receiver.feed(data):
                yield frame
                if frame.kind in LAST_REPLIES:
                    return


def _receive(sock: socket.socket) -> bytes:
    try:
        return sock.recv(1 << 16)
    except ConnectionResetError:
        return b""  # the daemon closed with a part of the request unread


def connect(home: Home) -> socket.socket:
    """A connection to the daemon.

    Raises:
        UnreachableError: there is none.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(home.socket)
    except OSError as error:
        sock.close()
        raise UnreachableError(
            f"can't reach the daemon at {home.socket}: {error.strerror}", hint="run `safeshell daemon start`"
        ) from error
    return sock
