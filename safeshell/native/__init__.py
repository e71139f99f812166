"""Where what was compiled is, and the bash client for where nothing could be."""

from __future__ import annotations

import os
import struct

_HERE = os.path.dirname(os.path.abspath(__file__))

_64_BIT = 2
_LITTLE_ENDIAN = 1
_PT_INTERP = 3
"""Of elf.h."""


def native_client() -> str | None:
    """The path of the compiled client, or None where this installation has none that this machine could run."""
    path = os.path.join(_HERE, "safeshell-shim")
    return path if os.access(path, os.X_OK) else None


def is_static(path: str) -> bool:
    """Whether a program starts without a loader, as the freestanding client does, and one linked against libc does not.

    Raises:
        OSError: it can't be read.
    """
    with open(path, "rb") as stream:
        content = stream.read()
    order = "<" if content[5] == _LITTLE_ENDIAN else ">"
    if content[4] == _64_BIT:
        (table,) = struct.unpack_from(f"{order}Q", content, 32)
        size, count = struct.unpack_from(f"{order}HH", content, 54)
    else:
        (table,) = struct.unpack_from(f"{order}I", content, 28)
        size, count = struct.unpack_from(f"{order}HH", content, 42)
    kinds = [struct.unpack_from(f"{order}I", content, table + number * size)[0] for number in range(count)]
    return _PT_INTERP not in kinds


def why_not_static() -> str:
    """What the build says on why its client isn't the static one, or ""."""
    try:
        with open(os.path.join(_HERE, "not-static.txt"), encoding="utf-8") as stream:
            return stream.read().strip()
    except FileNotFoundError:
        return ""


def native_front() -> str | None:
    """The path of the daemon's native front, a library, or None where it was not compiled."""
    path = os.path.join(_HERE, "safeshell-front.so")
    return path if os.access(path, os.R_OK) else None


def bash_client() -> str:
    """The path of the bash client: the installed copy, else the source checkout's."""
    installed = os.path.join(_HERE, "safeshell-check")
    if os.path.exists(installed):
        return installed
    return os.path.join(os.path.dirname(os.path.dirname(_HERE)), "shims", "safeshell-check")
