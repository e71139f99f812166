"""Option among the arguments: `option`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy.world import Fact
from safeshell_compiler.condition_kind import ConditionKind, Texts, list_implied

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import View
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Atom, Formula, Lowering
    from safeshell_compiler.witnesses.argument_words import Words
    from safeshell_compiler.witnesses.situation import Situation


class _Option(ConditionKind):
    kind = "option"
    order = 70
    conditions = {"option": Texts}
    empty = {"option": "no option could be there"}
    readable = True
    turning = 20

    def lower(self, lowering: Lowering, _: str, value: Any, node: Node) -> Formula | None:
        valid = lowering.names(value, node)
        return lowering.atom(("option", tuple(sorted(set(value))), lowering.taken), node) if valid else None

    def implied(self, _: View, known: Sequence[tuple[Atom, bool]], arguments: Sequence[Any], *, negated: bool) -> bool:
        return list_implied("option", known, arguments[0], arguments[1:], negated=negated)

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        return situation.parsed(arguments[1]).has(arguments[0])

    def words(self, making: Words, arguments: Sequence[Any], *, wanted: bool) -> None:
        names, taken = arguments
        if wanted:
            making.require(f" (?:{'|'.join(making.spelled(name, taken) for name in names)})(?: |$)")
        else:
            making.forbid_options(names)


KIND = _Option()
