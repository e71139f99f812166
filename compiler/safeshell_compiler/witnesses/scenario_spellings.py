"""A situation in all the spellings of its command, each with the world as it would be there."""

from __future__ import annotations

from dataclasses import replace

from safeshell.command.command_line import block, unblock
from safeshell.command.unwrap import Spelling, StatedWorld, spellings
from safeshell.policy.facts import GivenFacts
from safeshell.shell.hiding import hiding
from safeshell.text import text
from safeshell_compiler.witnesses.situation import Situation

WRAPPERS = ("sudo", "env", "nice")
"""Programs to put before a command that is to run inside of another; more than one, for rules may be about them too."""


def spell(situation: Situation) -> list[Spelling]:
    """The spellings that the situation's command is judged in, the original first."""
    environment = block([f"{name}={value}".encode() for name, value in situation.env])
    return spellings(
        situation.name, situation.arguments, b"\0" + environment, situation.directory.encode(), StatedWorld()
    )


def is_whole(found: list[Spelling]) -> bool:
    """Whether the spellings are all that there is to judge: nothing else runs in turn, and each at a known place."""
    return all(spelling.directory is not None for spelling in found) and not any(hiding(found))


def facts_of(situation: Situation, spelling: Spelling) -> GivenFacts:
    """The facts of a spelling.

    Args:
        situation: says everything but the directory and the environment, and who asks, whatever the spelling's are.
        spelling: one whose directory is known.
    """
    assert spelling.directory is not None
    directory = text(spelling.directory)
    files = situation.files
    if directory != situation.directory:
        files = tuple(path for path in files if path.startswith("/"))
    entries = [text(entry).partition("=") for entry in unblock(spelling.environment[1:])]
    env = {name: value for name, _, value in reversed(entries)}  # the first of a name counts
    return replace(situation, directory=directory, files=files, env=tuple(sorted(env.items()))).facts


def wrapped(situation: Situation, wrapper: str) -> Situation:
    """The same with a program before the command that runs it."""
    return replace(situation, line=f"{wrapper} {situation.line}")
