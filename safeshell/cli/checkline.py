"""`safeshell check -c`: what would be decided for a shell line."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Mapping, Sequence

from safeshell.context import Context
from safeshell.evaluator import LoadedTable
from safeshell.lines.judge import Caller, Judgement, judge_line
from safeshell.settings import Settings
from safeshell.table import Table


def check_line(
    line: str,
    tables: Sequence[Table],
    settings: Settings,
    environment: Mapping[str, str],
    directory: bytes,
    branch: str | None,
    *,
    shims: bool | None,
) -> Judgement:
    """Judges a shell line.

    Args:
        line: it.
        tables: what it is judged by.
        settings: whom they are for.
        environment: the caller's.
        directory: where it runs, absolute.
        branch: the git branch there, where one is stated.
        shims: False for a caller without shims.
    """

    def shimmed(name: str) -> bool:
        named = any(
            name in table.exact or any(fnmatch.fnmatchcase(name, glob) for glob, _ in table.globs) for table in tables
        )
        return (named or name in settings.shims_extra) and name not in settings.shims_except

    caller = Caller(
        [LoadedTable(table) for table in tables],
        environment,
        os.fsdecode(directory),
        Context(settings.markers),
        None if shims is False else shimmed,
        {} if branch is None else {("branch",): branch, ("in_repo",): True},
    )
    return judge_line(line, caller)
