"""Bundles: a table and what goes with it as one run of bytes, from a child process to its parent."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

from safeshell.errors import TableError


def encode_bundle(header: Mapping[str, Any], sections: Mapping[str, bytes]) -> bytes:
    """The header, an object of JSON, and the sections, each found again by its name."""
    full = {**header, "sections": {name: len(data) for name, data in sections.items()}}
    encoded = json.dumps(full).encode()
    return struct.pack("<I", len(encoded)) + encoded + b"".join(sections.values())


def decode_bundle(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The reverse of `encode_bundle`.

    Raises:
        TableError: the bytes end early.
    """
    try:
        (length,) = struct.unpack_from("<I", data)
        header = json.loads(data[4 : 4 + length])
        position = 4 + length
        sections = {}
        for name, size in header.pop("sections").items():
            sections[name] = data[position : position + size]
            position += size
    except (struct.error, ValueError, KeyError) as error:
        raise TableError("the other process ended early") from error
    if position != len(data):
        raise TableError("the other process ended early")
    return header, sections
