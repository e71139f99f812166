"""Pattern of a branch: `git_branch_matches`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy import patterns
from safeshell.policy.world import Fact
from safeshell_compiler.condition_kind import ConditionKind, Searched, Text

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import View
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Atom, Formula, Lowering
    from safeshell_compiler.witnesses.situation import Situation


class _Branch(ConditionKind):
    kind = "branch"
    order = 25
    conditions = {"git_branch_matches": Text}
    patterns = ("git_branch_matches",)
    searched = True
    dear = True
    turning = 60

    def lower(self, lowering: Lowering, _: str, value: Any, node: Node) -> Formula | None:
        return lowering.pattern(value, node, ("branch", value))

    def text(self, _: str, value: Any, node: Node) -> Searched:
        return Searched(value, node, "branch", value)

    def implied(
        self, view: View, known: Sequence[tuple[Atom, bool]], arguments: Sequence[Any], *, negated: bool
    ) -> bool:
        for atom, forbidden in known:
            if atom[0] == "branch_in" and not forbidden:
                return all(patterns.search(arguments[0], name) != negated for name in atom[1])
        return view.pattern_implied("branch", known, arguments[0], negated=negated)

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        return situation.branch is not None and patterns.search(arguments[0], situation.branch)


KIND = _Branch()
