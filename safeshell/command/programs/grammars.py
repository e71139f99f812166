"""Registry of the programs' data: a program's is loaded when it is asked for, by its name.

The file of a program has its name, with `_` for a dash and `__` for a dot, and its record as `PROGRAM`.
"""

from __future__ import annotations

import fnmatch
import functools
import os
from collections.abc import Iterable, Mapping
from importlib import import_module

from safeshell.command.names import is_glob
from safeshell.command.programs.record import Record

__all__ = ["Record", "grammar", "grammars_for", "names", "program"]


@functools.cache
def names() -> Mapping[str, str]:
    """The modules' names by the programs', in order."""
    files = sorted(os.listdir(os.path.dirname(__file__)))
    modules = [file.removesuffix(".py") for file in files if file.endswith(".py")]
    found = {module.replace("__", ".").replace("_", "-"): module for module in modules if module[0] != "_"}
    return {name: module for name, module in found.items() if module not in _NO_PROGRAMS}


_NO_PROGRAMS = frozenset(
    {"far_reaching", "grammars", "plain", "record", "runs", "secrets", "shell_code", "statements", "wrappers"}
)


def program(name: str) -> Record | None:
    """All that is known of a program; None where that is nothing."""
    module = names().get(name)
    if module is None:
        return None
    record: Record = import_module(f"{__package__}.{module}").PROGRAM
    return record


@functools.cache
def grammar(name: str) -> Record | None:
    """What a table has of a program: how it reads its arguments, and what only shows."""
    record = program(name)
    return None if record is None else _for_table(record) or None


def _for_table(record: Record) -> Record:
    """A record without what it runs: that is for those who read shell lines."""
    found = {key: value for key, value in record.items() if key != "runs"}
    if "subcommands" in found:
        found["subcommands"] = {name: _for_table(inner) for name, inner in found["subcommands"].items()}
    return found


def grammars_for(asked: Iterable[str | None]) -> dict[str, Record]:
    """The grammars of the commands that dispatch keys stand for: basenames, globs, None for any command."""
    wanted: set[str] = set()
    for name in asked:
        if name is None:
            wanted.update(names())
        elif is_glob(name):
            wanted.update(fnmatch.filter(names(), name))
        else:
            wanted.add(name)
    found = {name: grammar(name) for name in sorted(wanted)}
    return {name: record for name, record in found.items() if record is not None}
