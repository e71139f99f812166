"""Stage 6, index: which rows a command's name asks for, and their patterns in sets that are known to fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import re2

from safeshell.command.names import is_glob
from safeshell.command.programs.grammars import Record, grammars_for
from safeshell.policy.atoms import ATOMS
from safeshell.policy.patterns import SET_MEMORY, SHARD_PATTERNS, EngineError, PatternSet
from safeshell_compiler.atoms import KINDS
from safeshell_compiler.findings.report import FindingPlace, Report
from safeshell_compiler.stages.flatten import Row, RuleRows
from safeshell_compiler.stages.literals import longest_choice
from safeshell_compiler.stages.lower import Atom, LoweredRule
from safeshell_compiler.stages.prune import Pruned
from safeshell_compiler.stages.resolve import ResolvedPolicy
from safeshell_compiler.stages.split import SPLIT_ROWS, split


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A row of the table: the rule's position, atoms required and atoms forbidden, ascending."""

    rule: int
    required: tuple[int, ...]
    forbidden: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DispatchUnit:
    """What one dispatch key asks for: rows, and for each subject the shards of its patterns.

    Of a unit that is split: what is left of it, and the grams of the units that follow. Of one that isn't: for each row
    literals, one of which a command line has to have for it; none where nothing is known of that.
    """

    rows: tuple[int, ...]
    shards: dict[str, tuple[tuple[int, ...], ...]]
    grams: tuple[int, ...] | None = None
    needs: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Indexed:
    """The table, not yet bytes.

    Attributes:
        policy: what it was.
        atoms, rows, rules, units: the sections.
        grammars: how commands read their arguments, for those that are asked about them, by basename.
        exact: units by basename.
        globs: glob and unit, sorted by glob.
        every: the unit for any command, or None.
        splits: large units, and for each the unit that stands for it, followed by one for each of that one's grams.
    """

    policy: ResolvedPolicy
    atoms: tuple[Atom, ...]
    rows: tuple[IndexRow, ...]
    rules: tuple[LoweredRule, ...]
    units: tuple[DispatchUnit, ...]
    exact: dict[str, int]
    globs: tuple[tuple[str, int], ...]
    every: int | None
    grammars: dict[str, Record]
    splits: tuple[tuple[int, int], ...]


def index(pruned: Pruned, report: Report) -> Indexed:
    """Numbers the atoms that are left, groups the rows by command, and compiles every shard once."""
    used = sorted({literal >> 1 for found in pruned.rules for row in found.rows for literal in row})
    ids = {old: new for new, old in enumerate(used)}
    atoms = tuple(pruned.lowered.atoms[old] for old in used)
    rows, by_name = _number_rows(pruned.rules, ids)
    sharder = _Sharder(atoms, [pruned.lowered.places[old] for old in used], report)
    # In the order of exact names, globs, and any: the units' numbers are part of the dump.
    names = sorted((name for name in by_name if name is not None), key=lambda name: (is_glob(name), name))
    units = [sharder.unit(by_name[name], rows, name) for name in (*names, *([None] if None in by_name else []))]
    splits = tuple(sharder.split(units, rows))
    numbers = {name: number for number, name in enumerate(names)}
    return Indexed(
        pruned.lowered.policy,
        atoms,
        rows,
        tuple(found.rule for found in pruned.rules),
        tuple(units),
        {name: number for name, number in numbers.items() if not is_glob(name)},
        tuple((name, number) for name, number in numbers.items() if is_glob(name)),
        len(names) if None in by_name else None,
        _grammars(pruned),
        splits,
    )


def _grammars(pruned: Pruned) -> dict[str, Record]:
    """Those of the commands that rules ask about the arguments of, or restrict, unless they only show."""
    atoms = pruned.lowered.atoms
    asking = [
        found
        for found in pruned.rules
        if found.rule.source.restricts
        or any(ATOMS[atoms[literal >> 1][0]].of_arguments for row in found.rows for literal in row)
    ]
    return grammars_for(name for found in asking for name in found.rule.effects.commands or (None,))


def _number_rows(
    rules: tuple[RuleRows, ...], ids: dict[int, int]
) -> tuple[tuple[IndexRow, ...], dict[str | None, list[int]]]:
    rows: list[IndexRow] = []
    by_name: dict[str | None, list[int]] = {}
    for position, found in enumerate(rules):
        numbers = range(len(rows), len(rows) + len(found.rows))
        rows.extend(_row(position, row, ids) for row in found.rows)
        names: tuple[str | None, ...] = found.rule.effects.commands or (None,)
        for name in names if found.rows else ():
            by_name.setdefault(name, []).extend(numbers)
    return tuple(rows), by_name


