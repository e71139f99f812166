"""Deciding a command against tables: dispatch by basename (`safeshell.policy.units`), then the open rows, one by one.

Truth is strong Kleene: a row's value is the least of its atoms' truths, and a rule that restricts matches unless all
of its rows are false (contract, "Undecided"). Rows stand alone, so the rule's value needs no second pass. Of a command
that only shows, rows about deeds don't count.
`tests/oracle.py` is the same in twenty lines without any of the speed.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING

from safeshell.command.command_line import command_line
from safeshell.command.options import Parsed, parse, split
from safeshell.command.showing import may_show
from safeshell.policy.decision import Action, Decision
from safeshell.policy.facts import Fact, FactKey, Facts
from safeshell.policy.patterns import EngineError
from safeshell.policy.units import LoadedTable, Row, Rule, Unit

if TYPE_CHECKING:
    from safeshell.policy.showing import Blanked

_DIGEST = operator.attrgetter("digest")


class Judge:
    """One evaluation: each fact read through `facts` once, the patterns about one asked once.

    Attributes:
        command: the basename of the file executed, and argv as a block.
        reads: the facts that were read, in order.
        found: the pattern atoms that are true, by the unit's identity and what they were asked about.
    """

    __slots__ = ("_blanked", "_facts", "_parsed", "_words", "command", "found", "reads")

    # The unit's own, so that a judge that keeps what it sees (`safeshell.policy.trace`) costs nothing where none is
    # asked for.
    open_rows = staticmethod(Unit.open_rows)

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.reads: dict[FactKey, Fact] = {}
        self.found: dict[tuple[object, ...], set[int]] = {}
        self.command = ("", b"")
        self._words: list[str] | None = None
        self._blanked: dict[int, Blanked | None] | None = None

    def read(self, key: FactKey) -> Fact:
        """A fact."""
        if key in self.reads:
            return self.reads[key]
        value = self.reads[key] = self._facts.read(key)
        return value

    def arguments(self, unit: Unit, taken: tuple[str, ...], valued: tuple[str, ...] = ()) -> Parsed | None:
        """The command's arguments as a table's grammar has them, read once; None where they aren't known.

        Args:
            unit: one of the table.
            taken: the options that the rule says take an argument.
            valued: options whose value is asked for.
        """
        name, arguments = self.command
        if self._words is None:
            self._words = split(arguments)
            self._parsed: dict[tuple[int, tuple[str, ...], tuple[str, ...]], Parsed] = {}
        key = (id(unit.table), taken, valued)
        parsed = self._parsed.get(key)
        if parsed is None:
            parsed = self._parsed[key] = parse(self._words, unit.grammar(name, taken, valued))
        return parsed

    def holds(self, unit: Unit, row: Row) -> bool:
        """Whether the row makes its rule match: true, or undecided where the rule restricts."""
        undecided = False
        truths = unit.truths
        for _, atom, wanted in row.others:
            truth = truths[atom](self, unit)
            if truth is None:
                undecided = True
            elif truth is not wanted:
                return False
        return not undecided or row.rule.action is not Action.ALLOW

    def only_shows(self, unit: Unit, row: Row) -> bool:
        """Whether the command only shows, and the row, which holds, is about deeds (`safeshell.policy.showing`)."""
        if self._blanked is None:
            self._blanked = {}
        key = id(unit.table)
        if key not in self._blanked:
            name, arguments = self.command
            if may_show(split(arguments), unit.grammar(name, ())):
                from safeshell.policy.showing import blanked  # noqa: PLC0415 # which takes this class

                self._blanked[key] = blanked(self, unit)
            else:
                self._blanked[key] = None
        found = self._blanked[key]
        return found is not None and found.holds(unit, row)


def evaluate(
    tables: Sequence[LoadedTable],
    name: str,
    arguments: bytes,
    facts: Facts,
    *,
    full: bool = False,
    judge: Judge | None = None,
) -> Decision:
    """Decides a command.

    Args:
        tables: the tables in force, in order of precedence; all count, the most restrictive rule decides.
        name: the basename of the file executed.
        arguments: argv as a block.
        facts: where facts are read.
        full: look at every rule even when a deny is certain, so that `matched` is complete.
        judge: a fresh one of these facts, where the caller wants what it keeps (`safeshell.policy.trace.Trace`).

    Returns:
        The decision. Where an automaton fails, a deny that says so.
    """
    line = command_line(arguments, name)
    digests = tuple(map(_DIGEST, tables))
    open_rows = Unit.open_rows if judge is None else judge.open_rows
    whole = judge is not None  # who keeps what it sees is shown all rows
    matched: dict[tuple[int, int], Rule] = {}
    try:
        # Loops, not comprehensions: each of those is a call more for every command, up to Python 3.11.
        rows = []
        for position, loaded in enumerate(tables):
            for index, unit in enumerate(loaded.units(name) if whole else loaded.units_for(name, line)):
                for row in open_rows(unit, line):
                    rows.append((row.rank[0], position, row.rank[1], row.rank[2], index, unit, row))  # noqa: PERF401
        if not rows:  # most commands, so no more is made for them than they need
            return Decision(Action.ALLOW, line, tables=digests)
        judge = judge or Judge(facts)
        judge.command = (name, arguments)
        if len(rows) > 1:
            # The most restrictive first, then as the layers and files order them. The order is total, so the
            # facts are read in the same order each time, which the cache depends on.
            rows.sort(key=lambda entry: entry[:5])
        for _, position, order, _, _, unit, row in rows:
            if (position, order) not in matched and ((not whole and not row.others) or judge.holds(unit, row)):
                if row.rule.action is not Action.ALLOW and judge.only_shows(unit, row):
                    continue
                matched[(position, order)] = row.rule
                if row.rank[0] == Action.DENY and not full:
                    break
    except EngineError as error:
        return Decision(Action.DENY, line, rule="engine-failure", message=f"{error}; denied to be safe", tables=digests)
    return _decision(matched, line, judge, digests)


def _decision(matched: dict[tuple[int, int], Rule], line: str, judge: Judge, digests: tuple[str, ...]) -> Decision:
    reads = tuple(judge.reads.items())
    if len(matched) == 1:
        (winner,) = matched.values()
        if not winner.observe:
            return Decision(
                winner.action,
                line,
                winner.name,
                winner.message,
                winner.source,
                matched=(winner.matched,),
                facts=reads,
                tables=digests,
                timeout_ms=winner.timeout_ms,
                execution=winner.execution,
                outside=winner.outside,
                redirect_to=winner.redirect_to,
            )
    observed = tuple([matched[key].matched for key in sorted(matched) if matched[key].observe])
    rules = [matched[key] for key in sorted(matched) if not matched[key].observe]
    if not rules:
        return Decision(Action.ALLOW, line, observed=observed, facts=reads, tables=digests)
    # Rows were looked at from the most restrictive on.
    winner = next(rule for rule in matched.values() if not rule.observe)
    timeouts = [rule.timeout_ms for rule in rules if rule.timeout_ms]
    executions = {rule.execution for rule in rules}
    # Two rules that ask for different placements: in place is the one that can never be told apart.
    execution = next((word for word in ("in_place", "daemon", "auto") if word in executions), "")
    return Decision(
        action=winner.action,
        subject=line,
        rule=winner.name,
        message=winner.message,
        source=winner.source,
        matched=tuple([rule.matched for rule in rules]),
        observed=observed,
        facts=reads,
        tables=digests,
        timeout_ms=min(timeouts, default=0),
        execution=execution,
        outside=winner.action is Action.REQUIRE_APPROVAL and any(rule.outside for rule in rules),
        redirect_to=winner.redirect_to,
    )
