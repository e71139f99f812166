"""Frames between the daemon and its helper: whole objects, or an error that both ends catch."""

from __future__ import annotations

import io
import struct

import pytest

from safeshell.shell.frames import frame, read, take


def test_what_is_put_in_comes_out_in_pieces_or_whole() -> None:
    data = frame({"a": 1}) + frame({"b": ["c"]})
    stream, buffer, found = io.BytesIO(data), bytearray(), []
    assert [read(stream), read(stream), read(stream)] == [{"a": 1}, {"b": ["c"]}, None]
    for byte in data:
        buffer.append(byte)
        if (value := take(buffer)) is not None:
            found.append(value)
    assert found == [{"a": 1}, {"b": ["c"]}]
    assert not buffer


@pytest.mark.parametrize(
    ("body", "said"),
    [
        *((b"true", "it is no object"), (b"[]", "it is no object"), (b"{", "Expecting"), (b"", "Expecting")),
        *((b"\xff", "decode"), (b"[" * 60_000, "nested too deep"), (b'{"a":' * 60_000, "nested too deep")),
    ],
)
def test_what_is_no_object_is_an_error(body: bytes, said: str) -> None:
    data = struct.pack("<I", len(body)) + body
    with pytest.raises(ValueError, match=said):
        take(bytearray(data))
    with pytest.raises(ValueError, match=said):
        read(io.BytesIO(data))
