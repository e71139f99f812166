"""Explanation of a command of a line: what runs it, where, and what of it isn't known, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from safeshell.shell.caller import LineCaller
from safeshell.shell.judge_command import Judged, unseen
from safeshell.shell.walked import DIRECTORY, LineCommand
from safeshell.shell.words import Unknown, Word

_NOT_TOLD = "only the run can tell it"


def explained(judged: Judged, caller: LineCaller) -> dict[str, Any]:
    """What `check --explain -c --json` adds to an entry of `commands`.

    Args:
        judged: the command and its decision.
        caller: whose line it is.
    """
    command = judged.command
    if command is None:
        return {"parent": judged.parent, "directory": None, "unseen": "", "unknown": []}
    return {
        "parent": judged.parent,
        "directory": command.directory,
        "unseen": unseen(command, caller),
        "unknown": [{"what": what, "why": why} for what, why in dict(_unknown(command)).items()],
    }


def _unknown(command: LineCommand) -> Iterator[tuple[str, str]]:
    for word in command.words:
        yield from _parts(word)
    for name, value in command.changes.items():
        if value is not None and value.literal is None:
            for what, why in _parts(value):
                yield f"{name}={what}", why
    if command.directory is None:
        yield DIRECTORY, _NOT_TOLD


def _parts(word: Word) -> Iterator[tuple[str, str]]:
    for part in word.parts:
        if isinstance(part, Unknown):
            yield part.source, part.why or _NOT_TOLD
