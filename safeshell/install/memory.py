"""Memory of the shims: where programs were looked for, what was made, what a person wants otherwise."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from typing import Any, NamedTuple

from safeshell.home.paths import Home
from safeshell.home.writing import write_atomically

DIRECTORIES_MAX = 128
"""Directories that are remembered, the last seen ones: a PATH has a dozen, virtual environments and projects add to
them, and each is read at every look."""

_NAME = ".memory.json"


class Memory(NamedTuple):
    """What is remembered beside the shims.

    Attributes:
        directories: absolute ones that were on somebody's PATH, the last seen first.
        made: names of the shims that were made: whatever stands there now is known not to be a stranger's.
        removed: names that a person removed, until the next `shims sync`.
        off: whether a person removed them all; then none is made until the next `shims sync`.
        client: the client that `shims sync` was told, "" for the setting's.
        unread: the directories that did not answer.
    """

    directories: tuple[str, ...] = ()
    made: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    off: bool = False
    client: str = ""
    unread: tuple[str, ...] = ()

    def seeing(self, directories: Iterable[str], shims: str) -> Memory:
        """With these, the directory of the shims itself left out; beyond `DIRECTORIES_MAX` the oldest are forgotten."""
        seen = dict.fromkeys((*directories, *self.directories))
        kept = [one for one in seen if one.startswith("/") and one != shims]
        return self._replace(directories=tuple(kept[:DIRECTORIES_MAX]))


def recall(home: Home) -> Memory:
    """Reads it; what can't be read was never there."""
    try:
        with open(os.path.join(home.shims, _NAME), encoding="utf-8", errors="surrogateescape") as stream:
            found: dict[str, Any] = json.load(stream)
        return Memory(
            directories=tuple(map(str, found["directories"])),
            made=frozenset(map(str, found["made"])),
            removed=frozenset(map(str, found["removed"])),
            off=bool(found["off"]),
            client=str(found["client"]),
            unread=tuple(map(str, found["unread"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Memory()


def remember(home: Home, memory: Memory) -> None:
    """Writes it.

    Raises:
        OSError: it can't be written.
    """
    content = {
        **memory._asdict(),
        "directories": list(memory.directories),
        "made": sorted(memory.made),
        "removed": sorted(memory.removed),
        "unread": list(memory.unread),
    }
    text = json.dumps(content, ensure_ascii=False)
    write_atomically(os.path.join(home.shims, _NAME), text.encode("utf-8", "surrogateescape"), 0o600)


def forget(home: Home) -> None:
    """Removes it: shims that are made later are made as if for the first time."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(home.shims, _NAME))
