"""Frames between the daemon and the helper that judges lines: a u32 length (little-endian), then a JSON object."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

_LENGTH = struct.Struct("<I")


def frame(value: Mapping[str, Any]) -> bytes:
    """A frame that holds an object."""
    data = json.dumps(value).encode()
    return _LENGTH.pack(len(data)) + data


def take(buffer: bytearray) -> dict[str, Any] | None:
    """Takes the first frame out of a buffer; None while it isn't whole.

    Raises:
        ValueError: it is no frame.
    """
    if len(buffer) < _LENGTH.size:
        return None
    end = _LENGTH.size + _LENGTH.unpack_from(buffer)[0]
    if len(buffer) < end:
        return None
    value = _decode(buffer[_LENGTH.size : end])
    del buffer[:end]
    return value


def read(stream: BinaryIO) -> dict[str, Any] | None:
    """Reads a frame; None at the end of the stream.

    Raises:
        ValueError: it is no frame.
    """
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    return _decode(stream.read(*_LENGTH.unpack(header)))


def _decode(data: bytes | bytearray) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if not isinstance(value, dict):
        raise ValueError("it is no object")  # noqa: TRY004 # one kind of error for all that is no frame
    return value
