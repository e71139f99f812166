"""Names of programs: which one a command's first word may be, where only the run can tell."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from safeshell.policy.units import LoadedTable
from safeshell.shell.caller import as_bytes
from safeshell.shell.words import Literal, Unknown, Word
from safeshell.text import text

_LOOKING_UP = {"which": (), "command": ("-v",), "type": ("-p", "-P"), "realpath": (), "readlink": ("-f",)}
"""Programs that print the path of one, and the options with which they do."""

_DEFAULT = re.compile(r":?[-=]([\w./+-]+)")
"""What `${NAME:-DEFAULT}` has behind the name."""

_OWN = re.compile(r"(\./+)*[\w.@-]*\w[\w.@-]*/|\./")
"""How a program of the project's own begins: below the directory."""


def names_of(word: Word, tables: Sequence[LoadedTable]) -> Iterator[str]:
    """The basenames that a command may have, those that no rule names left out.

    Args:
        word: its first word.
        tables: the rules.
    """
    known = known_name(word)
    if known is not None:
        yield text(as_bytes(known))
        return
    yield text(as_bytes(word.written))
    begins, ends = word.prefix.rpartition("/")[2], ""
    if _is_pattern(word):  # it is a file's name, whichever directory that is in
        last = word.parts[-1]
        ends = last.text.rpartition("]")[2] if isinstance(last, Literal) else ""
    elif _OWN.match(word.prefix):
        return
    elif "/" in word.prefix:
        begins = ""
    names = {name for loaded in tables for name in loaded.table.exact}
    names |= {glob for loaded in tables for glob, _ in loaded.table.globs}
    yield from sorted(name for name in names if name.startswith(begins) and name.endswith(ends))


def _is_pattern(word: Word) -> bool:
    """Whether only the files there are decide what the word is."""
    return all(isinstance(part, Literal) or part.source in ("*", "?", "[") for part in word.parts)


def known_name(word: Word) -> str | None:
    """The basename where it is known, though the whole word may not be.

    `$DIR/python` is python. `$(which python)` is too, and `${PYTHON:-python}` is taken to be.
    """
    literal = word.literal
    if literal is not None:
        return os.path.basename(literal) if "/" in literal else literal
    *others, last = [part for part in word.parts if isinstance(part, Unknown) or part.text]
    if isinstance(last, Literal):
        return os.path.basename(last.text) or None if "/" in last.text else None
    if others:
        return None
    return _default(last) or _looked_up(last.output)


def _default(part: Unknown) -> str | None:
    found = _DEFAULT.fullmatch(part.operation)
    return os.path.basename(found[1]) or None if found else None


def _looked_up(words: Sequence[str]) -> str | None:
    if len(words) < 2 or os.path.basename(words[0]) not in _LOOKING_UP:
        return None
    options = _LOOKING_UP[os.path.basename(words[0])]
    *between, name = words[1:]
    return os.path.basename(name) or None if tuple(between) in ((), *[(option,) for option in options]) else None
