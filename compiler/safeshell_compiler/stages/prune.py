"""Stage 5, prune: rows that add nothing.

A row that holds all literals of another is absorbed by it in any lattice. But for a command that only shows a row of a
rule that restricts counts where it asks about just that (`safeshell.policy.showing`): it stays for what it asks more
about the command line. A row with an atom and its negation is never
true, yet undecided where the atom is, and an undecided restriction restricts: it goes only where the fact is always
readable.
"""

from __future__ import annotations

from dataclasses import dataclass

from safeshell.policy.atoms import ATOMS
from safeshell_compiler.atoms import KINDS
from safeshell_compiler.findings.report import Report
from safeshell_compiler.stages.flatten import Flattened, Row, RuleRows
from safeshell_compiler.stages.lower import Atom, Lowered


@dataclass(frozen=True, slots=True)
class Pruned:
    """All rules with the rows that count."""

    lowered: Lowered
    rules: tuple[RuleRows, ...]


def prune(flattened: Flattened, report: Report) -> Pruned:
    """Drops absorbed and impossible rows; says so where a rule has none left."""
    atoms = flattened.lowered.atoms
    rules = []
    for found in flattened.rules:
        possible = [row for row in found.rows if not _impossible(row, atoms)]
        if not possible:
            source = found.rule.source
            report.add("SS314", source.place, source.rule.name, name=source.rule.name)
        kept = _about_lines(possible, atoms) if found.rule.source.restricts else frozenset()
        rules.append(RuleRows(found.rule, _absorb(possible, kept)))
    return Pruned(flattened.lowered, tuple(rules))


def _impossible(row: Row, atoms: tuple[Atom, ...]) -> bool:
    return any(literal ^ 1 in row and KINDS[atoms[literal >> 1][0]].readable for literal in row)


def _about_lines(rows: list[Row], atoms: tuple[Atom, ...]) -> frozenset[int]:
    """The literals of rows that are about the command line or its arguments."""
    kinds = {literal: ATOMS[atoms[literal >> 1][0]] for row in rows for literal in row}
    return frozenset(literal for literal, kind in kinds.items() if kind.kind == "line" or kind.of_arguments)


def _absorb(rows: list[Row], kept_for: frozenset[int]) -> tuple[Row, ...]:
    """The rows that hold no other's literals, shortest first; those with one more of `kept_for` are kept."""
    if len(rows) == 1:
        return tuple(rows)
    kept: list[Row] = []
    by_least: dict[int, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (len(row), sorted(row))):
        # What absorbs a row has its least literal among the row's own, or none.
        before = (other for literal in (_NONE, *row) for other in by_least.get(literal, ()))
        if not any(other <= row and kept_for.isdisjoint(row - other) for other in before):
            kept.append(row)
            by_least.setdefault(min(row, default=_NONE), []).append(row)
    return tuple(kept)


_NONE = -1
"""Stands for the least literal of a row without any."""
