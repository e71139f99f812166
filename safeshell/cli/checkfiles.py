"""`safeshell check --writes`, `--reads`: what would be decided for a call of an agent's file tool."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

from safeshell.cli.checked_command import StatedFacts
from safeshell.cli.tables_in_force import TablesInForce
from safeshell.policy.context import Context
from safeshell.policy.explain import Explanation, explain
from safeshell.policy.facts import Fact, FactKey
from safeshell.policy.file_call import NAME, FileTrace, evaluate_files, told
from safeshell.policy.units import LoadedTable
from safeshell.policy.world import FileUse


def files_used(writes: Iterable[str], reads: Iterable[str]) -> FileUse:
    """The files of such a call."""
    return FileUse(tuple(writes), tuple(reads))


def answer_files(
    used: FileUse,
    in_force: TablesInForce,
    environment: bytes,
    directory: bytes,
    stated: dict[FactKey, Fact],
) -> tuple[dict[str, Any], Explanation]:
    """Judges a call.

    Args:
        used: its files; a relative path starts at the directory.
        in_force: the tables; those of the files' own repositories count, too.
        environment: the agent's, as a block.
        directory: where the session began, absolute.
        stated: facts that are given in place of the directory's.

    Returns:
        The object that `check --json` prints, and why it is so.
    """
    facts = StatedFacts(environment, directory, Context(in_force.settings.markers))
    facts.stated = stated
    facts.uses(used)
    tables = [LoadedTable(table) for table in in_force.at(directory, *facts.directories_of_files())]
    trace = FileTrace(facts)
    both = (("writes", used.writes), ("reads", used.reads))
    subject = "; ".join(f"{use} {shlex.join(paths)}" for use, paths in both if paths)
    decision = evaluate_files(tables, subject, facts, trace=trace)
    return told(decision), explain(trace, decision, NAME)
