"""What a command line needs for its rules: without it every line of a command comes to the same decision.

The compiler knows for many rows literals, one of which a line must have (docs/table.md, "Needs"). A row without is no
matter where a fact that doesn't hang on the line rules it out, or where there is nothing about the line in it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from safeshell.policy.decision import Action
from safeshell.policy.evaluator import Judge
from safeshell.policy.facts import FactKey, Facts
from safeshell.policy.units import LoadedTable, Row, Unit

LITERALS_MAX = 256
"""Literals that are looked for in a line; with more its rules are evaluated for less."""


def needed_literals(
    tables: Sequence[LoadedTable], name: str, facts: Facts, kinds: Collection[str]
) -> tuple[frozenset[str], frozenset[FactKey]] | None:
    """Literals, ASCII letters in lower case: lines of a command that have none of them all match the same rows.

    Args:
        tables: the tables in force.
        name: the command's basename.
        facts: where facts are read.
        kinds: the kinds of facts that don't hang on the line.

    Returns:
        The literals, and the facts that this hangs on; None where there may be rows that tell lines apart otherwise.

    Raises:
        EngineError: an automaton fails.
    """
    judge = Judge(facts)
    literals: set[str] = set()
    for loaded in tables:
        if not loaded.is_whole(name):
            return None
        for unit in loaded.units(name):
            for row, needs in unit.needs():
                if needs and not _is_ruled_out(judge, unit, row, kinds):
                    literals.update(needs)
                elif not needs and not _is_settled(judge, unit, row, kinds):
                    return None
    return (frozenset(literals), frozenset(judge.reads)) if len(literals) <= LITERALS_MAX else None


def _is_ruled_out(judge: Judge, unit: Unit, row: Row, kinds: Collection[str]) -> bool:
    return any(
        unit.truths[atom](judge, unit) is (not wanted) for _, atom, wanted in row.others if unit.kind(atom) in kinds
    )


def _is_settled(judge: Judge, unit: Unit, row: Row, kinds: Collection[str]) -> bool:
    """Whether a row is the same for every line: never, or always, whatever its truth is.

    Of a rule that restricts only never: it doesn't count for lines that only show.
    """
    if _is_ruled_out(judge, unit, row, kinds):
        return True
    if row.rule.action is not Action.ALLOW:
        return False
    return not (row.line_required or row.line_forbidden) and all(unit.kind(atom) in kinds for _, atom, _ in row.others)
