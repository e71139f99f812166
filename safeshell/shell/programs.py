"""Programs that run others: which of them run what, each by a reader of its own kind."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from safeshell.command.programs.grammars import program as known_program
from safeshell.command.programs.grammars import programs
from safeshell.command.programs.plain import PLAIN
from safeshell.command.programs.record import Wrapper
from safeshell.command.programs.shells import READERS
from safeshell.command.programs.wrappers import GLOBAL_OPTIONS
from safeshell.shell.interpreters import run_by_code
from safeshell.shell.kept import TEXT_MAX, Kept
from safeshell.shell.make import make_text
from safeshell.shell.multiplexers import run_by_screen, run_by_tmux
from safeshell.shell.nested_commands import Input, Nested, NestedCommand, joined
from safeshell.shell.option_texts import option_texts
from safeshell.shell.repeating import run_by_find, run_by_parallel, run_by_xargs
from safeshell.shell.sed import sed_text
from safeshell.shell.shells import (
    callback_text,
    completing_text,
    crontab_text,
    emulated_text,
    eval_text,
    input_text,
    shell_text,
    source_text,
    trap_text,
)
from safeshell.shell.words import Unknown, Word, unknown
from safeshell.shell.wrapped import WordReading, run_by_row, run_by_su

_PROGRAMS = programs()  # with the module: a worker isn't to load them while it is given time for a line
_UNCHANGED: Mapping[str, Word | None] = MappingProxyType({})


_kept: Kept[tuple[Nested, ...]] = Kept()


def nested(
    words: Sequence[Word], stdin: Input | None, *, changes: Mapping[str, Word | None] = _UNCHANGED
) -> Iterable[Nested]:
    """What a command runs in turn.

    Args:
        words: the command; its first word is known.
        stdin: what it reads, None where it is the caller's own input.
        changes: the variables that the line gives it; None for one that it takes away.
    """
    reads = stdin is not None and (stdin.text is not None or bool(stdin.maybe))
    if changes or reads or not _are_kept(words):
        return _nested(words, stdin, changes)
    key = (tuple(words), stdin)
    found = _kept.get(key)
    if found is None:
        found = tuple(_nested(words, stdin, changes))
        _kept.keep(key, found)
    return found


def _are_kept(words: Sequence[Word]) -> bool:
    """Whether what a command runs hangs on what its words are equal by, and they aren't too long to be kept."""
    length = 0
    for word in words:
        length += len(word.source) + len(word.written)
        if word.literal is None:
            for part in word.parts:
                if isinstance(part, Unknown) and (part.file is not None or part.node is not None):
                    return False
    return length <= 2 * TEXT_MAX


def _nested(words: Sequence[Word], stdin: Input | None, changes: Mapping[str, Word | None]) -> Iterator[Nested]:
    name, runs_others = _known(words[0].literal or "")
    if not runs_others:
        return
    given = list(words)
    known = known_program(name)
    runs, row = known.runs, known.row
    if runs is not None and runs.commands:
        yield from run_by_find(name, runs.commands, given)
    elif runs is not None:
        yield from option_texts(name, runs, given, stdin, changes)
    options = row or known.options
    if name in _BY_ROW and options is not None:
        yield from _BY_ROW[name](options, given, stdin)
    elif name in _SPECIAL:
        yield from _SPECIAL[name](given, stdin)
    elif name == "git":
        yield from _git(given, stdin, changes)
    elif name in READERS:
        yield from shell_text(name, given, stdin, changes)
    elif row is not None or known.code is not None:  # bun is both
        yield from run_by_row(row, given, stdin) if row is not None else ()
        yield from run_by_code(known.code, given, stdin) if known.code is not None else ()
    elif is_unknown(name):
        yield from _guessed(given)


def nested_by_text(
    words: tuple[Word, ...], stdin: Input | None, *, changes: Mapping[str, Word | None]
) -> Iterable[Nested]:
    """As `nested`, for each text that the command may read."""
    others = [*_with_files(words)] if None in [word.literal for word in words] else []
    if not others and (stdin is None or not stdin.maybe):
        return nested(words, stdin, changes=changes)
    ways = [(words, way) for way in ((None,) if stdin is None else stdin.ways)]
    ways += [(one, stdin) for one in others]
    return dict.fromkeys([answer for given, way in ways for answer in nested(given, way, changes=changes)])


def _with_files(words: tuple[Word, ...]) -> Iterator[tuple[Word, ...]]:
    """The words with each text that a file among them may hold."""
    for at, word in enumerate(words):
        for index, part in enumerate(word.parts):
            if isinstance(part, Unknown) and isinstance(part.file, Input):
                for text in part.file.maybe:
                    parts = (*word.parts[:index], replace(part, file=Input(text)), *word.parts[index + 1 :])
                    yield (*words[:at], Word(parts, word.source), *words[at + 1 :])


def may_run_others(path: str) -> bool:
    """Whether a program may run others, whatever its arguments are.

    Args:
        path: its first word: a basename or a path.
    """
    return _known(path)[1]


PATH_MAX = 80
"""Characters of a program's path up to which it is remembered what it is: lines choose their paths."""


def _known(path: str) -> tuple[str, bool]:
    """The name that a program's data has it by, and whether it may run others."""
    return _look_up(path) if len(path) <= PATH_MAX else _look_up.__wrapped__(path)


@lru_cache(maxsize=1024)
def _look_up(path: str) -> tuple[str, bool]:
    name = program(path)
    known = known_program(name)
    has_data = any(each is not None for each in (known.runs, known.row, known.code))
    return name, has_data or name in _BY_ROW or name in _SPECIAL or name in READERS or name == "git" or is_unknown(name)


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
    if name in _PROGRAMS or name in READERS or name in _SPECIAL or name in PLAIN:
        return name
    if name[:1] == "g" and name[1:] in _PROGRAMS:
        return name[1:]
    versioned = _VERSIONED.fullmatch(name)
    base = versioned[1] if versioned is not None else ""
    known = known_program(base)
    return base if base in READERS or known.runs is not None or known.code is not None else name


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
    known = known_program("git").runs
    runs = None if known is None else known.verbs.get(verb or "")
    if runs is not None:
        yield from option_texts(f"git {verb}", runs, rest, stdin, changes)


def _is_option(word: Word) -> bool:
    return word.prefix[:1] == "-"


def is_unknown(name: str) -> bool:
    """Whether nothing is known of a program: no data, no use of its own for a name among its operands."""
    from safeshell.shell.builtins import BUILTINS  # noqa: PLC0415 # it knows the scope, whose own import is dear

    return not (name in _PROGRAMS or name in PLAIN or name in BUILTINS)


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
    "crontab": crontab_text,
}

_BY_ROW: dict[str, Callable[[Wrapper, list[Word], Input | None], Iterator[Nested]]] = {
    "xargs": run_by_xargs,
    "parallel": run_by_parallel,
    "su": run_by_su,
    "runuser": run_by_su,
    "screen": lambda row, words, _: run_by_screen(row, words),
    "tmux": lambda row, words, _: run_by_tmux(row, words),
    "mapfile": callback_text,
    "readarray": callback_text,
    "compgen": completing_text,
    "complete": completing_text,
    "emulate": emulated_text,
    "at": input_text,
    "batch": input_text,
    "sed": sed_text,
    "make": make_text,
    "gmake": make_text,
}
"""Those whose options mean more than a row says."""
