"""Walked lines: the commands that a shell line runs, as they are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from safeshell.shell.words import Word

DIRECTORY = "the directory"
"""What is said not to be known where only the run can tell where a command runs."""


class LineCommand(NamedTuple):
    """A command of a line.

    Attributes:
        words: its arguments, variables of the request's environment expanded.
        written: its arguments as they are written.
        changes: variables that the line gives it or, as None, takes from it.
        directory: where it runs, absolute; None where only the run can tell.
        place: the offsets in the line, in bytes, of the command that it belongs to.
        shims: whether it is looked up along the caller's own PATH.
        bare: its environment is empty but for `changes`.
        parent: which of the line's commands runs it, by its place among them; None where the line itself does.
        away: why no shim of the caller looks at it, as a clause ("it runs behind `sudo`", "it runs on another
            machine"); "" where the line says nothing against it, or where `shims` alone tells.
        guess, shown: as of a NestedCommand.
        file: where it stands in a file that the line runs, as `FILE:LINE`; "" where that is the line itself.
    """

    words: tuple[Word, ...]
    written: tuple[Word, ...]
    changes: Mapping[str, Word | None]
    directory: str | None
    place: tuple[int, int]
    shims: bool
    bare: bool = False
    parent: int | None = None
    away: str = ""
    guess: bool = False
    shown: str = ""
    file: str = ""


@dataclass(slots=True)
class WalkedLine:
    """What was found in a line.

    Attributes:
        commands: its commands, in order.
        broken: words inside what the parser could not read.
        unread: texts for shells whose language is not read here, each with the shell's name.
        overrun: why the line was not read to its end, or "".
    """

    commands: list[LineCommand] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    overrun: str = ""
