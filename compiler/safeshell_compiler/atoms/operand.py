"""Pattern of an operand: `operand_matches`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy import patterns
from safeshell.policy.world import Fact
from safeshell_compiler.condition_kind import ConditionKind, Searched, Text

if TYPE_CHECKING:
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Formula, Lowering
    from safeshell_compiler.witnesses.argument_words import Words
    from safeshell_compiler.witnesses.situation import Situation


class _Operand(ConditionKind):
    kind = "operand"
    order = 80
    conditions = {"operand_matches": Text}
    patterns = ("operand_matches",)
    searched = True
    seldom = True
    readable = True
    turning = 70

    def lower(self, lowering: Lowering, _: str, value: Any, node: Node) -> Formula | None:
        return lowering.pattern(value, node, ("operand", value, lowering.taken))

    def text(self, _: str, value: Any, node: Node) -> Searched:
        # No subject: one operand may have what another lacks, so two patterns never exclude each other.
        return Searched(value, node, "", value, may_name_files=True)

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        operands = situation.parsed(arguments[1]).operands
        return any(patterns.search(arguments[0], operand) for operand in operands)

    def words(self, making: Words, arguments: Sequence[Any], *, wanted: bool) -> None:
        if wanted:
            making.require_operand(making.text([arguments[0]], making.patterns("operand", wanted=False)))


KIND = _Operand()
