"""Receiver of requests: the daemon's end of a connection."""

from __future__ import annotations

from safeshell.errors import ProtocolError
from safeshell.protocol.line_form import could_be, decode_line_command, decode_line_signals
from safeshell.protocol.messages import MAGIC, REQUEST_BYTES, VERSION, ControlRequest, Event, Query, Signal, Type
from safeshell.protocol.requests import (
    COMMANDS,
    HEADER,
    NUMBERED,
    QUERIES,
    decode_command,
    decode_held,
    decode_hook,
    decode_object,
)


class Receiver:
    """The daemon's end of one connection: feed it bytes, get the requests that they complete.

    The first request decides the connection; after an EXECUTE only SIGNAL may follow, after a MONITOR only APPROVALS.

    Args:
        cap: the most bytes that a request may have.
        first: the type of a request that has come already, as `decode_whole` reads them; 0 for none.
    """

    __slots__ = ("_buffer", "_cap", "_first", "_lines")

    def __init__(self, cap: int = REQUEST_BYTES, first: int = 0) -> None:
        self._buffer = b""
        self._cap = cap
        self._lines = False
        self._first = first

    def feed(self, data: bytes) -> list[Event]:
        """Takes what arrived.

        Raises:
            ProtocolError: the bytes are no request, or a request over the cap.
        """
        buffer = self._buffer + data if self._buffer else data
        events: list[Event] = []
        if self._lines:
            signals, self._buffer = decode_line_signals(buffer)
            return [*signals]
        if not (self._first or buffer.startswith(MAGIC) or could_be(MAGIC, buffer)):
            return self._feed_lines(buffer)
        while len(buffer) >= 12:
            magic, version, kind, flags, length = HEADER.unpack_from(buffer)
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
        elif kind in COMMANDS:
            return decode_command(kind, flags, body)
        elif kind == Type.HOOK:
            return decode_hook(flags, body)
        elif kind == Type.HELD:
            return decode_held(flags, body)
        elif kind == Type.SIGNAL:
            raise ProtocolError(f"a request of type {kind} has no place here")
        if kind in NUMBERED:
            if len(body) != 4:
                raise ProtocolError(f"expected a number of 4 bytes, got {len(body)}")
            number = int.from_bytes(body, "little")
            if kind != Type.SIGNAL:
                return ControlRequest(kind, number)
            if not 1 <= number <= 64:
                raise ProtocolError(f"there is no signal {number}")
            return Signal(number)
        if kind in (Type.STATUS, Type.RELOAD):
            return ControlRequest(kind)
        if kind in QUERIES:
            return Query(kind, decode_object(body))
        raise ProtocolError(f"there is no request of type {kind}")

    def _feed_lines(self, buffer: bytes) -> list[Event]:
        self._buffer = buffer
        found = decode_line_command(buffer, self._cap)
        if found is None:
            return []
        command, rest = found
        self._first, self._lines = Type.EXECUTE, True
        signals, self._buffer = decode_line_signals(rest)
        return [command, *signals]
