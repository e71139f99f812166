"""Programs that run others: which of them run what, each by a reader of its own kind."""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from safeshell.command.programs.git import GLOBAL_OPTIONS
from safeshell.command.programs.grammars import grammar
from safeshell.command.programs.plain import PLAIN
from safeshell.command.programs.runners import RUNNERS
from safeshell.command.programs.runs import RUNS
from safeshell.command.programs.wrappers import WRAPPERS
from safeshell.shell.interpreters import INTERPRETERS, run_by_code
from safeshell.shell.make import make_text
from safeshell.shell.multiplexers import run_by_screen, run_by_tmux
from safeshell.shell.nested_commands import Input, Nested, NestedCommand, joined
from safeshell.shell.option_texts import option_texts
from safeshell.shell.repeating import FINDERS, run_by_find, run_by_parallel, run_by_xargs
from safeshell.shell.sed import sed_text
from safeshell.shell.shells import (
    READERS,
    callback_text,
    crontab_text,
    emulated_text,
    eval_text,
    input_text,
    shell_text,
    source_text,
    trap_text,
)
from safeshell.shell.words import Word, unknown
from safeshell.shell.wrapped import WordReading, row_of, run_by_su, wrapped

_UNCHANGED: Mapping[str, Word | None] = MappingProxyType({})


def nested(
    words: Sequence[Word], stdin: Input | None, *, changes: Mapping[str, Word | None] = _UNCHANGED
) -> Iterator[Nested]:
    """What a command runs in turn.

    Args:
        words: the command; its first word is known.
        stdin: what it reads, None where it is the caller's own input.
        changes: the variables that the line gives it; None for one that it takes away.
    """
    name, kind = _known(words[0].literal or "")
    if kind is _Kind.NOTHING:
        return
    given = list(words)
    if name in RUNS:
        yield from option_texts(name, given, stdin, changes)
    if kind is _Kind.SPECIAL:
        yield from _SPECIAL[name](given, stdin)
    elif kind is _Kind.GIT:
        yield from _git(given, stdin, changes)
    elif kind is _Kind.FINDER:
        yield from run_by_find(name, given)
    elif kind is _Kind.READER:
        yield from shell_text(name, given, stdin, changes)
    elif kind is _Kind.WRAPPER:
        yield from wrapped(name, given, stdin)
        if name in INTERPRETERS:  # bun runs packages too
            yield from run_by_code(name, given, stdin)
    elif kind is _Kind.INTERPRETER:
        yield from run_by_code(name, given, stdin)
    elif kind is _Kind.UNKNOWN:
        yield from _guessed(given)


def may_run_others(path: str) -> bool:
    """Whether a program may run others, whatever its arguments are.

    Args:
        path: its first word: a basename or a path.
    """
    return _known(path)[1] is not _Kind.NOTHING


class _Kind(enum.Enum):
    """What reads a program's arguments for what it runs."""

    NOTHING, OPTIONS, SPECIAL, GIT, FINDER, READER, WRAPPER, INTERPRETER, UNKNOWN = range(9)


PATH_MAX = 80
"""Characters of a program's path up to which it is remembered what it is: lines choose their paths."""


def _known(path: str) -> tuple[str, _Kind]:
    return _kind(path) if len(path) <= PATH_MAX else _kind.__wrapped__(path)


@lru_cache(maxsize=1024)
def _kind(path: str) -> tuple[str, _Kind]:
    name = program(path)
    for kind, names in _NAMES.items():
        if name in names:
            return name, kind
    if _is_unknown(name):
        return name, _Kind.UNKNOWN
    return name, _Kind.OPTIONS if name in RUNS else _Kind.NOTHING


_VERSIONED = re.compile(r"([a-z]+?)-?\d+(?:\.\d+)*")
_LOADER = re.compile(r"ld(?:-linux.*|-musl.*|64|-[\d.]+)?\.so(?:\.\d+)*")


