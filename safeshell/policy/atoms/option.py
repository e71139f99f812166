"""Option among the arguments: `option`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy.atom import AtomKind, OpenArguments, Truth

if TYPE_CHECKING:
    from safeshell.policy.evaluator import Judge
    from safeshell.policy.units import Unit


class _Option(AtomKind):
    kind = "option"
    cost = 2
    of_arguments = True

    def bind(self, _: int, arguments: Sequence[Any]) -> Truth:
        names, taken = arguments[0], tuple(arguments[1])

        def truth(judge: Judge, unit: Unit) -> bool | None:
            parsed = judge.arguments(unit, taken)
            return None if parsed is None else parsed.has(names)

        return truth

    def of_open(self, arguments: Sequence[Any], given: OpenArguments, judge: Judge, unit: Unit) -> bool | None:
        del judge
        return given.has_option(unit, arguments[0], tuple(arguments[1]))

    def plain(self, arguments: Sequence[Any]) -> str:
        return f"option: [{', '.join(arguments[0])}]"


KIND = _Option()
