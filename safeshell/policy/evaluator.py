"""Deciding a command against tables: dispatch by basename, one automaton a unit and subject, then the open rows.

Truth is strong Kleene: a row's value is the least of its atoms' truths, and a rule that restricts matches unless all
of its rows are false (contract, "Undecided"). Rows stand alone, so the rule's value needs no second pass. Of a command
that only shows, rows about deeds don't count.
`tests/oracle.py` is the same in twenty lines without any of the speed.
"""

from __future__ import annotations

import fnmatch
import operator
from collections.abc import Iterator, Sequence
from itertools import count, repeat
from typing import TYPE_CHECKING, Any

from safeshell.command.command_line import command_line
from safeshell.command.getopt import Grammar
from safeshell.command.options import Parsed, grammar_for, parse, split
from safeshell.command.showing import may_show
from safeshell.policy.atom import Truth
from safeshell.policy.atoms import ATOMS
from safeshell.policy.decision import Action, Decision, Matched
from safeshell.policy.facts import Fact, FactKey, Facts
from safeshell.policy.patterns import EngineError, PatternSet
from safeshell.policy.table import Table

if TYPE_CHECKING:
    from safeshell.policy.showing import Blanked

ACTIONS = {action.word: action for action in Action}

_DIGEST = operator.attrgetter("digest")


class Rule:
    """What a decision needs of a rule, read from its record once."""

    __slots__ = (
        *("action", "execution", "matched", "message", "name", "observe", "order", "redirect_to"),
        *("source", "timeout_ms"),
    )

    def __init__(self, table: Table, index: int) -> None:
        record: dict[str, Any] = table.rules[index]
        self.order = index
        self.name: str = record["name"]
        self.action = ACTIONS[record["action"]]
        self.message: str = record["message"]
        self.source = table.place(record)
        self.timeout_ms: int = record.get("timeout_ms", 0)
        self.execution: str = record.get("execution", "")
        self.redirect_to: tuple[str, ...] = tuple(record.get("redirect_to", ()))
        self.matched = Matched(self.name, self.action, self.source)
        self.observe: bool = record.get("observe", False)


class Row:
    """A conjunction: what the command line must and must not match, and the atoms that need other facts."""

    __slots__ = ("line_forbidden", "line_required", "others", "rank", "rule")

    def __init__(
        self, index: int, rule: Rule, required: Sequence[int], forbidden: Sequence[int], atoms: dict[int, Any]
    ) -> None:
        self.rule = rule
        # Rules that only observe come first: they are heard even where another rule's deny ends the search.
        self.rank = (_OBSERVED if rule.observe else rule.action, rule.order, index)
        self.line_required = frozenset([atom for atom in required if atoms[atom][0] == "line"])
        self.line_forbidden = frozenset([atom for atom in forbidden if atoms[atom][0] == "line"])
        self.others = tuple(
            sorted(
                [
                    (ATOMS[atoms[atom][0]].cost, atom, wanted)
                    for wanted, members in ((True, required), (False, forbidden))
                    for atom in members
                    if atoms[atom][0] != "line"
                ]
            )
        )


_OBSERVED = -1
"""The rank of rules that only observe."""


class Unit:
    """The rows of one dispatch key, with their automata; built when a command first needs it."""

    __slots__ = (
        *("_grammars", "_made", "_needs", "_sets", "_shards", "_triggers", "_untriggered", "atoms", "number", "table"),
        "truths",
    )

    def __init__(self, table: Table, index: int, rules: dict[int, Rule]) -> None:
        self.table = table
        self.number = index
        record = table.units[index]
        rows = [table.rows[row] for row in record["rows"]]
        ids = sorted({atom for _, required, forbidden in rows for atom in (*required, *forbidden)})
        self.atoms: dict[int, Any] = {atom: table.atoms[atom] for atom in ids}
        self.truths: dict[int, Truth] = {
            atom: ATOMS[kind].bind(atom, arguments) for atom, (kind, *arguments) in self.atoms.items() if kind != "line"
        }
        self._shards: dict[str, list[list[int]]] = record["shards"]
        self._sets: dict[str, list[PatternSet]] = {}
        self._grammars: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Grammar] = {}
        # A row is looked at only when the rarest line pattern that it requires was found, or when it requires none.
        made = []
        for row_id, (rule, required, forbidden) in zip(record["rows"], rows, strict=True):
            if rule not in rules:
                rules[rule] = Rule(table, rule)
            made.append(Row(row_id, rules[rule], required, forbidden, self.atoms))
        self._made, self._needs = made, record.get("needs")
        uses: dict[int, int] = {}
        for row in made:
            for atom in row.line_required:
                uses[atom] = uses.get(atom, 0) + 1
        self._triggers: dict[int, list[Row]] = {}
        self._untriggered: list[Row] = []
        for row in made:
            if row.line_required:
                trigger = min(row.line_required, key=lambda atom: (uses[atom], atom))
                self._triggers.setdefault(trigger, []).append(row)
            else:
                self._untriggered.append(row)

    def rows(self) -> list[Row]:
        """All rows, in the order in which they decide."""
        return sorted(self._made, key=lambda row: row.rank)

    def needs(self) -> Iterator[tuple[Row, Sequence[str]]]:
        """The rows, each with literals one of which a line has to have for it; none where that isn't known."""
        return zip(self._made, self._needs or repeat(()), strict=False)

    def kind(self, atom: int) -> str:
        """The kind of one of its atoms."""
        found: str = self.atoms[atom][0]
        return found

    def match(self, subject: str, value: str) -> set[int]:
        """The pattern atoms of a subject (`line`, `directory`, `branch`) that are true of a text."""
        sets = self._sets.get(subject)
        if sets is None:
            try:
                sets = [
                    PatternSet([self.atoms[atom][1] for atom in shard], shard)
                    for shard in self._shards.get(subject, ())
                ]
            except ValueError as error:  # it was compiled when the table was: only memory can be short now
                raise EngineError from error
            self._sets[subject] = sets
        if len(sets) == 1:
            return set(sets[0].match(value))
        found: set[int] = set()
        for patterns in sets:
            found.update(patterns.match(value))
        return found

    def grammar(self, name: str, taken: tuple[str, ...], valued: tuple[str, ...] = ()) -> Grammar:
        """How a command of this basename reads its arguments; `taken` and `valued` as `grammar_for` has them."""
        key = (name if name in self.table.grammars else "", taken, valued)
        known = self._grammars.get(key)
        if known is None:
            known = self._grammars[key] = grammar_for(self.table.grammars, name, taken, valued)
        return known

    def open_rows(self, line: str) -> list[Row]:
        """The rows that the command line leaves open."""
        found = self.match("line", line)
        if not found and not self._untriggered:
            return self._untriggered
        rows = self._untriggered
        if found:
            rows = rows.copy()
            for atom in found:
                rows += self._triggers.get(atom, ())
        opened = []
        for row in rows:
            if row.line_required <= found and row.line_forbidden.isdisjoint(found):
                opened.append(row)  # noqa: PERF401 # as in `evaluate`: a comprehension is a call more
        return opened


