"""The protocol between clients and the daemon (docs/protocol.md): bytes in, events out. Knows no sockets.

Rules of this module: it never blocks, never reads a descriptor, holds no more than the cap on a request, and whatever
bytes it is fed end in an event or a `ProtocolError`.
"""

from __future__ import annotations

import enum
import json
import signal
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from safeshell.errors import ProtocolError
from safeshell.text import printable

MAGIC = b"SfSh"
VERSION = 1
LINE_PREFIX = b"safeshell/1 "
REQUEST_BYTES = 8 << 20
"""The default cap on one request: ARG_MAX allows about 6 MiB."""

_HEADER = struct.Struct("<4sBBHI")
_COMMAND = struct.Struct("<IIIIIiQ")
_REPLY = struct.Struct("<BBHI")
ARGUMENTS_AT = _HEADER.size + _COMMAND.size
"""Offset of a command's arguments in its request, less the length of its name."""
_LINE_MAX = 256
_QUERY_MAX = 64 << 10  # bytes; a message of words about one command
_NUMBERS = {b"execute": 2, b"ask": 2, b"spawn": 5}
"""Count of numbers that follow each verb of the line form."""


class Type(enum.IntEnum):
    """Types of requests."""

    EXECUTE = 1
    EVALUATE = 2
    SIGNAL = 3
    STATUS = 4
    RELOAD = 5
    STOP = 6
    HANDOVER = 7
    EVALUATE_LINE = 8
    STATS = 9
    APPROVALS = 10
    MONITOR = 11


class Flag(enum.IntFlag):
    """Flags that a caller says of itself."""

    TTY = 1
    CTTY = 2
    FDS = 4
    CLOSED = 8
    IN_PLACE = 16
    UNUSUAL = 32


class Reply(enum.IntEnum):
    """The frames of an answer."""

    NOTICE = 1
    EXEC = 2
    REFUSED = 3
    EXITED = 4
    WAITING = 5
    RUNNING = 6
    STOPPED = 7
    OUTPUT = 8
    ERROR_OUTPUT = 9
    RESULT = 10
    EVENT = 11


LAST_REPLIES = frozenset({Reply.EXEC, Reply.REFUSED, Reply.EXITED, Reply.RESULT})
TIMED_OUT = 1
"""The flag of EXITED that says a rule's timeout ended the command."""


class Command:
    """A command as a client sent it.

    Attributes:
        kind: `Type.EXECUTE`, `Type.EVALUATE` or `Type.EVALUATE_LINE`.
        flags: bits of `Flag`.
        name: the path that the client was executed as.
        arguments: argv as a block, each argument ended by NUL.
        environment: the environment as a block, each entry ended by NUL, and one NUL before the first.
        nice: the caller's nice value.
        blocked: the signals that the caller had blocked, bit n-1 for signal n.
        lines: whether the client speaks the line form.
        borrow: the descriptors of the client's parent that are to be the command's 0-2 (`spawn`), or nothing.
    """

    __slots__ = ("arguments", "blocked", "borrow", "environment", "flags", "kind", "lines", "name", "nice")

    def __init__(
        self,
        kind: int,
        flags: int,
        name: bytes,
        arguments: bytes,
        environment: bytes,
        nice: int,
        blocked: int,
        *,
        lines: bool = False,
        borrow: tuple[int, ...] = (),
    ) -> None:
        self.kind = kind
        self.flags = flags
        self.name = name
        self.arguments = arguments
        self.environment = environment
        self.nice = nice
        self.blocked = blocked
        self.lines = lines
        self.borrow = borrow

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Command) and all(
            getattr(self, name) == getattr(other, name) for name in Command.__slots__
        )

    __hash__ = None  # type: ignore[assignment] # it changes


class Signal(NamedTuple):
    """A signal that reached the client, for the command."""

    number: int


class Control(NamedTuple):
    """A request about the daemon: STATUS, RELOAD, STOP, HANDOVER or STATS; `argument` is that of the last three."""

    kind: int
    argument: int = 0


class Query(NamedTuple):
    """A request in JSON: APPROVALS or MONITOR."""

    kind: int
    value: dict[str, Any]


Event = Command | Signal | Control | Query

_NUMBERED = frozenset({Type.SIGNAL, Type.STOP, Type.HANDOVER, Type.STATS})
_QUERIES = frozenset({Type.APPROVALS, Type.MONITOR})


