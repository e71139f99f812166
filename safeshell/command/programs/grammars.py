"""Registry of the programs' data, loaded when it is first asked for.

The daemon doesn't ask: the grammars are in its tables, and it has the rows of the wrappers.
"""

from __future__ import annotations

import fnmatch
import functools
import os
from collections.abc import Iterable, Mapping
from importlib import import_module

from safeshell.command.names import is_glob
from safeshell.command.programs.description import Interpreter, Program, Programs, Runs
from safeshell.command.programs.record import Record, Wrapper, words

__all__ = ["Record", "grammar", "grammars_for", "names", "program", "programs"]


@functools.cache
def programs() -> Mapping[str, Program]:
    """What is known, by the programs' names."""
    found: dict[str, Program] = {}
    for file in sorted(os.listdir(os.path.dirname(__file__))):
        module, suffix = os.path.splitext(file)
        if suffix == ".py" and module not in _OTHERS:
            its: Programs = import_module(f"{__package__}.{module}").PROGRAMS
            found |= {name: _whole(entry) for name, entry in its.items()}
    return found


_OTHERS = frozenset(
    words("__init__ description far_reaching grammars plain record secrets shell_code statements wrappers")
)


def _whole(entry: Program | Record | Wrapper | Runs | Interpreter) -> Program:
    if isinstance(entry, Program):
        return entry
    if isinstance(entry, dict):
        return Program(entry)
    if isinstance(entry, Wrapper):
        return Program(row=entry)
    return Program(runs=entry) if isinstance(entry, Runs) else Program(code=entry)


_NOTHING = Program()


def program(name: str) -> Program:
    """What is known of a program."""
    return programs().get(name, _NOTHING)


def grammar(name: str) -> Record | None:
    """How a program reads its arguments, and what only shows."""
    return program(name).record


@functools.cache
def names() -> tuple[str, ...]:
    """The programs that have a grammar, in order."""
    return tuple(sorted(name for name, known in programs().items() if known.record is not None))


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