def program(path: str) -> str:
    """The name that a program's data has it by.

    Args:
        path: its first word: a basename or a path. Versions (`bash-5.2`, `perl5.36`), the `g` of GNU programs on other
            systems and the names of the dynamic loader come to one.
    """
    name = os.path.basename(path)
    if _LOADER.fullmatch(name):
        return "ld.so"
    if (
        row_of(name) is not None
        or name in READERS
        or name in RUNS
        or name in _SPECIAL
        or name in FINDERS
        or name in INTERPRETERS
    ):
        return name
    if name[:1] == "g" and (name[1:] in WRAPPERS or name[1:] in _GNU):
        return name[1:]
    versioned = _VERSIONED.fullmatch(name)
    base = versioned[1] if versioned is not None else ""
    return base if base in READERS or base in RUNS or base in INTERPRETERS else name


_GNU = ("find", "split", "sort", "tar", "watch", "parallel")


def _git(words: list[Word], stdin: Input | None, changes: Mapping[str, Word | None]) -> Iterator[Nested]:
    """Git's options taken off, aliases given on the line, and the subcommands that run commands."""
    reading = WordReading(words, GLOBAL_OPTIONS)
    if not reading.read():
        return
    rest = reading.words[reading.at :]
    if not rest:
        return
    if len(rest) < len(words) - 1:
        where = reading.values(("-C",))
        yield NestedCommand((words[0], *rest), where[-1] if len(where) == 1 else unknown("-C") if where else None)
        return
    verb = rest[0].literal
    if verb in ("bisect", "submodule", "for-each-repo"):
        following = [word for word in rest[1:] if not _is_option(word)] if verb == "submodule" else rest[1:]
        if following and following[0].literal == ("foreach" if verb == "submodule" else "run"):
            command = following[1:]
            at = next((index for index, word in enumerate(rest) if command and word is command[0]), len(rest))
            if command:
                yield joined(rest[at:]) if verb == "submodule" else NestedCommand(tuple(command))
    if verb is not None:
        yield from option_texts(f"git {verb}", rest, stdin, changes)


def _is_option(word: Word) -> bool:
    return word.prefix[:1] == "-"


def _is_unknown(name: str) -> bool:
    """Whether nothing is known of a program: no data, no use of its own for a name among its operands."""
    from safeshell.shell.builtins import BUILTINS  # noqa: PLC0415 # it knows the scope, whose own import is dear

    return not (name in RUNS or name in PLAIN or name in BUILTINS or grammar(name) is not None)


def _guessed(words: list[Word]) -> Iterator[NestedCommand]:
    """Operands that may be a command: what stands behind `--`, and each word that may be the first operand.

    A word behind an option may be its value, and then the first operand comes later.
    """
    for index, word in enumerate(words[1:], 1):
        if word.literal == "--":
            if words[index + 1 :]:
                yield NestedCommand(tuple(words[index + 1 :]), guess=True)
            return
        if not _is_option(word):
            if word.literal:
                yield NestedCommand(tuple(words[index:]), guess=True)
            if index == 1 or not _is_option(words[index - 1]):
                break
    later = next((index for index, word in enumerate(words) if word.literal == "--"), len(words))
    if words[later + 1 :]:
        yield NestedCommand(tuple(words[later + 1 :]), guess=True)


_SPECIAL: dict[str, Callable[[list[Word], Input | None], Iterator[Nested]]] = {
    "eval": eval_text,
    "trap": trap_text,
    "source": source_text,
    ".": source_text,
    "mapfile": callback_text,
    "readarray": callback_text,
    "emulate": emulated_text,
    "at": input_text,
    "batch": input_text,
    "crontab": crontab_text,
    "xargs": run_by_xargs,
    "parallel": run_by_parallel,
    "su": run_by_su,
    "runuser": run_by_su,
    "sed": sed_text,
    "make": make_text,
    "gmake": make_text,
    "tmux": lambda words, _: run_by_tmux(words),
    "screen": lambda words, _: run_by_screen(words),
}

_NAMES: dict[_Kind, Container[str]] = {
    _Kind.SPECIAL: _SPECIAL,
    _Kind.GIT: ("git",),
    _Kind.FINDER: FINDERS,
    _Kind.READER: READERS,
    _Kind.WRAPPER: WRAPPERS.keys() | RUNNERS.keys(),
    _Kind.INTERPRETER: INTERPRETERS,
}
"""The first that has a name is what it is."""
