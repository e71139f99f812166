"""Stage 5, prune: rows that add nothing.

A row that holds all literals of another is absorbed by it in any lattice. A row with an atom and its negation is never
true, yet undecided where the atom is, and an undecided restriction restricts: it goes only where the fact is always
readable.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        rules.append(RuleRows(found.rule, _absorb(possible)))
    return Pruned(flattened.lowered, tuple(rules))


def _impossible(row: Row, atoms: tuple[Atom, ...]) -> bool:
    return any(literal ^ 1 in row and KINDS[atoms[literal >> 1][0]].readable for literal in row)


def _absorb(rows: list[Row]) -> tuple[Row, ...]:
    """The rows that hold no other's literals, shortest first."""
    if len(rows) == 1:
        return tuple(rows)
    kept: list[Row] = []
    by_least: dict[int, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (len(row), sorted(row))):
        # What absorbs a row has its least literal among the row's own.
        if any(other <= row for literal in row for other in by_least.get(literal, ())):
            continue
        kept.append(row)
        if not row:
            break  # the empty row absorbs all
        by_least.setdefault(min(row), []).append(row)
    return tuple(kept)
