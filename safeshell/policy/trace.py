"""What one evaluation looked at, kept while it looks. The judge of `check --explain` and of rule tests.

The evaluator runs its own way; this only writes down. What a row's line patterns came to is asked of the same
automata once more, and the truths of its other atoms of the facts that were read: the evaluator keeps neither.
"""

from __future__ import annotations

from dataclasses import dataclass

from safeshell.policy.evaluator import Judge
from safeshell.policy.facts import Fact, FactKey, Facts
from safeshell.policy.units import Row, Unit

Truth = bool | None
"""None is undecided."""


@dataclass(frozen=True, slots=True)
class Consulted:
    """A dispatch unit that the command was judged by.

    Attributes:
        unit: the unit.
        found: the atoms about the command line that are true.
        opened: the rows that the command line left open.
    """

    unit: Unit
    found: frozenset[int]
    opened: frozenset[Row]


class Trace(Judge):
    """A judge that keeps what it sees.

    Attributes:
        consulted: the units, in order.
        truths: for each row that was looked at, by its identity: the atoms that were, in order, with their truths.
        held: for each row that was looked at to its end, by its identity: whether it made its rule match.
        basis: for each row and atom that was looked at, the fact that it depends on; none for the arguments alone.
        shown: for each row that held and is about deeds, by its identity: the word by which the command only shows.
        reads: the facts that were read, in order.
    """

    __slots__ = ("_reading", "basis", "consulted", "held", "shown", "truths")

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.consulted: list[Consulted] = []
        self.truths: dict[int, dict[int, Truth]] = {}
        self.held: dict[int, bool] = {}
        self.basis: dict[tuple[int, int], FactKey] = {}
        self.shown: dict[int, str] = {}
        self._reading: tuple[int, int] | None = None

    def open_rows(self, unit: Unit, line: str) -> list[Row]:
        """As the unit says."""
        opened = unit.open_rows(line)
        self.consulted.append(Consulted(unit, frozenset(unit.match("line", line)), frozenset(opened)))
        return opened

    def holds(self, unit: Unit, row: Row) -> bool:
        """As the judge says."""
        held = self.held[id(row)] = super().holds(unit, row)
        truths = self.truths[id(row)] = {}
        for _, atom, wanted in row.others:
            self._reading = (id(row), atom)
            truth = truths[atom] = unit.truths[atom](self, unit)
            if truth is not None and truth is not wanted:
                break
        self._reading = None
        return held

    def only_shows(self, unit: Unit, row: Row) -> bool:
        """As the judge says."""
        found = super().only_shows(unit, row)
        blanked = (self._blanked or {}).get(id(unit.table))
        if found and blanked is not None:
            self.shown[id(row)] = blanked.showing.said
        return found

    def read(self, key: FactKey) -> Fact:
        """As the judge says."""
        if self._reading is not None:
            self.basis[self._reading] = key
        return super().read(key)
