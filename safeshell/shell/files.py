"""Judge of agents' file tools: a call's files by the rules of its directory, and of the files' own repositories."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from typing import Any

from safeshell.command.unwrap import Spelling
from safeshell.errors import UndecidedError
from safeshell.host.places import homes
from safeshell.policy.decision import ACTIONS
from safeshell.policy.file_call import ARGUMENTS, NAME, evaluate_files, told
from safeshell.policy.units import LoadedTable
from safeshell.policy.world import FileUse
from safeshell.shell.caller import CommandFacts, LineCaller, as_bytes
from safeshell.text import text

SHOWN_MAX = 16
"""Files of a call that people are shown."""


def shown_call(tool: str, used: FileUse) -> str:
    """A call for people: the tool, and the files once each."""
    paths = list(dict.fromkeys((*used.writes, *used.reads)))
    more = [f"… and {len(paths) - SHOWN_MAX} more"] if len(paths) > SHOWN_MAX else []
    return " ".join([tool, *map(shlex.quote, paths[:SHOWN_MAX]), *more])


def judge_files(
    shown: str, used: FileUse, caller: LineCaller, tables_at: Callable[..., Sequence[LoadedTable]]
) -> dict[str, Any]:
    """Decides a call.

    Args:
        shown: it, for people.
        used: its files.
        caller: whose it is.
        tables_at: the tables of some directories together.

    Returns:
        The object that `check --json` prints.
    """
    directory = os.fsencode(caller.directory)
    facts = CommandFacts(caller, Spelling(NAME, ARGUMENTS, caller.asker, directory), frozenset())
    facts.uses(_with_homes(used, caller))
    tables = tables_at(directory, *facts.directories_of_files())
    answer = told(evaluate_files(tables, text(as_bytes(shown)), facts))
    if answer["rule"]:  # the agent wrote no line in which the file stands
        answer["message"] = f"{answer['message']} ({answer['subject']})"
    return answer


def stricter(line: dict[str, Any], files: dict[str, Any]) -> dict[str, Any]:
    """The answer for a line that patches files: the more restrictive decision, the line's among equals."""
    if ACTIONS[line["decision"]] <= ACTIONS[files["decision"]]:
        return line
    decided = ("decision", "rule", "message", "source", "subject", "matched", "facts")
    return {**line, **{key: files[key] for key in decided}, "could_be": None}


def _with_homes(used: FileUse, caller: LineCaller) -> FileUse:
    """Where a path begins with `~/` the tool may take that for the home, or for a name."""
    if not any(path.startswith("~/") for path in (*used.writes, *used.reads)):
        return used
    variable = caller.environment.get("HOME")
    try:
        found = [os.fsdecode(home) for home in homes(None if variable is None else os.fsencode(variable))]
    except UndecidedError:
        found = []

    def spread(paths: Sequence[str]) -> tuple[str, ...]:
        more = [home + path[1:] for path in paths if path.startswith("~/") for home in found]
        return (*paths, *more)

    return used._replace(writes=spread(used.writes), reads=spread(used.reads))
