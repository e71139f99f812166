"""Dialects of shells by their names: which text is read as which shell's, and which can't be read."""

from __future__ import annotations

import functools
import os

from safeshell.command.programs.shells import DIALECTS
from safeshell.shell.syntax.tree import Dialect

_BY_NAME = {name: Dialect(dialect) for dialect, names in DIALECTS.items() for name in names}


def dialect_of(name: str) -> Dialect | None:
    """The dialect that a shell of this basename reads; None where it can't be read here (fish, pwsh)."""
    return _sh() if name == "sh" else _BY_NAME.get(name)


@functools.cache
def _sh() -> Dialect:
    """What `sh` is on this machine: some have bash or zsh by that name, which read more than POSIX has."""
    name = os.path.basename(os.path.realpath("/bin/sh"))
    return _BY_NAME.get(name, Dialect.SH)
