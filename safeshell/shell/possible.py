"""Evaluations of commands of which only the run can tell some: what is certain of them, and what is possible."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Any

from safeshell.policy.atoms import ATOMS
from safeshell.policy.evaluator import Judge, Row, Unit
from safeshell.policy.facts import FactKey, Facts


class Certain(Judge):
    """A judge for which a rule matches only where that does not hang on what only the run can tell.

    Attributes:
        open: whether a rule was passed over for that.
    """

    __slots__ = ("_run", "open")

    def __init__(self, facts: Facts, run: frozenset[FactKey], *, directory: bool) -> None:
        """Takes the facts, and which only the run can tell: variables, and all that hangs on the directory."""
        super().__init__(facts)
        self._run = (frozenset([key[1] for key in run]), directory)
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
    """A judge for which a row is open where its patterns could match the line, and none of its facts is against it."""

    __slots__ = ("_could_match", "_known", "_whole")

    def __init__(
        self, facts: Facts, could_match: Callable[[str], bool], known: Sequence[str] = (), *, whole: bool = False
    ) -> None:
        """Takes what is known.

        Args:
            facts: where facts are read.
            could_match: tells whether a pattern could match the line.
            known: the arguments before the first unknown word, without the command's own.
            whole: whether there is no unknown word.
        """
        super().__init__(facts)
        self._could_match = could_match
        self._known = known
        self._whole = whole

    def arguments(self, unit: Unit, taken: tuple[str, ...], valued: tuple[str, ...] = ()) -> None:
        """Not known: what is said of options and operands among unknown words is undecided."""

    def open_rows(self, unit: Unit, line: str) -> list[Row]:
        """All rows: whether their patterns could match is asked where they are looked at, most of them never."""
        del line
        return unit.rows()

    def holds(self, unit: Unit, row: Row) -> bool:
        """Whether the row could hold. A forbidden pattern is never certain to be found, so it closes nothing."""
        patterns = [unit.atoms[atom][1] for atom in sorted(row.line_required)]
        return all(map(self._could_match, patterns)) and super().holds(unit, row)

    def only_shows(self, unit: Unit, row: Row) -> bool:
        """Whether the command shows whatever the unknown words are, and the row certainly doesn't ask about that."""
        if not self._known:
            return False
        from safeshell.policy.showing import shows  # noqa: PLC0415 # as the judge has it

        found = shows(self, unit, self._known, whole=self._whole)
        if found is None:
            return False
        from safeshell.shell.partial_match import begins_a_match  # noqa: PLC0415 # as where it is asked what could match

        known = " ".join(map(shlex.quote, (self.command[0], *found.blanked)))
        if not all(begins_a_match(unit.atoms[atom][1], known) for atom in row.line_required):
            return False
        asked = [unit.atoms[atom] for _, atom, _ in row.others if ATOMS[unit.kind(atom)].of_arguments]
        by_subcommand = any(not name.startswith("-") for name in found.names)
        return not any(by_subcommand or found.names & _named(record) for record in asked)


def _named(record: Sequence[Any]) -> set[str]:
    """The options that an atom about arguments names."""
    return {name for part in record[1:] if not isinstance(part, str) for name in part}