class Receiver:
    """The daemon's end of one connection: feed it bytes, get the requests that they complete.

    The first request decides the connection; after an EXECUTE only SIGNAL may follow, after a MONITOR only APPROVALS.
    """

    __slots__ = ("_buffer", "_cap", "_first", "_lines")

    def __init__(self, cap: int = REQUEST_BYTES) -> None:
        self._buffer = b""
        self._cap = cap
        self._lines = False
        self._first = 0

    def feed(self, data: bytes) -> list[Event]:
        """Takes what arrived.

        Raises:
            ProtocolError: the bytes are no request, or a request over the cap.
        """
        buffer = self._buffer + data if self._buffer else data
        events: list[Event] = []
        if self._lines:
            return self._feed_signals(buffer)
        if not self._first and not _could_be(MAGIC, buffer):
            return self._feed_lines(buffer)
        while len(buffer) >= 12:
            magic, version, kind, flags, length = _HEADER.unpack_from(buffer)
            if magic != MAGIC:
                raise ProtocolError("this is not a request")
            if version != VERSION:
                raise ProtocolError(f"the client speaks version {version} of the protocol, this daemon {VERSION}")
            if length > self._cap:
                raise ProtocolError(f"the request has {length} bytes, the limit is {self._cap}")
            if len(buffer) < 12 + length:
                break
            events.append(self._decode(kind, flags, buffer[12 : 12 + length]))
            self._first = self._first or kind
            buffer = buffer[12 + length :]
        self._buffer = buffer
        return events

    def _decode(self, kind: int, flags: int, body: bytes) -> Event:
        if self._first:
            if kind != (Type.APPROVALS if self._first == Type.MONITOR else Type.SIGNAL):
                raise ProtocolError(f"a request of type {kind} has no place here")
        elif kind in (Type.EXECUTE, Type.EVALUATE, Type.EVALUATE_LINE):
            return _decode_command(kind, flags, body)
        elif kind == Type.SIGNAL:
            raise ProtocolError(f"a request of type {kind} has no place here")
        if kind in _NUMBERED:
            if len(body) != 4:
                raise ProtocolError("the request has the wrong size")
            number = int.from_bytes(body, "little")
            if kind != Type.SIGNAL:
                return Control(kind, number)
            if not 1 <= number <= 64:
                raise ProtocolError(f"there is no signal {number}")
            return Signal(number)
        if kind in (Type.STATUS, Type.RELOAD):
            return Control(kind)
        if kind in _QUERIES:
            return Query(kind, _decode_object(body))
        raise ProtocolError(f"there is no request of type {kind}")

    def _feed_lines(self, buffer: bytes) -> list[Event]:
        if not _could_be(LINE_PREFIX, buffer):
            raise ProtocolError("this is not a request")
        if len(buffer) > self._cap:
            raise ProtocolError(f"the request has over {self._cap} bytes, the limit")
        self._buffer = buffer
        end = buffer.find(b"\n", 0, _LINE_MAX)
        if end < 0:
            if len(buffer) >= _LINE_MAX:
                raise ProtocolError("the first line does not end")
            return []
        verb, *digits = buffer[len(LINE_PREFIX) : end].split(b" ")
        if len(digits) != _NUMBERS.get(verb, -1) or not all(map(bytes.isdigit, digits)):
            raise ProtocolError("the first line is not `safeshell/1 execute|ask ARGC ENVC` or `spawn ARGC ENVC 0 1 2`")
        argc, envc, *borrow = map(int, digits)
        if borrow and max(borrow) >= 1 << 31:
            raise ProtocolError("there is no descriptor of that number")
        if not argc:
            raise ProtocolError("the request has no arguments, not even a name")
        # Every string takes a byte, so a count that the cap can't hold is refused before anything is kept.
        if argc + envc > self._cap:
            raise ProtocolError(f"the request has over {self._cap} bytes, the limit")
        if buffer.count(b"\0", end + 1) < 1 + argc + envc:
            return []
        name, *strings = buffer[end + 1 :].split(b"\0", 1 + argc + envc)
        rest = strings.pop()
        if rest and not borrow:
            raise ProtocolError("the request goes on after its end")
        self._first, self._lines = Type.EXECUTE, True
        command = Command(
            Type.EVALUATE if verb == b"ask" else Type.EXECUTE,
            0 if borrow else Flag.IN_PLACE,
            name,
            b"".join([argument + b"\0" for argument in strings[:argc]]),
            b"".join([b"\0", *[entry + b"\0" for entry in strings[argc:]]]),
            0,
            0,
            lines=True,
            borrow=tuple(borrow),
        )
        self._buffer = b""
        return [command, *(self._feed_signals(rest) if rest else ())]

    def _feed_signals(self, buffer: bytes) -> list[Event]:
        *lines, self._buffer = buffer.split(b"\n")
        if len(self._buffer) > _LINE_MAX:
            raise ProtocolError("the line is not `signal NAME`")
        return [_decode_signal(line) for line in lines]


def _decode_signal(line: bytes) -> Signal:
    word, _, name = line.partition(b" ")
    try:
        number = signal.Signals["SIG" + name.decode("ascii")]
    except (KeyError, UnicodeDecodeError):
        number = None
    if word != b"signal" or number is None:
        raise ProtocolError("the line is not `signal NAME`")
    return Signal(int(number))


def _decode_object(body: bytes) -> dict[str, Any]:
    if len(body) > _QUERY_MAX:
        raise ProtocolError(f"the request has {len(body)} bytes, the limit is {_QUERY_MAX}")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ProtocolError("the request is not a JSON object")
    return value


def _could_be(expected: bytes, data: bytes) -> bool:
    return data.startswith(expected) if len(data) >= len(expected) else expected.startswith(data)


