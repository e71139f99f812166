"""Rules that never decide: a duplicate, or one that a more restrictive or earlier rule covers.

A rule is only compared with those that see one of its commands, and that fit a command line that it matches itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from safeshell_compiler.lint.conditions import NAMES
from safeshell_compiler.lint.implication import implies
from safeshell_compiler.lint.samples import composed, tested
from safeshell_compiler.lint.view import Name, View
from safeshell_compiler.reading.rule_model import PRECEDENCE
from safeshell_compiler.reading.tree import locate
from safeshell_compiler.stages.flatten import Row, RuleRows

ROWS = 16
"""Rows of a rule that is looked at; what has more was made of alternatives that hardly one rule covers."""

CANDIDATES = 16
"""Rules that one is compared with."""

ATOMS = 32
"""Patterns found in a rule's own line by which such rules are looked up."""

_VERBS = {"deny": "denies", "require_approval": "asks for approval", "redirect": "redirects", "allow": "allows"}


def check_covering(view: View) -> None:
    """Reports duplicates and rules that are covered."""
    index = _Index(view)
    for position, found in enumerate(view.rules):
        if 0 < len(found.rows) <= ROWS and not found.rule.source.rule.observe:
            other = next((other for other in index.candidates(position) if _covers(view, other, found)), None)
            if other is not None:
                _report(view, found, other)


def _report(view: View, found: RuleRows, other: RuleRows) -> None:
    source, covering = found.rule.source, other.rule.source
    place = locate(source.node, ("name",)).place(source.file)
    where = f"{covering.label}:{covering.place.line}"
    values = {"name": source.rule.name, "other": covering.rule.name, "where": where}
    if _same(found, other):
        view.add("SS333", place, source, **values)
        return
    remedy = "remove it, or narrow the other"
    if not source.restricts:
        remedy = "`allow` makes no exception: except this in the other rule, by `not:` or an override's `unless`"
    view.add("SS334", place, source, **values, verb=_VERBS[covering.rule.action], remedy=remedy)


def _same(found: RuleRows, other: RuleRows) -> bool:
    return (
        set(found.rows) == set(other.rows)
        and found.rule.effects == other.rule.effects
        and found.rule.source.rule.action == other.rule.source.rule.action
        and found.rule.source.rule.execution == other.rule.source.rule.execution
    )


def _names(found: RuleRows) -> tuple[Name, ...]:
    return found.rule.effects.commands or (None,)


def _covers(view: View, other: RuleRows, found: RuleRows) -> bool:
    """Whether the other rule matches wherever this one does."""
    names = _names(found)
    if len(names) > NAMES:
        return False
    sees = set(_names(other))
    return all(sees.intersection(view.keys(name)) for name in names) and all(
        any(implies(view, names, row, wider) for wider in other.rows) for row in found.rows
    )


class _Index:
    """The rules by dispatch key and by the rarest line pattern that each of their rows requires."""

    def __init__(self, view: View) -> None:
        self._view = view
        uses = Counter(literal for found in view.rules for row in found.rows for literal in row)
        self._rows: dict[tuple[Name, int | None], list[int]] = {}
        for position, found in enumerate(view.rules):
            if found.rule.source.rule.observe or not found.rule.source.restricts:
                continue
            for row in found.rows:
                trigger = min(
                    (literal for literal in row if self._required_line(literal)),
                    key=lambda literal: (uses[literal], literal),
                    default=None,
                )
                for name in _names(found):
                    self._rows.setdefault((name, None if trigger is None else trigger >> 1), []).append(position)

    def _required_line(self, literal: int) -> bool:
        return not literal & 1 and self._view.atoms[literal >> 1][0] == "line"

    def candidates(self, position: int) -> Iterator[RuleRows]:
        """The rules that would decide before this one and may cover it, in order."""
        found = self._view.rules[position]
        seen = self._seen(found, found.rows[0])
        if seen is None:
            return iter(())
        keys = self._view.keys(_names(found)[0])
        positions = {
            other
            for key in keys
            for atom in (None, *sorted(seen)[:ATOMS])
            for other in islice(self._rows.get((key, atom), ()), CANDIDATES)
            if other != position and self._decides_first(other, position)
        }
        return (self._view.rules[other] for other in sorted(positions)[:CANDIDATES])

    def _seen(self, found: RuleRows, row: Row) -> frozenset[int] | None:
        """The line atoms of a line that satisfies the row; None where there is no such line at hand."""
        required = {literal >> 1 for literal in row if self._required_line(literal)}
        name = _names(found)[0]
        for line in self._lines(found, name, row):
            seen = self._view.found(name, line)
            if required <= seen:
                return seen
        return None

    def _lines(self, found: RuleRows, name: Name, row: Row) -> Iterator[str]:
        yield from (line for shown, line in tested(found.rule.source) if name in (shown, None))
        line = composed(self._view, name, row)
        if line is not None:
            yield line

    def _decides_first(self, other: int, position: int) -> bool:
        theirs, ours = self._view.rules[other].rule, self._view.rules[position].rule
        rank = PRECEDENCE.index(theirs.source.rule.action) - PRECEDENCE.index(ours.source.rule.action)
        if rank > 0 or (rank == 0 and other > position):
            return False
        if ours.source.pack and ours.source.pack != theirs.source.pack:
            return False  # that is what a stricter rule beside a pack is for
        if ours.effects.outside and theirs.source.rule.action == "require_approval" and not theirs.effects.outside:
            return False  # wherever it matches, the agent's own prompt no longer approves
        # A command that is let through in the end still runs under this rule's timeout and placement.
        passes = theirs.source.rule.action != "deny"
        own = ours.effects.timeout_ms is not None or ours.source.rule.execution is not None
        same = theirs.effects.timeout_ms == ours.effects.timeout_ms and (
            theirs.source.rule.execution == ours.source.rule.execution
        )
        return same or not (passes and own)
