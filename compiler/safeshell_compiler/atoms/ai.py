"""Whether an agent asks: a rule's `context`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy.world import Fact, FactKey
from safeshell_compiler.condition_kind import ConditionKind

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import View
    from safeshell_compiler.stages.lower import Atom
    from safeshell_compiler.witnesses.situation import Situation


class _Ai(ConditionKind):
    kind = "ai"
    order = 0
    readable = True
    turning = 0

    def implied(self, _: View, known: Sequence[tuple[Atom, bool]], __: Sequence[Any], *, negated: bool) -> bool:
        return not negated and any(atom[0] == "agent_in" and not forbidden for atom, forbidden in known)

    def truth(self, _: Sequence[Any], situation: Situation) -> Fact:
        return situation.ai

    def facts(
        self, required: Collection[Sequence[Any]], forbidden: Collection[Sequence[Any]]
    ) -> Mapping[FactKey, Fact] | None:
        return {("ai",): bool(required)} if required or forbidden else {}


KIND = _Ai()
