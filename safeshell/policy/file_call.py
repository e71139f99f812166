"""Deciding what is no command but writes and reads files: a call of an agent's file tool.

Rules that name commands are not about it, and of the others only those that ask about files. To what they ask besides
about a command it has no line, no options and no operands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from safeshell.policy.decision import Decision
from safeshell.policy.evaluator import evaluate
from safeshell.policy.facts import Facts
from safeshell.policy.lies import USES, used_paths
from safeshell.policy.trace import Consulted, Trace
from safeshell.policy.units import LoadedTable, Row, Unit

NAME = ""
"""What stands in the place of a program's name; none has it."""

ARGUMENTS = b"\0"
"""What stands in the place of its arguments."""


class FileTrace(Trace):
    """A judge of files that are written and read; their names are facts."""

    __slots__ = ()

    def open_rows(self, unit: Unit, line: str) -> list[Row]:
        """The rows about files of rules for any command."""
        del line
        if unit.number != unit.table.any_unit:
            return []
        opened = [row for row in unit.open_rows("") if any(unit.kind(atom) in USES for _, atom, _ in row.others)]
        self.consulted.append(Consulted(unit, frozenset(unit.match("line", "")), frozenset(opened)))
        return opened


def told(decision: Decision) -> dict[str, Any]:
    """A call's decision as the object that `check --json` prints."""
    answer = decision.to_json(cached=False)
    for use in USES:
        if isinstance(answer["facts"].get(use), str):
            answer["facts"][use] = used_paths(answer["facts"][use])
    return answer


def evaluate_files(
    tables: Sequence[LoadedTable], subject: str, facts: Facts, *, trace: FileTrace | None = None
) -> Decision:
    """Decides a call.

    Args:
        tables: the tables in force, in order of precedence.
        subject: the call in words, for people.
        facts: where facts are read; they tell the files.
        trace: a fresh one of these facts, where the caller wants what it keeps.
    """
    decision = evaluate(tables, NAME, ARGUMENTS, facts, full=True, judge=trace or FileTrace(facts))
    return decision.changed(subject=subject)
