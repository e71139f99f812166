"""Operand that lies under a path: `operand_under`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.host.path_resolution import lies_key
from safeshell.policy.atom import AtomKind, OpenArguments, Truth
from safeshell.policy.lies import Lies
from safeshell.policy.world import UNDECIDED

if TYPE_CHECKING:
    from safeshell.policy.evaluator import Judge
    from safeshell.policy.units import Unit

RELATION = "under"


class _OperandUnder(AtomKind):
    kind = "operand_under"
    cost = 7
    facts = (Lies(RELATION),)
    of_arguments = True
    of_directory = True

    def bind(self, _: int, arguments: Sequence[Any]) -> Truth:
        paths, taken = arguments[0], tuple(arguments[1])

        def truth(judge: Judge, unit: Unit) -> bool | None:
            parsed = judge.arguments(unit, taken)
            if parsed is None:
                return None
            if not parsed.operands:
                return False
            value = judge.read(lies_key(RELATION, paths, parsed.operands))
            return None if value is UNDECIDED else bool(value)

        return truth

    def of_open(self, arguments: Sequence[Any], given: OpenArguments, judge: Judge, unit: Unit) -> bool | None:
        operands, all_of_them = given.operands(unit, tuple(arguments[1]))
        value = judge.read(lies_key(RELATION, arguments[0], operands)) if operands else False
        if value is UNDECIDED:
            return None
        return True if value else False if all_of_them else None

    def plain(self, arguments: Sequence[Any]) -> str:
        return f"operand_under: [{', '.join(arguments[0])}]"


KIND = _OperandUnder()
