"""Requests in their binary form: decoded for the daemon, encoded for clients."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

from safeshell.errors import ProtocolError
from safeshell.protocol.messages import MAGIC, VERSION, Command, Flag, Held, Hooked, Type

HEADER = struct.Struct("<4sBBHI")
_COMMAND = struct.Struct("<IIIIIiQ")
_HOOK = struct.Struct("<II")
_HELD = struct.Struct("<II")
ENVELOPE_MAX = 64 << 10
"""Bytes of an envelope in a request: what is longer would hold up the daemon, which passes it on."""
ARGUMENTS_AT = HEADER.size + _COMMAND.size
"""Offset of a command's arguments in its request, less the length of its name."""
_QUERY_MAX = 64 << 10  # bytes; a message of words about one command
NUMBERED = frozenset({Type.SIGNAL, Type.STOP, Type.HANDOVER, Type.STATS})
QUERIES = frozenset({Type.APPROVALS, Type.MONITOR})
COMMANDS = frozenset({Type.EXECUTE, Type.EVALUATE, Type.EVALUATE_LINE, Type.SHELL})


def decode_whole(data: bytes, cap: int) -> Command | None:
    """The command of a request that came whole and alone, as most do; None where a `Receiver` has to say what it is.

    Args:
        data: what arrived first.
        cap: the most bytes that a request may have.

    Raises:
        ProtocolError: it carries no command.
    """
    if len(data) < HEADER.size:
        return None
    magic, version, kind, flags, length = HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION or kind not in COMMANDS or not 12 + length == len(data) <= 12 + cap:
        return None
    return decode_command(kind, flags, data[12:])


def decode_command(kind: int, flags: int, body: bytes) -> Command:
    """The command in the body of an EXECUTE, EVALUATE, EVALUATE_LINE or SHELL.

    Raises:
        ProtocolError: there is none.
    """
    if len(body) < 32:
        raise ProtocolError(f"the request has {len(body)} bytes, a command takes at least 32")
    argc, envc, argument_bytes, environment_bytes, name_bytes, nice, blocked = _COMMAND.unpack_from(body)
    arguments_at = 32 + name_bytes
    environment_at = arguments_at + argument_bytes
    if environment_at + environment_bytes != len(body):
        raise ProtocolError(f"the request has {len(body)} bytes, its blocks say {environment_at + environment_bytes}")
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


def decode_hook(flags: int, body: bytes) -> Hooked:
    """What is in the body of a HOOK.

    Raises:
        ProtocolError: it is no such thing.
    """
    if len(body) < _HOOK.size:
        raise ProtocolError(f"the request has {len(body)} bytes, a hook's takes at least {_HOOK.size}")
    name_bytes, environment_bytes = _HOOK.unpack_from(body)
    environment_at = _HOOK.size + name_bytes
    envelope_at = environment_at + environment_bytes
    if envelope_at > len(body) or (flags & Flag.PASSED and envelope_at < len(body)):
        raise ProtocolError(f"the request has {len(body)} bytes, its blocks say {envelope_at}")
    environment = body[environment_at:envelope_at]
    if environment and environment[-1]:
        raise ProtocolError("the request's blocks do not end in NUL")
    if len(body) - envelope_at > ENVELOPE_MAX:
        raise ProtocolError(f"an envelope of over {ENVELOPE_MAX} bytes goes by a descriptor")
    name = body[_HOOK.size : environment_at].decode("utf-8", "replace")
    return Hooked(name, b"\0" + environment, None if flags & Flag.PASSED else body[envelope_at:])


def decode_held(flags: int, body: bytes) -> Held:
    """What is in the body of a HELD.

    Raises:
        ProtocolError: it is no such thing.
    """
    if len(body) < _HELD.size:
        raise ProtocolError(f"the request has {len(body)} bytes, a held program takes at least {_HELD.size}")
    pid, patience_ms = _HELD.unpack_from(body)
    if not 0 < pid < 1 << 31:
        raise ProtocolError(f"there is no process {pid}")
    return Held(pid, patience_ms, decode_command(Type.EXECUTE, flags | Flag.IN_PLACE, body[_HELD.size :]))


def encode_held(held: Held) -> bytes:
    """A HELD request: the reverse of what `Receiver` does."""
    body = _HELD.pack(held.pid, held.patience_ms) + encode_command(held.command)[HEADER.size :]
    return HEADER.pack(MAGIC, VERSION, Type.HELD, held.command.flags & ~Flag.IN_PLACE, len(body)) + body


def encode_hook(hook: Hooked) -> bytes:
    """A HOOK request: the reverse of what `Receiver` does."""
    name, environment = hook.agent.encode(), hook.environment[1:]
    body = _HOOK.pack(len(name), len(environment)) + name + environment + (hook.envelope or b"")
    flags = Flag.PASSED if hook.envelope is None else 0
    return HEADER.pack(MAGIC, VERSION, Type.HOOK, flags, len(body)) + body


def decode_object(body: bytes) -> dict[str, Any]:
    """The JSON object in the body of a query.

    Raises:
        ProtocolError: there is none, or a large one.
    """
    if len(body) > _QUERY_MAX:
        raise ProtocolError(f"the request has {len(body)} bytes, the limit is {_QUERY_MAX}")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ProtocolError("the request is not a JSON object")
    return value


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
    return HEADER.pack(MAGIC, VERSION, command.kind, command.flags, sum(map(len, blocks))) + b"".join(blocks)


def encode_signal(number: int) -> bytes:
    """A SIGNAL request."""
    return HEADER.pack(MAGIC, VERSION, Type.SIGNAL, 0, 4) + number.to_bytes(4, "little")


def encode_control(kind: Type, argument: int = 0) -> bytes:
    """A STATUS, RELOAD, STOP, HANDOVER or STATS request."""
    body = argument.to_bytes(4, "little") if kind in NUMBERED else b""
    return HEADER.pack(MAGIC, VERSION, kind, 0, len(body)) + body


def encode_query(kind: Type, value: Mapping[str, Any]) -> bytes:
    """An APPROVALS or MONITOR request."""
    body = json.dumps(value).encode()
    return HEADER.pack(MAGIC, VERSION, kind, 0, len(body)) + body
