"""Line form of the protocol, for clients in shell: one command, then signals by name."""

from __future__ import annotations

import signal

from safeshell.errors import ProtocolError
from safeshell.protocol.messages import Command, Flag, Signal, Type

LINE_PREFIX = b"safeshell/1 "
_LINE_MAX = 256
_NUMBERS = {b"execute": 2, b"ask": 2, b"spawn": 5}
"""Count of numbers that follow each verb of the line form."""


def decode_line_command(buffer: bytes, cap: int) -> tuple[Command, bytes] | None:
    """The command that a buffer begins with and the bytes after it; None where it has not come to its end.

    Raises:
        ProtocolError: the bytes are no request, or a request over the cap.
    """
    if not could_be(LINE_PREFIX, buffer):
        raise ProtocolError("this is not a request")
    if len(buffer) > cap:
        raise ProtocolError(f"the request has over {cap} bytes, the limit")
    end = buffer.find(b"\n", 0, _LINE_MAX)
    if end < 0:
        if len(buffer) >= _LINE_MAX:
            raise ProtocolError("the first line does not end")
        return None
    verb, argc, envc, borrow = _decode_head(buffer[len(LINE_PREFIX) : end], cap)
    if buffer.count(b"\0", end + 1) < 1 + argc + envc:
        return None
    name, *strings = buffer[end + 1 :].split(b"\0", 1 + argc + envc)
    rest = strings.pop()
    if rest and not borrow:
        raise ProtocolError("the request goes on after its end")
    command = Command(
        Type.EVALUATE if verb == b"ask" else Type.EXECUTE,
        0 if borrow else Flag.IN_PLACE,
        name,
        b"".join([argument + b"\0" for argument in strings[:argc]]),
        b"".join([b"\0", *[entry + b"\0" for entry in strings[argc:]]]),
        0,
        0,
        lines=True,
        borrow=borrow,
    )
    return command, rest


def _decode_head(line: bytes, cap: int) -> tuple[bytes, int, int, tuple[int, ...]]:
    verb, *digits = line.split(b" ")
    if len(digits) != _NUMBERS.get(verb, -1) or not all(map(bytes.isdigit, digits)):
        raise ProtocolError("the first line is not `safeshell/1 execute|ask ARGC ENVC` or `spawn ARGC ENVC 0 1 2`")
    argc, envc, *borrow = map(int, digits)
    if borrow and max(borrow) >= 1 << 31:
        raise ProtocolError("there is no descriptor of that number")
    if not argc:
        raise ProtocolError("the request has no arguments, not even a name")
    # Every string takes a byte, so a count that the cap can't hold is refused before anything is kept.
    if argc + envc > cap:
        raise ProtocolError(f"the request has over {cap} bytes, the limit")
    return verb, argc, envc, tuple(borrow)


def decode_line_signals(buffer: bytes) -> tuple[list[Signal], bytes]:
    """The signals in the lines of a buffer, and the begun line behind them.

    Raises:
        ProtocolError: a line names no signal.
    """
    *lines, rest = buffer.split(b"\n")
    if len(rest) > _LINE_MAX:
        raise ProtocolError("the line is not `signal NAME`")
    return [_decode_signal(line) for line in lines], rest


def _decode_signal(line: bytes) -> Signal:
    word, _, name = line.partition(b" ")
    try:
        number = signal.Signals["SIG" + name.decode("ascii")]
    except (KeyError, UnicodeDecodeError):
        number = None
    if word != b"signal" or number is None:
        raise ProtocolError("the line is not `signal NAME`")
    return Signal(int(number))


def could_be(expected: bytes, data: bytes) -> bool:
    """Whether data begins with what is expected, as far as it has come."""
    return data.startswith(expected) if len(data) >= len(expected) else expected.startswith(data)


def line_field(data: bytes) -> bytes:
    """A field of the line form: one line that `printf %b` turns back into the bytes."""
    return data.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")