class Split:
    """A large unit by the grams that its rows need: the parts that a command line may match, built when it may."""

    __slots__ = ("_grams", "_parts", "_rest", "_rules", "_table")

    def __init__(self, table: Table, index: int, rules: dict[int, Rule]) -> None:
        self._table = table
        self._rules = rules
        self._rest = Unit(table, index, rules)
        self._grams = dict(zip(table.units[index]["grams"], count(index + 1), strict=False))
        self._parts: dict[int, Unit] = {}

    def units(self, line: str) -> Iterator[Unit]:
        """The parts with rows that may match a command line."""
        from safeshell.policy.grams import grams_of  # noqa: PLC0415 # few tables have such units

        yield self._rest
        for gram in sorted(self._grams.keys() & grams_of(line)):
            index = self._grams[gram]
            part = self._parts.get(index)
            if part is None:
                if len(self._parts) >= _PARTS_MAX:
                    del self._parts[next(iter(self._parts))]
                part = self._parts[index] = Unit(self._table, index, self._rules)
            yield part


_PARTS_MAX = 256
"""Parts of one split kept: about 10 KiB each."""


class LoadedTable:
    """A table with the units that were needed so far."""

    __slots__ = ("_names", "_rules", "_splits", "_units", "_whole", "digest", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.digest = table.digest
        self._rules: dict[int, Rule] = {}
        self._units: dict[int, Unit] = {}
        self._splits: dict[int, Split] = {}
        self._names: dict[str, tuple[list[Unit], list[Split]]] = {}
        self._whole: dict[str, list[Unit]] = {}

    def units(self, name: str) -> list[Unit]:
        """The units that a command of this basename is judged by, whole."""
        known = self._whole.get(name)
        if known is None:
            known = [self._unit(key) for key in self._keys(name)]
            if len(self._whole) < _NAMES_MAX or name in self.table.exact:
                self._whole[name] = known
        return known

    def is_whole(self, name: str) -> bool:
        """Whether none of these units is too large to be looked at whole."""
        return self.table.splits.keys().isdisjoint(self._keys(name))

    def units_for(self, name: str, line: str) -> list[Unit]:
        """The same, but of large ones only the parts that a command line may match."""
        known = self._names.get(name)
        if known is None:
            keys, splits = self._keys(name), self.table.splits
            small = [self._unit(key) for key in keys if key not in splits]
            known = (small, [self._split(key) for key in keys if key in splits])
            if len(self._names) < _NAMES_MAX or name in self.table.exact:
                self._names[name] = known
        units, split = known
        return [*units, *[part for one in split for part in one.units(line)]] if split else units

    def _keys(self, name: str) -> list[int]:
        table = self.table
        keys = [unit for glob, unit in table.globs if fnmatch.fnmatchcase(name, glob)]
        if name in table.exact:
            keys.append(table.exact[name])
        if table.any_unit is not None:
            keys.append(table.any_unit)
        return keys

    def _unit(self, key: int) -> Unit:
        unit = self._units.get(key)
        if unit is None:
            unit = self._units[key] = Unit(self.table, key, self._rules)
        return unit

    def _split(self, key: int) -> Split:
        split = self._splits.get(key)
        if split is None:
            split = self._splits[key] = Split(self.table, self.table.splits[key], self._rules)
        return split


_NAMES_MAX = 4096
"""Basenames remembered a table: callers choose names, memory must not grow with them."""


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
        redirect_to=winner.redirect_to,
    )
