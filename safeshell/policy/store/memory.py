"""Sealed memory files: a table's sections as they are handed from the process that made them to those that map them.

Nobody can change or cut short what is sealed, so that reading it in place is as safe as reading bytes of one's own. A
header, an object of JSON, says what the sections are.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import struct
from collections.abc import Mapping
from typing import Any

from safeshell.errors import TableError
from safeshell.policy.table import Sections

SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


def create() -> int:
    """The descriptor of an empty memory file, for another process to fill.

    Raises:
        OSError: there is none to be had.
    """
    return os.memfd_create("safeshell-table", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def fill(descriptor: int, header: Mapping[str, Any], sections: Sections) -> None:
    """Writes a header and sections, and seals the file.

    Raises:
        OSError: there is no memory left, or it is no memory file.
    """
    full = {**header, "sections": {name: len(data) for name, data in sections.items()}}
    encoded = json.dumps(full).encode()
    with open(descriptor, "wb", closefd=False) as stream:
        stream.write(struct.pack("<I", len(encoded)) + encoded)
        stream.writelines(sections.values())
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SEALS)


def descriptor_of(sections: Sections) -> int:
    """The descriptor of the memory file that sections are mapped from, as all are that a daemon has in force."""
    assert isinstance(sections, SealedSections)
    return sections.descriptor


class SealedSections(dict[str, memoryview]):
    """Sections of a sealed memory file, by name, mapped.

    Attributes:
        descriptor: the memory file's, closed with the last use of this.
        header: what the sections are.
    """

    __slots__ = ("descriptor", "header")

    def __init__(self, descriptor: int) -> None:
        """Maps a file, whose descriptor it takes over.

        Raises:
            TableError: it isn't sealed, or ends early: the process that should have filled it did not.
        """
        super().__init__()
        self.descriptor = descriptor
        try:
            if fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & SEALS != SEALS:
                raise TableError("the other process ended early")
            # Kernels before 6.7 refuse a shared mapping; of pages that nobody writes a private one is the same.
            data = memoryview(mmap.mmap(descriptor, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ))
            self.header = self._read(data)
        except (OSError, struct.error, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise TableError("the other process ended early") from error

    def _read(self, data: memoryview) -> dict[str, Any]:
        (length,) = struct.unpack_from("<I", data)
        header: dict[str, Any] = json.loads(bytes(data[4 : 4 + length]))
        position = 4 + length
        for name, size in header.pop("sections").items():
            self[name] = data[position : position + size]
            position += size
        if position != len(data):
            raise ValueError(position)
        return header

    def __del__(self) -> None:
        os.close(self.descriptor)
