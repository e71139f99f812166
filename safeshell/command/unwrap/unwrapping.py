"""Unwrapping: a command in every spelling that it is judged in: as written, then each step of what it really runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from safeshell.command import variables
from safeshell.command.command_line import block, unblock
from safeshell.command.programs.record import Wrapper
from safeshell.command.programs.wrappers import BUILTINS, TAKEN_OFF, WRAPPERS
from safeshell.command.unwrap import git
from safeshell.command.unwrap.reading import ArgumentReading
from safeshell.command.unwrap.spelling import FileWorld, Spelling, World
from safeshell.text import text

SPELLINGS_MAX = 64
"""Spellings of one command; what is nested deeper is not looked into but said to be cut."""

UNWRAPPED: Final = TAKEN_OFF | {"git"}
"""The names of commands that can have more spellings than one."""

_FILES = FileWorld()


def spellings(
    name: str, arguments: bytes, environment: bytes, directory: bytes | None, world: World = _FILES
) -> list[Spelling]:
    """The spellings of a command, the original first.

    Args:
        name: the basename of the file executed.
        arguments: argv as a block.
        environment: the block of the environment, a NUL before the first entry.
        directory: the working directory, absolute; None where it can't be told.
        world: what else it depends on.

    Returns:
        At most SPELLINGS_MAX and the original; the last has `cut` set where there would be more.
    """
    found = [Spelling(name, arguments, environment, directory)]
    if is_plain(name, arguments):
        return found
    for spelling in found:  # it grows while it is walked
        if spelling.name == "git":
            steps = git.unwrap(spelling, world)
        elif spelling.name in TAKEN_OFF:
            steps = _unwrap(spelling, WRAPPERS[spelling.name], world)
        else:
            continue
        for step in steps:
            if len(found) > SPELLINGS_MAX:
                found[-1] = found[-1]._replace(cut=True)
                return found
            found.append(step)
    return found


def is_plain(name: str, arguments: bytes) -> bool:
    """Whether a command has one spelling, whatever else there is in the world."""
    if name not in UNWRAPPED:
        return True
    if name != "git":
        return False
    # Plain subcommands, by far the most frequent: nothing to take off, nothing to look up.
    start = arguments.find(b"\0") + 1
    return arguments[start : arguments.find(b"\0", start)] in BUILTINS


def _unwrap(spelling: Spelling, row: Wrapper, world: World) -> Iterator[Spelling]:
    """The command that a wrapper runs, if it runs one."""
    reading = ArgumentReading(unblock(spelling.arguments), row, spelling.environment)
    if not reading.read() or reading.texts():
        return
    inner = reading.words[reading.at :] or list(row.default)
    if inner:
        name = text(inner[0][inner[0].rfind(b"/") + 1 :])
        environment = _environment(reading, row, spelling.environment)
        directory = _directory(reading, row, spelling.directory, world)
        yield Spelling(name, block(inner), environment, directory, spelling.git_environment)


def _environment(reading: ArgumentReading, row: Wrapper, environment: bytes) -> bytes:
    if row.clears and reading.has(*row.clears):
        environment = variables.EMPTY
    unset = reading.values(row.unsets) if row.unsets else None
    if unset:
        environment = variables.without(environment, unset)
    return variables.assigned(environment, reading.assigned) if reading.assigned else environment


def _directory(reading: ArgumentReading, row: Wrapper, directory: bytes | None, world: World) -> bytes | None:
    if row.leaves and reading.has(*row.leaves):
        return None
    entered = reading.values(row.enters) if row.enters else None
    return world.enter(directory, entered[-1]) if entered else directory
