"""Records of what rules files were compiled to, and signatures that tell when one has changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

Signature = tuple[int, ...] | None
"""What tells two states of a file apart: device, inode, mode, owner, size, mtime and ctime in ns; None: not there.

Of a directory that only has to stay whose it is, the first four: files in it come and go.
"""

PLACE = 4
"""How many of these say whose a directory is."""

CHANGED: Signature = (0,) * 7
"""The signature of what has to be compiled again in any case: no file has it."""


class Current(NamedTuple):
    """What a rules file was compiled to.

    Attributes:
        digest: the table's digest.
        root: the directory that the table's paths are relative to.
        watch: every path whose change asks for a new compilation, with its signature when it was read.
        said: what `safeshell compile` said of it and on what grounds, as JSON has it (`safeshell_compiler.publish`);
            None where nothing is known, as after a compilation without lint.
    """

    digest: str
    root: str
    watch: dict[str, Signature]
    said: dict[str, Any] | None = None

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Current:
        """As tables.lmdb holds it."""
        return cls(record["digest"], record["root"], watched(record["watch"]), record.get("said"))

    def is_unchanged(self) -> bool:
        """Whether all that is watched is as it was."""
        return all(is_as(path, state) for path, state in self.watch.items())


def signature(path: str) -> Signature:
    """The state of a file or directory now."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (
        status.st_dev,
        status.st_ino,
        status.st_mode,
        status.st_uid,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def is_as(path: str, state: Signature) -> bool:
    """Whether a file or directory is still in this state."""
    if state is None:  # asked for each command, and access is half the price of a failing stat
        return not os.access(path, os.F_OK)
    found = signature(path)
    return found == state or (found is not None and found[: len(state)] == state)


def watched(record: Mapping[str, list[int] | None]) -> dict[str, Signature]:
    """A watch list as JSON holds it."""
    return {name: tuple(state) if state else None for name, state in record.items()}
