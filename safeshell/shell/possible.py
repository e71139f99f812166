"""Evaluations of commands of which only the run can tell some: what is certain of them, and what is possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
        self._run = (run, directory)
        self.open = False

    def holds(self, unit: Unit, row: Row) -> bool:
        """As the judge says, but False where a fact that only the run can tell is what decides."""
        if not super().holds(unit, row):
            return False
        if any(self._open_atom(unit.atoms[atom]) for _, atom, _ in row.others):
            self.open = True
            return False
        return True

    def _open_atom(self, atom: Sequence[str]) -> bool:
        variables, directory = self._run
        kind, *arguments = atom
        if kind == "env":
            return ("env", arguments[0]) in variables
        if kind == "file":
            return directory and not arguments[0].startswith("/")
        return directory and kind in ("directory", "branch", "branch_in", "in_repo", "operand_under")


class Possible(Judge):
    """A judge for which a row is open where its patterns could match the line, and none of its facts is against it."""

    __slots__ = ("_could_match",)

    def __init__(self, facts: Facts, could_match: Callable[[str], bool]) -> None:
        """Takes the facts, and what tells whether a pattern could match the line."""
        super().__init__(facts)
        self._could_match = could_match

    def _truth(self, unit: Unit, atom: int) -> bool | None:
        """As the judge says; options and operands among unknown words are undecided."""
        return None if unit.atoms[atom][0] in ("option", "operand", "operand_under") else super()._truth(unit, atom)

    def open_rows(self, unit: Unit, line: str) -> list[Row]:
        """All rows: whether their patterns could match is asked where they are looked at, most of them never."""
        del line
        return unit.rows()

    def holds(self, unit: Unit, row: Row) -> bool:
        """Whether the row could hold. A forbidden pattern is never certain to be found, so it closes nothing."""
        patterns = [unit.atoms[atom][1] for atom in sorted(row.line_required)]
        return all(map(self._could_match, patterns)) and super().holds(unit, row)
