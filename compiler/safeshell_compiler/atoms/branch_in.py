"""Branches by name: `git_branch_in`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy import patterns
from safeshell.policy.world import Fact
from safeshell_compiler.condition_kind import ConditionKind, Texts

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import Leaf, View
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Atom, Formula, Lowering
    from safeshell_compiler.witnesses.situation import Situation


class _BranchIn(ConditionKind):
    kind = "branch_in"
    order = 20
    conditions = {"git_branch_in": Texts}
    empty = {"git_branch_in": "no branch could hold"}
    turning = 50

    def lower(self, lowering: Lowering, _: str, value: Any, node: Node) -> Formula | None:
        return lowering.atom(("branch_in", tuple(sorted(set(value)))), node)

    def excludes(self, one: Leaf, other: Leaf, *, negated: bool, other_negated: bool) -> str:
        if negated or other.kind not in ("git_branch_in", "git_branch_matches"):
            return ""
        found = [
            name in other.value if other.kind == "git_branch_in" else patterns.search(other.pattern, name)
            for name in one.value
        ]
        return "SS329" if all(held == other_negated for held in found) else ""

    def implied(self, _: View, known: Sequence[tuple[Atom, bool]], arguments: Sequence[Any], *, negated: bool) -> bool:
        for atom, forbidden in known:
            if atom[0] == "branch_in" and not forbidden:
                return all((name in arguments[0]) != negated for name in atom[1])
        return False

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        return any(situation.branch == name for name in arguments[0])

    def pattern(self, subject: str, arguments: Sequence[Any]) -> str | None:
        return f"^(?:{'|'.join(map(patterns.quote, arguments[0]))})$" if subject == "branch" else None


KIND = _BranchIn()
