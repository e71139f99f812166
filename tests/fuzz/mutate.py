"""Requests and answers, whole and damaged. Seeded: a failure names its seed, and the same seed fails again."""

from __future__ import annotations

import random
import struct
from typing import Any

from safeshell.command.command_line import block
from safeshell.protocol import (
    Command,
    Hooked,
    Reply,
    Type,
    encode_command,
    encode_control,
    encode_exec,
    encode_exited,
    encode_hook,
    encode_query,
    encode_refused,
    encode_reply,
    encode_signal,
)

PROGRAM = "fuzzed-program-that-does-nothing"
"""So long that no damage makes another program's name of it: what is fuzzed may be run."""

_CONTROLS = (Type.STATUS, Type.RELOAD, Type.STATS)
_QUERIES = (Type.APPROVALS, Type.MONITOR)
_VALUES: tuple[Any, ...] = (
    *("list", "approve", "deny", "enroll", "once", "5m", "", "1234", "\0", "\ud800", "x" * 5000),
    *(None, True, 0, -1, 1, 2.5, 1 << 70, [], ["a"], {}, {"do": []}),
)
"""What a query may hold, in its right place and anywhere else."""

_INTERESTING = (0, 1, 0x7F, 0x80, 0xFF)


def request(source: random.Random, path: str) -> bytes:
    """A request as a client would send it: most often a command, run along `path`, which holds `PROGRAM` alone."""
    kind = source.choice(
        (Type.EXECUTE, Type.EXECUTE, Type.EXECUTE, Type.EVALUATE, Type.EVALUATE_LINE, Type.HOOK, *_CONTROLS, *_QUERIES)
    )
    if kind in _CONTROLS:
        return encode_control(kind)
    if kind in _QUERIES:
        return encode_query(kind, _query(source)) + (encode_query(Type.APPROVALS, _query(source)) * source.randrange(3))
    if kind == Type.HOOK:
        return encode_hook(_hooked(source, path))
    words = [PROGRAM.encode(), *(source.randbytes(source.randrange(20)).replace(b"\0", b"x") for _ in range(3))]
    if kind == Type.EVALUATE_LINE:
        words = [source.choice((b"", b"a; b $(", b"cat <<E\n$x\nE\n", words[1]))]
    environment = [b"PATH=" + path.encode(), b"A=" + b"v" * source.choice((0, 10, 5000))]
    if source.randrange(4) == 0:
        strings = b"".join(each + b"\0" for each in (PROGRAM.encode(), *words, *environment))
        return b"safeshell/1 execute %d %d\n" % (len(words), len(environment)) + strings
    flags = source.choice((0, 0, 1, 16, 31))
    command = Command(kind, flags, PROGRAM.encode(), block(words), b"\0" + block(environment), 0, 0)
    return encode_command(command) + (encode_signal(source.randrange(1, 65)) if source.randrange(4) == 0 else b"")


def _hooked(source: random.Random, path: str) -> Hooked:
    envelope = b'{"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "a; b"}, "cwd": "/"}'
    environment = b"\0" + block([b"PATH=" + path.encode(), b"HOME=/"])
    return Hooked(source.choice(("codex", "claude-code", "x")), environment, source.choice((envelope, b"{", b"", None)))


def _query(source: random.Random) -> dict[str, Any]:
    keys = ("do", "id", "pin", "old", "words", "for", "prefix")
    return {key: source.choice(_VALUES) for key in keys if source.randrange(2)}


def answer(source: random.Random) -> bytes:
    """An answer as the daemon would give it."""
    kinds = (Reply.NOTICE, Reply.OUTPUT, Reply.ERROR_OUTPUT, Reply.WAITING, Reply.RUNNING, Reply.STOPPED, Reply.EVENT)
    frames = [encode_reply(source.choice(kinds), source.randbytes(source.choice((0, 4, 9)))) for _ in range(2)]
    result = encode_reply(Reply.RESULT, b'{"decision": "allow"}')
    last = source.choice((encode_exec(b"/bin/x", 5), encode_refused(126, "no"), encode_exited(256), result))
    return b"".join([*frames, last])


def damage(source: random.Random, data: bytes) -> bytes:
    """The same with a few bytes changed, cut, doubled or put in; now and then as it was."""
    damaged = bytearray(data)
    for _ in range(source.choice((0, 1, 1, 2, 5))):
        at = source.randrange(len(damaged) + 1)
        match source.randrange(5):
            case 0:
                damaged[at : at + 1] = bytes([source.choice(_INTERESTING)])
            case 1:
                damaged[at : at + 1] = source.randbytes(1)
            case 2:
                del damaged[at : at + source.randrange(1, 40)]
            case 3:
                damaged[at:at] = damaged[at : at + source.randrange(1, 40)]
            case _:
                damaged[at : at + 4] = struct.pack("<I", source.choice((0, 1, 0xFFFFFFFF, source.randrange(1 << 32))))
    return bytes(damaged)


def pieces(source: random.Random, data: bytes) -> list[bytes]:
    """The same in pieces."""
    found = []
    while data:
        size = source.choice((1, 3, 11, 64, len(data)))
        found.append(data[:size])
        data = data[size:]
    return found
