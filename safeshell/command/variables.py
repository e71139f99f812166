"""Environment blocks: entries each ended by NUL, one NUL before the first. Blocks are never changed, only made anew."""

from __future__ import annotations

from collections.abc import Iterable

EMPTY = b"\0"


def get(block: bytes, name: bytes) -> bytes | None:
    """A variable's value; the first where there are several, as getenv has it."""
    start = block.find(b"\0" + name + b"=")
    if start < 0:
        return None
    start += len(name) + 2
    return block[start : block.index(b"\0", start)]


def without(block: bytes, names: Iterable[bytes]) -> bytes:
    """The block less these variables, all entries of each, as unsetenv(3) does."""
    prefixes = tuple([name + b"=" for name in names])
    if not any(b"\0" + prefix in block for prefix in prefixes):
        return block
    return _joined(entry for entry in _entries(block) if not entry.startswith(prefixes))


def assigned(block: bytes, assignments: Iterable[bytes]) -> bytes:
    """The block with `NAME=VALUE` entries put in, in the place of the first of that name, as putenv(3) does."""
    for assignment in assignments:
        name = assignment[: assignment.index(b"=") + 1]
        start = block.find(b"\0" + name)
        if start < 0:
            block += assignment + b"\0"
        else:
            block = block[: start + 1] + assignment + block[block.index(b"\0", start + 1) :]
    return block


def _entries(block: bytes) -> list[bytes]:
    return block[1:].split(b"\0")[:-1]


def _joined(entries: Iterable[bytes]) -> bytes:
    return EMPTY + b"".join([entry + b"\0" for entry in entries])
