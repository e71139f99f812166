"""Pattern found in the working directory: `path_matches`, and a rule's `directory`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from safeshell.policy.atom import AtomKind, FactKind, Truth, search
from safeshell.policy.world import RequestWorld


class _Directory(FactKind):
    kind = "directory"
    read = staticmethod(RequestWorld.directory)
    recorded = False  # a record's `cwd` says so


class _InDirectory(AtomKind):
    kind = "directory"
    cost = 3
    facts = (_Directory(),)
    of_directory = True

    def bind(self, number: int, _: Sequence[Any]) -> Truth:
        return search(number, ("directory",))

    def plain(self, arguments: Sequence[Any]) -> str:
        pattern: str = arguments[0]
        # The frame that the compiler puts around a rule's `directory`.
        framed = pattern.startswith("^(?:") and pattern.endswith(")")
        return f"directory: {pattern[4:-1]}" if framed else f"path_matches: {pattern}"


KIND = _InDirectory()
