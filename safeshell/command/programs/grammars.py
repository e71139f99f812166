"""Grammars that a table carries: what takes an argument, for the commands that the packs are about."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

from safeshell.command.names import is_glob
from safeshell.command.programs import clouds, containers, coreutils, databases, disks, find, git, transfers
from safeshell.command.programs.record import Record, getopt

__all__ = ["Record", "grammar", "grammars_for"]

_GRAMMARS: dict[str, Record] = {
    **coreutils.GRAMMARS,
    **find.GRAMMARS,
    **git.GRAMMARS,
    **containers.GRAMMARS,
    **clouds.GRAMMARS,
    **databases.GRAMMARS,
    **disks.GRAMMARS,
    **transfers.GRAMMARS,
    "crontab": getopt("u:leirsnx:T:V"),
}
"""By basename."""


def grammar(name: str) -> Record | None:
    """What is known of a command."""
    return _GRAMMARS.get(name)


def grammars_for(names: Iterable[str | None]) -> dict[str, Record]:
    """The grammars of the commands that dispatch keys stand for: basenames, globs, None for any command."""
    found: dict[str, Record] = {}
    for name in names:
        if name is None:
            return dict(_GRAMMARS)
        if is_glob(name):
            found.update({known: _GRAMMARS[known] for known in fnmatch.filter(_GRAMMARS, name)})
        elif name in _GRAMMARS:
            found[name] = _GRAMMARS[name]
    return found
