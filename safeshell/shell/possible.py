"""Evaluations of commands of which only the run can tell some: what is certain of them, and what is possible."""

from __future__ import annotations

import shlex
from collections.abc import Container, Sequence
from typing import Any

from safeshell.policy.atoms import ATOMS
from safeshell.policy.decision import Action
from safeshell.policy.evaluator import Judge
from safeshell.policy.facts import Facts
from safeshell.policy.units import Row, Unit
from safeshell.shell.partial_match import begins_a_match
from safeshell.shell.readings import Reading


class Certain(Judge):
    """A judge for which a rule matches only where that does not hang on what only the run can tell.

    Attributes:
        open: whether a rule was passed over for that.
    """

    __slots__ = ("_run", "open")

    def __init__(self, facts: Facts, variables: Container[str], *, directory: bool) -> None:
        """Takes the facts, and which only the run can tell: variables, and all that hangs on the directory."""
        super().__init__(facts)
        self._run = (variables, directory)
        self.open = False

    def holds(self, unit: Unit, row: Row) -> bool:
        """As the judge says, but False where a fact that only the run can tell is what decides."""
        if not super().holds(unit, row):
            return False
        if any(self._is_open(unit.atoms[atom]) for _, atom, _ in row.others):
            self.open = True
            return False
        return True

    def _is_open(self, record: Sequence[Any]) -> bool:
        kind, *arguments = record
        variables, directory = self._run
        return ATOMS[kind].left_to_run(arguments, variables, directory=directory)


class Possible(Judge):
    """A judge for which a row is open where its patterns could match the line, and nothing else is against it."""

    __slots__ = ("_reading",)

    def __init__(self, facts: Facts, reading: Reading) -> None:
        """Takes the facts, and what the command may be."""
        super().__init__(facts)
        self._reading = reading

    def open_rows(self, unit: Unit, line: str) -> list[Row]:
        """All rows: whether their patterns could match is asked where they are looked at, most of them never."""
        del line
        return unit.rows()

    def holds(self, unit: Unit, row: Row) -> bool:
        """Whether the row could hold."""
        if row.rule.action is Action.ALLOW:
            return False  # what is not certain loosens nothing
        reading = self._reading
        if reading.by_operand and not any(
            wanted and _is_of_operands(unit.kind(atom)) for _, atom, wanted in row.others
        ):
            return False
        if not all(reading.could_match(unit.atoms[atom][1]) for atom in sorted(row.line_required)):
            return False
        if not all(self._truth(unit, atom) is not (not wanted) for _, atom, wanted in row.others):
            return False
        return not any(reading.has_to_match(unit.atoms[atom][1]) for atom in sorted(row.line_forbidden))

    def _truth(self, unit: Unit, atom: int) -> bool | None:
        kind, *arguments = unit.atoms[atom]
        if ATOMS[kind].of_arguments:
            return ATOMS[kind].of_open(arguments, self._reading.arguments, self, unit)
        return unit.truths[atom](self, unit)

    def only_shows(self, unit: Unit, row: Row) -> bool:
        """Whether the command shows whatever the unknown words are, and the row certainly doesn't ask about that."""
        reading = self._reading
        if not reading.known:
            return False
        from safeshell.policy.showing import shows  # noqa: PLC0415 # as the judge has it

        found = shows(self, unit, reading.known, whole=reading.whole)
        if found is None:
            return False
        known = " ".join(map(shlex.quote, (self.command[0], *found.blanked)))
        if not all(begins_a_match(unit.atoms[atom][1], known) for atom in row.line_required):
            return False
        asked = [unit.atoms[atom] for _, atom, _ in row.others if ATOMS[unit.kind(atom)].of_arguments]
        by_subcommand = any(not name.startswith("-") for name in found.names)
        return not any(by_subcommand or found.names & _named(record) for record in asked)


def _named(record: Sequence[Any]) -> set[str]:
    """The options that an atom about arguments names."""
    return {name for part in record[1:] if not isinstance(part, str) for name in part}


class PossibleByName(Possible):
    """The same, but that only rules count that name the command."""

    __slots__ = ()

    def open_rows(self, unit: Unit, line: str) -> list[Row]:
        """All rows of such rules."""
        return [] if unit.number == unit.table.any_unit else super().open_rows(unit, line)


def _is_of_operands(kind: str) -> bool:
    return ATOMS[kind].of_arguments and kind.startswith("operand")
