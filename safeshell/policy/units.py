"""A table at work: its rules, its units with their automata, made when a command first needs them."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from itertools import count, repeat
from typing import Any

from safeshell.command.getopt import Grammar
from safeshell.command.options import grammar_for
from safeshell.policy.atom import Truth
from safeshell.policy.atoms import ATOMS
from safeshell.policy.decision import ACTIONS, Matched
from safeshell.policy.patterns import EngineError, PatternSet
from safeshell.policy.table import Table


class Rule:
    """What a decision needs of a rule, read from its record once."""

    __slots__ = (
        *("action", "execution", "matched", "message", "name", "observe", "order", "outside", "redirect_to"),
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
        self.outside: bool = record.get("approval") == "outside"
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
    """A table with the units that were needed so far.

    Attributes:
        digest: its table's.
        mark: what tells it from others: its digest, and the root that its places are below.
    """

    __slots__ = ("_names", "_rules", "_splits", "_units", "_whole", "digest", "mark", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.digest = table.digest
        self.mark = (table.digest, table.root)
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
