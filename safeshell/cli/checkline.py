"""`safeshell check -c`: what would be decided for a shell line; and for what a command runs in turn."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from safeshell.cli.checked_command import stated_facts
from safeshell.command.unwrap import Spelling
from safeshell.home.settings import Settings
from safeshell.policy.context import Context
from safeshell.policy.decision import ACTIONS
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable
from safeshell.shell.isolated import judge_apart
from safeshell.shell.judge import LineCaller, judge_in_turn, judge_line
from safeshell.shell.limits import RULE
from safeshell.shell.syntax.tree import Dialect
from safeshell.text import text


def caller_of(
    tables: Sequence[Table],
    settings: Settings,
    environment: Mapping[str, str],
    directory: bytes,
    branch: str | None,
    *,
    shims: bool | None,
    tables_of: Callable[[Spelling], Sequence[LoadedTable]] | None = None,
    shell: Dialect = Dialect.BASH,
    reads_files: bool = False,
) -> LineCaller:
    """Whom a line is judged for, where nobody runs it.

    Args:
        tables: what it is judged by.
        settings: whom they are for.
        environment: the caller's.
        directory: where it runs, absolute.
        branch: the git branch there, where one is stated.
        shims: False for a caller without shims.
        tables_of: what a command is judged by in its own directory, as it is with links resolved; None: `tables`.
        shell: the shell that reads the line.
        reads_files: whether the files that the line runs are judged with it.
    """

    def shimmed(name: str) -> bool:
        named = any(
            name in table.exact or any(fnmatch.fnmatchcase(name, glob) for glob, _ in table.globs) for table in tables
        )
        return (named or name in settings.shims_extra) and name not in settings.shims_except

    def judging(spelling: Spelling) -> Sequence[LoadedTable]:
        assert tables_of is not None
        return tables_of(spelling._replace(directory=os.path.realpath(spelling.directory or b"/")))

    return LineCaller(
        [LoadedTable(table) for table in tables],
        environment,
        os.fsdecode(directory),
        Context(settings.markers),
        None if shims is False else shimmed,
        stated_facts(branch),
        None if tables_of is None else judging,
        shell,
        reads_files=reads_files,
    )


def answer_line(line: str, caller: LineCaller, *, explained: bool = False) -> dict[str, Any]:
    """Judges a shell line in a process of its own.

    Args:
        line: it.
        caller: whose it is.
        explained: whether each command is to be explained too.

    Returns:
        The object that `check -c --json` prints.

    Raises:
        SafeShellError: no process can be started.
    """
    subject = text(os.fsencode(line))
    return judge_apart(
        subject,
        lambda: judge_line(line, caller),
        is_ai=caller.is_ai,
        tables=caller.digests,
        explained_to=caller if explained else None,
    )


def answer_in_turn(answer: dict[str, Any], hiding: Sequence[Spelling], caller: LineCaller) -> dict[str, Any]:
    """Judges what a command runs in turn, in a process of its own.

    Args:
        answer: the object that `check --json` prints for the command.
        hiding: those of its spellings that run what is no spelling of it (`safeshell.shell.hiding`).
        caller: whom it is judged for.

    Returns:
        The object for both: the more restrictive decides.

    Raises:
        SafeShellError: no process can be started.
    """
    subject = answer["spellings"][0]["subject"]
    inside = judge_apart(
        subject, lambda: judge_in_turn(subject, hiding, caller), is_ai=caller.is_ai, tables=caller.digests
    )
    subjects = {one["subject"] for one in answer["spellings"]}
    more = [
        {key: one[key] for key in ("subject", "decision", "rule", "source")}
        for one in inside["commands"]
        if one["subject"] not in subjects
    ]
    overrun = inside["rule"] == RULE and answer["rule"] is None
    decides = overrun or ACTIONS[inside["decision"]] < ACTIONS[answer["decision"]]
    approval = inside["approval"] if decides else answer["approval"]
    return {
        **answer,
        **{key: inside[key] for key in (_DECIDED if decides else ())},
        "approval": approval and ("outside" if "outside" in (answer["approval"], inside["approval"]) else "any"),
        "matched": [*answer["matched"], *[one for one in inside["matched"] if one not in answer["matched"]]],
        "spellings": [*answer["spellings"], *more],
    }


_DECIDED = ("decision", "rule", "message", "source", "subject", "facts", "could_be")
