"""Commands that only show, held against rules about deeds: one mechanism for every rule.

A row of a rule that restricts counts for such a command only where it asks about what shows: where it would not hold of
the same command with that word made one that means nothing. `option: [--dry-run]` does, `command_startswith: git push`
doesn't.
"""

from __future__ import annotations

from collections.abc import Sequence

from safeshell.command.command_line import block, command_line
from safeshell.command.options import split
from safeshell.command.showing import Showing, showing
from safeshell.policy.evaluator import Judge
from safeshell.policy.facts import Fact, FactKey
from safeshell.policy.units import Row, Unit

_OPERANDS_END = (("env", "POSIXLY_CORRECT"), ("env", "POSIX_ME_HARDER"))
"""Variables with which options end at the first operand: getopt(3)'s, and popt's. Set, or undecided."""


def shows(judge: Judge, unit: Unit, arguments: Sequence[str], *, whole: bool = True) -> Showing | None:
    """What makes a command one that only shows, by the data of a unit's table; None where it does something.

    Args:
        judge: its judge, through which the facts are read.
        unit: the unit.
        arguments: the command's, from the second on.
        whole: whether these are all of them.
    """
    found = showing(arguments, unit.grammar(judge.command[0], ()), whole=whole)
    if found is not None and found.permuted and any(judge.read(key) is not None for key in _OPERANDS_END):
        return None
    return found


class Blanked(Judge):
    """A judge of a command that only shows, as if it didn't say so.

    Attributes:
        showing: what says so.
    """

    __slots__ = ("_judge", "_line", "_lines", "showing")

    def __init__(self, judge: Judge, found: Showing) -> None:
        """Takes the command's judge, through which facts are read, and what says that it only shows."""
        name, arguments = judge.command
        first = arguments[: arguments.index(b"\0")].decode("utf-8", "surrogateescape")
        words = [word.encode("utf-8", "surrogateescape") for word in (first, *found.blanked)]
        self._judge = judge
        self.showing = found
        self.found = {}
        self.command = (name, block(words))
        self._words = None
        self._line = command_line(self.command[1], name)
        self._lines: dict[int, set[int]] = {}

    def read(self, key: FactKey) -> Fact:
        """A fact, as the command's judge reads it."""
        return self._judge.read(key)

    def holds(self, unit: Unit, row: Row) -> bool:
        """Whether the row would make its rule match."""
        lines = self._lines.get(id(unit))
        if lines is None:
            lines = self._lines[id(unit)] = unit.match("line", self._line)
        return row.line_required <= lines and row.line_forbidden.isdisjoint(lines) and super().holds(unit, row)


def blanked(judge: Judge, unit: Unit) -> Blanked | None:
    """The judge of a command as if it didn't say that it only shows; None where it does something."""
    found = shows(judge, unit, split(judge.command[1]))
    return None if found is None else Blanked(judge, found)
