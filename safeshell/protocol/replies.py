"""Replies as frames: encoded for the daemon, received by clients."""

from __future__ import annotations

import struct
from typing import NamedTuple

from safeshell.errors import ProtocolError
from safeshell.protocol.messages import REQUEST_BYTES, TIMED_OUT, Reply
from safeshell.text import printable

_REPLY = struct.Struct("<BBHI")


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


def encode_answer(status: int, stdout: bytes, stderr: bytes) -> bytes:
    """ANSWER: what a hook writes, and how it ends."""
    return encode_reply(Reply.ANSWER, struct.pack("<iI", status, len(stdout)) + stdout + stderr)


def encode_exited(wait_status: int, *, timed_out: bool = False) -> bytes:
    """EXITED: the command ran and ended."""
    return encode_reply(Reply.EXITED, struct.pack("<I", wait_status), TIMED_OUT if timed_out else 0)


def unreadable_answer() -> ProtocolError:
    """The error of a client that is answered something else than the protocol says."""
    return ProtocolError(
        "the daemon's answer can't be read", hint="is it of another version? `safeshell daemon restart`"
    )


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
                raise unreadable_answer()
            if len(self._buffer) < 8 + length:
                break
            frames.append(Frame(Reply(kind), flags, self._buffer[8 : 8 + length]))
            self._buffer = self._buffer[8 + length :]
        return frames
