"""A command in every spelling that it is judged in: as written, then each step of what it really runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from safeshell.command import variables
from safeshell.command.command_line import block, unblock
from safeshell.command.getopt import read_options
from safeshell.command.unwrap import git
from safeshell.command.unwrap.spelling import FileWorld, Spelling, World
from safeshell.command.unwrap.wrappers import WRAPPERS, Wrapper
from safeshell.text import text

SPELLINGS_MAX = 64
"""Spellings of one command; what is nested deeper is not looked into but said to be cut."""

UNWRAPPED: Final = frozenset({*WRAPPERS, "git"})
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
        elif spelling.name in WRAPPERS:
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
    return arguments[start : arguments.find(b"\0", start)] in git.BUILTINS


def _unwrap(spelling: Spelling, wrapper: Wrapper, world: World) -> Iterator[Spelling]:
    """The command that a wrapper runs, if it runs one."""
    command = _Reading(spelling, wrapper, world).command()
    if command is not None:
        yield command


_NUMBER_OPTION = re.compile(rb"-[-+]?[0-9]")
_NUMBER = re.compile(rb"[ \t]*[-+]?[0-9]")


class _Reading:
    """Reads one wrapper's arguments from left to right."""

    def __init__(self, spelling: Spelling, wrapper: Wrapper, world: World) -> None:
        self._spelling = spelling
        self._wrapper = wrapper
        self._world = world
        self._words = unblock(spelling.arguments)
        self._at = 1
        self._cleared = False
        self._unset: list[bytes] = []
        self._assigned: list[bytes] = []
        self._entered: bytes | None = None
        self._left = False

    def command(self) -> Spelling | None:
        """The command inside, None where none runs."""
        wrapper = self._wrapper
        if not self._options():
            return None
        if wrapper.clears and self._words[self._at : self._at + 1] == [b"-"] and wrapper.assignments:
            self._cleared = True
            self._at += 1
        if wrapper.assignments and not self._assignments():
            return None
        self._at += self._skipped()
        inner = self._words[self._at :] or list(wrapper.default)
        if not inner:
            return None
        name = text(inner[0][inner[0].rfind(b"/") + 1 :])
        spelling = self._spelling
        return Spelling(name, block(inner), self._environment(), self._directory(), spelling.git_environment)

    def _options(self) -> bool:
        """Takes options up to the first operand; returns whether a command may follow."""
        wrapper = self._wrapper
        while self._at < len(self._words):
            word = self._words[self._at]
            if wrapper.number_options and _NUMBER_OPTION.match(word):
                self._at += 1
                continue
            if not word.startswith(b"-") or word == b"-":
                return True
            if word == b"--":
                self._at += 1
                return True
            found, self._at = read_options(self._words, self._at, wrapper.options)
            for option, value in found:
                if option in wrapper.nothing:
                    return False
                if not self._effect(option, value):
                    return False
        return True

    def _effect(self, option: str, value: bytes | None) -> bool:
        """Takes up what an option does to the command; returns whether the program goes on."""
        wrapper = self._wrapper
        if option in wrapper.clears:
            self._cleared = True
        elif option in wrapper.leaves:
            self._left = True
        elif value is None:
            return True
        elif option in wrapper.unsets:
            self._unset.append(value)
        elif option in wrapper.enters:
            self._entered = value
        elif option in wrapper.splits:
            from safeshell.command.unwrap.splitting import split_env  # noqa: PLC0415 # its patterns are dear, its callers few

            pieces = split_env(value, self._spelling.environment)
            if pieces is None:
                return False
            self._words = [self._words[0], *pieces, *self._words[self._at :]]
            self._at = 1
        return True

    def _assignments(self) -> bool:
        """Takes `NAME=VALUE` operands up; returns whether a command may follow."""
        more_options = self._wrapper.options_after_assignments
        if more_options and self._words[1 : self._at][-1:] == [b"--"]:
            return True  # sudo takes none after `--`
        while self._at < len(self._words):
            word = self._words[self._at]
            if b"=" not in word or (more_options and word.startswith(b"/")):
                break
            if not word.startswith(b"="):
                self._assigned.append(word)
            self._at += 1
            if more_options:
                if not self._options():
                    return False
                if self._words[1 : self._at][-1:] == [b"--"]:
                    break
        return True

    def _skipped(self) -> int:
        wrapper = self._wrapper
        first = self._words[self._at : self._at + 1]
        if wrapper.numeric and first and not _NUMBER.match(first[0]):
            return 0
        return wrapper.skipped

    def _environment(self) -> bytes:
        environment = variables.EMPTY if self._cleared else self._spelling.environment
        if self._unset:
            environment = variables.without(environment, self._unset)
        return variables.assigned(environment, self._assigned) if self._assigned else environment

    def _directory(self) -> bytes | None:
        if self._left:
            return None
        directory = self._spelling.directory
        return directory if self._entered is None else self._world.enter(directory, self._entered)
