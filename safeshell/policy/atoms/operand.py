"""Pattern found in an operand: `operand_matches`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.command.options import shown
from safeshell.policy.atom import AtomKind, OpenArguments, Truth

if TYPE_CHECKING:
    from safeshell.policy.evaluator import Judge
    from safeshell.policy.units import Unit


class _Operand(AtomKind):
    kind = "operand"
    cost = 2
    of_arguments = True

    def bind(self, number: int, arguments: Sequence[Any]) -> Truth:
        taken = tuple(arguments[1])

        def truth(judge: Judge, unit: Unit) -> bool | None:
            parsed = judge.arguments(unit, taken)
            if parsed is None:
                return None
            mark = (id(unit), "operand", taken)
            found = judge.found.get(mark)
            if found is None:
                found = judge.found[mark] = {
                    match for operand in parsed.operands for match in unit.match("operand", shown(operand))
                }
            return number in found

        return truth

    def of_open(self, arguments: Sequence[Any], given: OpenArguments, judge: Judge, unit: Unit) -> bool | None:
        del judge
        return given.has_operand(unit, arguments[0], tuple(arguments[1]))

    def plain(self, arguments: Sequence[Any]) -> str:
        return f"operand_matches: {arguments[0]}"


KIND = _Operand()
