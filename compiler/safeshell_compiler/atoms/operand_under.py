"""Operand under a path: `operand_under`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.host.path_resolution import lies_key
from safeshell.policy.world import Fact
from safeshell_compiler.condition_kind import ConditionKind, Paths, list_implied

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import Leaf, View
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Atom, Formula, Lowering
    from safeshell_compiler.witnesses.argument_words import Words
    from safeshell_compiler.witnesses.situation import Situation


class _OperandUnder(ConditionKind):
    kind = "operand_under"
    order = 90
    conditions = {"operand_under": Paths}
    empty = {"operand_under": "no path could hold one"}
    turning = 80

    def lower(self, lowering: Lowering, _: str, value: Any, node: Node) -> Formula | None:
        valid = lowering.paths(value, node)
        return lowering.atom(("operand_under", tuple(sorted(set(value))), lowering.taken), node) if valid else None

    def excludes(self, one: Leaf, other: Leaf, *, negated: bool, other_negated: bool) -> str:
        same = other.kind == "operand_under" and one.value == other.value
        return "SS329" if same and negated != other_negated else ""

    def implied(self, _: View, known: Sequence[tuple[Atom, bool]], arguments: Sequence[Any], *, negated: bool) -> bool:
        return list_implied("operand_under", known, arguments[0], arguments[1:], negated=negated)

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        return situation.facts.read(lies_key("under", arguments[0], situation.parsed(arguments[1]).operands))

    def needs_home(self, arguments: Sequence[Any]) -> bool:
        return any(path[:1] == "~" for path in arguments[0])

    def words(self, making: Words, arguments: Sequence[Any], *, wanted: bool) -> None:
        if wanted:
            path: str = arguments[0][0]
            home = path == "~" or path.startswith("~/")
            making.require_operand(making.home + path[1:] if home else path)


KIND = _OperandUnder()
