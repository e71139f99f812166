"""Whether one row holds wherever another does."""

from __future__ import annotations

from collections.abc import Sequence

from safeshell.policy import patterns
from safeshell_compiler.lint.view import Name, UnknownError, View
from safeshell_compiler.stages.flatten import Row
from safeshell_compiler.stages.lower import Atom


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
    return bool(view.atoms[literal >> 1][0] in ("line", "directory", "branch"))


def _implied(view: View, names: Sequence[Name], row: Row, literal: int) -> bool:
    kind, *arguments = view.atoms[literal >> 1]
    forbidden = bool(literal & 1)
    if kind == "line":
        required, excluded = view.line_parts(row)
        wanted, unwanted = ([*required, arguments[0]], excluded) if forbidden else (required, [*excluded, arguments[0]])
        return all(view.line(name, wanted, unwanted) is None for name in names)
    if kind in ("option", "operand_under"):
        return _lists_imply(view, row, view.atoms[literal >> 1], forbidden=forbidden)
    same = [(view.atoms[known >> 1], bool(known & 1)) for known in row]
    if kind == "env":
        others = (atom[1:] for atom, negated in same if atom[0] == "env" and not negated)
        return forbidden and any(name == arguments[0] and value != arguments[1] for name, value in others)
    if kind in ("branch_in", "branch"):
        for atom, negated in same:
            if atom[0] == "branch_in" and not negated:
                return all(_is_branch(kind, arguments[0], name) != forbidden for name in atom[1])
    if kind in ("directory", "branch"):
        required = [atom[1] for atom, negated in same if atom[0] == kind and not negated]
        if not required:
            return False
        if forbidden:
            return view.text(kind, [*required, arguments[0]], []) is None
        return view.text(kind, required, [arguments[0]]) is None
    return False


def _lists_imply(view: View, row: Row, atom: Atom, *, forbidden: bool) -> bool:
    """Whether one of a row's lists says as much: a shorter one that holds, or a longer one that doesn't."""
    kind, members, taken = atom
    for known in row:
        other = view.atoms[known >> 1]
        if other[0] == kind and other[2] == taken and bool(known & 1) == forbidden:
            shorter, longer = (members, other[1]) if forbidden else (other[1], members)
            if set(shorter) <= set(longer):
                return True
    return False


def _is_branch(kind: str, argument: str | Sequence[str], name: str) -> bool:
    return patterns.search(str(argument), name) if kind == "branch" else name in argument