def _decode_command(kind: int, flags: int, body: bytes) -> Command:
    if len(body) < 32:
        raise ProtocolError("the request has the wrong size")
    argc, envc, argument_bytes, environment_bytes, name_bytes, nice, blocked = _COMMAND.unpack_from(body)
    arguments_at = 32 + name_bytes
    environment_at = arguments_at + argument_bytes
    if environment_at + environment_bytes != len(body):
        raise ProtocolError("the request's blocks do not fit its size")
    arguments = body[arguments_at:environment_at]
    # One byte earlier than the block: the NUL that ends what stands before it, so that every entry follows a NUL.
    environment = body[environment_at - 1 :]
    if arguments.count(b"\0") != argc or environment.count(b"\0") != envc + 1:
        raise ProtocolError("the request's counts do not fit its blocks")
    if not argc:
        raise ProtocolError("the request has no arguments, not even a name")
    if kind == Type.EVALUATE_LINE and argc != 1:
        raise ProtocolError("a shell line is one argument")
    if arguments[-1] or environment[-1]:
        raise ProtocolError("the request's blocks do not end in NUL")
    name = body[32:arguments_at]
    if not name or b"\0" in name:
        raise ProtocolError("the request names no program")
    return Command(kind, flags, name, arguments, environment, nice, blocked)


def encode_command(command: Command) -> bytes:
    """A request that carries a command: the reverse of what `Receiver` does."""
    environment = command.environment[1:]
    body = _COMMAND.pack(
        command.arguments.count(b"\0"),
        environment.count(b"\0"),
        len(command.arguments),
        len(environment),
        len(command.name),
        command.nice,
        command.blocked,
    )
    blocks = (body, command.name, command.arguments, environment)
    return _HEADER.pack(MAGIC, VERSION, command.kind, command.flags, sum(map(len, blocks))) + b"".join(blocks)


def encode_signal(number: int) -> bytes:
    """A SIGNAL request."""
    return _HEADER.pack(MAGIC, VERSION, Type.SIGNAL, 0, 4) + number.to_bytes(4, "little")


def encode_control(kind: Type, argument: int = 0) -> bytes:
    """A STATUS, RELOAD, STOP, HANDOVER or STATS request."""
    body = argument.to_bytes(4, "little") if kind in _NUMBERED else b""
    return _HEADER.pack(MAGIC, VERSION, kind, 0, len(body)) + body


def encode_query(kind: Type, value: Mapping[str, Any]) -> bytes:
    """An APPROVALS or MONITOR request."""
    body = json.dumps(value).encode()
    return _HEADER.pack(MAGIC, VERSION, kind, 0, len(body)) + body


def encode_reply(kind: Reply, payload: bytes = b"", flags: int = 0) -> bytes:
    """One frame of an answer."""
    return _REPLY.pack(kind, 0, flags, len(payload)) + payload


def encode_exec(path: bytes, timeout_ms: int = 0, arguments: bytes = b"") -> bytes:
    """EXEC: run `path` in place, with these arguments (a block) or, where empty, the client's own."""
    payload = struct.pack("<II", timeout_ms, arguments.count(b"\0")) + path + b"\0" + arguments
    return _REPLY.pack(Reply.EXEC, 0, 0, len(payload)) + payload


def encode_line(line: str) -> bytes:
    """A line as people are shown it by a client, without its newline; whatever is in it, this does not fail."""
    return printable(line).encode()


def encode_notice(line: str) -> bytes:
    """NOTICE: a line goes to stderr, before the answer."""
    return encode_reply(Reply.NOTICE, encode_line(line) + b"\n")


def encode_refused(status: int, line: str) -> bytes:
    """REFUSED: the command does not run; the line goes to stderr."""
    return encode_reply(Reply.REFUSED, struct.pack("<i", status) + encode_line(line) + b"\n")


def encode_exited(wait_status: int, *, timed_out: bool = False) -> bytes:
    """EXITED: the command ran and ended."""
    return encode_reply(Reply.EXITED, struct.pack("<I", wait_status), TIMED_OUT if timed_out else 0)


def line_field(data: bytes) -> bytes:
    """A field of the line form: one line that `printf %b` turns back into the bytes."""
    return data.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")


class Frame(NamedTuple):
    """One frame of an answer, as the client sees it."""

    kind: Reply
    flags: int
    payload: bytes


class ReplyReceiver:
    """The client's end: feed it bytes, get whole frames."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[Frame]:
        """Takes what arrived.

        Raises:
            ProtocolError: the bytes are no answer.
        """
        self._buffer += data
        frames = []
        while len(self._buffer) >= 8:
            kind, zero, flags, length = _REPLY.unpack_from(self._buffer)
            if zero or kind not in Reply.__members__.values() or length > REQUEST_BYTES:
                raise ProtocolError("the daemon's answer makes no sense")
            if len(self._buffer) < 8 + length:
                break
            frames.append(Frame(Reply(kind), flags, self._buffer[8 : 8 + length]))
            self._buffer = self._buffer[8 + length :]
        return frames