def _row(position: int, row: Row, ids: dict[int, int]) -> IndexRow:
    required = sorted(ids[literal >> 1] for literal in row if not literal & 1)
    forbidden = sorted(ids[literal >> 1] for literal in row if literal & 1)
    return IndexRow(position, tuple(required), tuple(forbidden))


@dataclass(slots=True)
class _Sharder:
    atoms: tuple[Atom, ...]
    places: list[tuple[FindingPlace, str]]
    report: Report
    fitted: dict[tuple[int, ...], tuple[tuple[int, ...], ...]] = field(default_factory=dict)

    def unit(self, numbers: list[int], rows: tuple[IndexRow, ...], name: str | None) -> DispatchUnit:
        asked = {atom for number in numbers for atom in (*rows[number].required, *rows[number].forbidden)}
        shards: dict[str, tuple[tuple[int, ...], ...]] = {}
        for subject in (kind for kind in KINDS.values() if kind.searched):
            atoms = tuple(sorted(atom for atom in asked if self.atoms[atom][0] == subject.kind))
            if subject.seldom and not atoms:
                continue
            starts = range(0, len(atoms), SHARD_PATTERNS)
            shards[subject.kind] = tuple(
                shard for start in starts for shard in self._fit(atoms[start : start + SHARD_PATTERNS])
            )
        if len(numbers) > SPLIT_ROWS:
            return DispatchUnit(tuple(numbers), shards)
        known = "" if name is None or is_glob(name) else name
        return DispatchUnit(tuple(numbers), shards, needs=tuple(self._needs(rows[number], known) for number in numbers))

    def _needs(self, row: IndexRow, name: str) -> tuple[str, ...]:
        return longest_choice((self.atoms[atom][1] for atom in row.required if self.atoms[atom][0] == "line"), name)

    def split(self, units: list[DispatchUnit], rows: tuple[IndexRow, ...]) -> Iterator[tuple[int, int]]:
        """Adds to the units what large ones are split into."""
        for number, whole in enumerate(list(units)):
            if len(whole.rows) <= SPLIT_ROWS:
                continue
            rest, by_gram = split(
                {
                    row: [self.atoms[atom][1] for atom in rows[row].required if self.atoms[atom][0] == "line"]
                    for row in whole.rows
                }
            )
            if by_gram:
                yield number, len(units)
                grams = tuple(sorted(by_gram))
                parts = _Parts(whole, rows)
                units.append(parts.make(rest, grams))
                units.extend(parts.make(by_gram[gram]) for gram in grams)

    def _fit(self, atoms: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The shard, halved until each part's automaton fits."""
        if atoms not in self.fitted:
            if self._compiles(atoms):
                self.fitted[atoms] = (atoms,)
            elif len(atoms) > 1:
                middle = len(atoms) // 2
                self.fitted[atoms] = self._fit(atoms[:middle]) + self._fit(atoms[middle:])
            else:
                place, rule = self.places[atoms[0]]
                self.report.add("SS406", place, rule, limit=SET_MEMORY >> 20)
                self.fitted[atoms] = ()
        return self.fitted[atoms]

    def _compiles(self, atoms: tuple[int, ...]) -> bool:
        try:
            PatternSet([self.atoms[atom][1] for atom in atoms], atoms)
        except (ValueError, EngineError, re2.error):
            return False
        return True


class _Parts:
    """Makes units of some rows of a unit; their shards are parts of the unit's own, so that they fit as those do."""

    def __init__(self, whole: DispatchUnit, rows: tuple[IndexRow, ...]) -> None:
        self._rows = rows
        self._shards = {
            subject: {atom: number for number, shard in enumerate(shards) for atom in shard}
            for subject, shards in whole.shards.items()
        }

    def make(self, numbers: Sequence[int], grams: tuple[int, ...] | None = None) -> DispatchUnit:
        asked = sorted({atom for row in numbers for atom in (*self._rows[row].required, *self._rows[row].forbidden)})
        made: dict[str, tuple[tuple[int, ...], ...]] = {}
        for subject, shard_of in self._shards.items():
            shards: dict[int, list[int]] = {}
            for atom in asked:
                if atom in shard_of:
                    shards.setdefault(shard_of[atom], []).append(atom)
            made[subject] = tuple(tuple(shards[number]) for number in sorted(shards))
        return DispatchUnit(tuple(numbers), made, grams)
