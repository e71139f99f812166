"""Stage 4, flatten: formulas to rows, the disjunction of conjunctions that the table holds.

Strong Kleene logic is a De Morgan lattice: double negation, De Morgan's laws and distribution keep every value,
`undecided` too. The excluded middle and the contradiction don't, so nothing here uses them.
"""

from __future__ import annotations

from dataclasses import dataclass

from safeshell_compiler.findings.report import Report
from safeshell_compiler.stages.lower import Every, Formula, Is, Lowered, LoweredRule, No, Some

ROWS_A_RULE = 4096
"""Rows of one rule. A readable rule has a few; twelve `any` of two multiply to this many."""

ROWS = 1 << 18
"""Rows of all rules together."""

Row = frozenset[int]
"""Literals: twice an atom's id where it is required, one more where it is forbidden."""


@dataclass(frozen=True, slots=True)
class RuleRows:
    """A rule and its rows; it holds as the best of them."""

    rule: LoweredRule
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Flattened:
    """All rules as rows."""

    lowered: Lowered
    rules: tuple[RuleRows, ...]


def flatten(lowered: Lowered, report: Report) -> Flattened:
    """Distributes each rule's formula; a rule that would explode is reported instead."""
    rules = []
    total = 0
    for rule in lowered.rules:
        try:
            total += _count(rule.formula, negated=False)
        except _ExplosionError as error:
            _report_explosion(rule, error.formula, report)
            continue
        if total > ROWS:
            name = rule.source.rule.name
            report.add("SS405", rule.source.place, name, name=name, limit=ROWS)
            break
        rules.append(RuleRows(rule, tuple(dict.fromkeys(_rows(rule.formula, negated=False)))))
    return Flattened(lowered, tuple(rules))


class _ExplosionError(Exception):
    def __init__(self, formula: Every | Some) -> None:
        super().__init__()
        self.formula = formula


def _report_explosion(rule: LoweredRule, formula: Every | Some, report: Report) -> None:
    remedy = "write alternatives as one pattern with |, or make several rules of it"
    name = rule.source.rule.name
    report.add("SS404", formula.place, name, condition=formula.what, limit=ROWS_A_RULE, remedy=remedy)


def _count(formula: Formula, *, negated: bool) -> int:
    """How many rows a formula makes, without making them.

    Raises:
        _ExplosionError: more than a rule may have; names the innermost formula that does it.
    """
    if isinstance(formula, Is):
        return 1
    if isinstance(formula, No):
        return _count(formula.part, negated=not negated)
    multiplies = isinstance(formula, Every) != negated
    count = 1 if multiplies else 0
    for part in formula.parts:
        found = _count(part, negated=negated)
        count = count * found if multiplies else count + found
        if count > ROWS_A_RULE:
            raise _ExplosionError(formula)
    return count


def _rows(formula: Formula, *, negated: bool) -> list[Row]:
    if isinstance(formula, Is):
        return [frozenset((2 * formula.atom + negated,))]
    if isinstance(formula, No):
        return _rows(formula.part, negated=not negated)
    parts = [_rows(part, negated=negated) for part in formula.parts]
    if isinstance(formula, Every) == negated:
        return [row for part in parts for row in part]
    rows: list[Row] = [frozenset()]
    for part in parts:
        rows = [left | right for left in rows for right in part]
    return rows
