"""Whether one row holds wherever another does."""

from __future__ import annotations

from collections.abc import Sequence

from safeshell_compiler.atoms import KINDS
from safeshell_compiler.lint.view import Name, UnknownError, View
from safeshell_compiler.stages.flatten import Row


def implies(view: View, names: Sequence[Name], row: Row, other: Row) -> bool:
    """Whether `other` holds wherever `row` does, for commands of these keys; False also where that is not certain.

    Undecided facts included: each literal of `other` is asked of a fact that `row` asks too, or of the request.
    """
    asked = other - row
    try:
        return all(_implied(view, names, row, literal) for literal in sorted(asked, key=lambda n: _dear(view, n)))
    except UnknownError:
        return False


def _dear(view: View, literal: int) -> bool:
    return KINDS[view.atoms[literal >> 1][0]].dear


def _implied(view: View, names: Sequence[Name], row: Row, literal: int) -> bool:
    kind, *arguments = view.atoms[literal >> 1]
    negated = bool(literal & 1)
    if kind == "line":  # the only one that the command's name says something of
        required, excluded = view.line_parts(row)
        wanted, unwanted = ([*required, arguments[0]], excluded) if negated else (required, [*excluded, arguments[0]])
        return all(view.line(name, wanted, unwanted) is None for name in names)
    known = [(view.atoms[one >> 1], bool(one & 1)) for one in sorted(row)]
    return KINDS[kind].implied(view, known, arguments, negated=negated)
