"""Pattern found in the value of an option: `option_value`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.command.options import shown
from safeshell.policy.atom import AtomKind, OpenArguments, Truth

if TYPE_CHECKING:
    from safeshell.policy.evaluator import Judge
    from safeshell.policy.units import Unit


class _OptionValue(AtomKind):
    kind = "option_value"
    cost = 2
    of_arguments = True

    def bind(self, number: int, arguments: Sequence[Any]) -> Truth:
        names, taken = tuple(arguments[1]), tuple(arguments[2])

        def truth(judge: Judge, unit: Unit) -> bool | None:
            parsed = judge.arguments(unit, taken, names)
            if parsed is None:
                return None
            for option, value in parsed.values:
                if option in names:
                    mark = (id(unit), "option_value", value)
                    found = judge.found.get(mark)
                    if found is None:
                        found = judge.found[mark] = unit.match("option_value", shown(value))
                    if number in found:
                        return True
            return False

        return truth

    def of_open(self, arguments: Sequence[Any], given: OpenArguments, judge: Judge, unit: Unit) -> bool | None:
        del judge
        return given.has_value(unit, arguments[0], tuple(arguments[1]), tuple(arguments[2]))

    def plain(self, arguments: Sequence[Any]) -> str:
        return f"option_value: {{option: [{', '.join(arguments[1])}], matches: {arguments[0]}}}"


KIND = _OptionValue()
