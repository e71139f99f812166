"""Inside of a work tree: `in_git_repo`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy.world import Fact, FactKey
from safeshell_compiler.condition_kind import ConditionKind, Flag

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import Leaf
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Formula, Lowering
    from safeshell_compiler.witnesses.situation import Situation


class _InRepo(ConditionKind):
    kind = "in_repo"
    order = 30
    conditions = {"in_git_repo": Flag}
    turning = 30

    def lower(self, lowering: Lowering, _: str, value: Any, node: Node) -> Formula | None:
        atom = lowering.atom(("in_repo",), node)
        return atom if value else lowering.negation(atom)

    def excludes(self, one: Leaf, other: Leaf, *, negated: bool, other_negated: bool) -> str:
        if other.kind in ("git_branch_in", "git_branch_matches"):
            return "SS331" if one.value == negated and not other_negated else ""
        same = other.kind == "in_git_repo" and (one.value != negated) == (other.value != other_negated)
        return "SS329" if other.kind == "in_git_repo" and not same else ""

    def truth(self, _: Sequence[Any], situation: Situation) -> Fact:
        return situation.in_repo

    def facts(
        self, required: Collection[Sequence[Any]], forbidden: Collection[Sequence[Any]]
    ) -> Mapping[FactKey, Fact] | None:
        return {("in_repo",): bool(required)} if required or forbidden else {}


KIND = _InRepo()
