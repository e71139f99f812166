"""Operand that lies under a path: `operand_under`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from safeshell.host.path_resolution import split_under, under_key
from safeshell.policy.atom import AtomKind, FactKind, OpenArguments, Truth
from safeshell.policy.world import UNDECIDED, Fact, FactKey, RequestWorld

if TYPE_CHECKING:
    from safeshell.policy.evaluator import Judge
    from safeshell.policy.facts import GivenFacts
    from safeshell.policy.units import Unit

OPERANDS_SHOWN = 8
"""Operands that the fact in words lists; a command can have thousands."""


class _Under(FactKind):
    """Whether an operand lies under a path: `("under", path…, "", operand…)`, bytes not UTF-8 as surrogates."""

    kind = "under"

    def read(self, world: RequestWorld, *arguments: str) -> Fact:
        return world.has_under(*split_under(arguments))

    def stated(self, given: GivenFacts, *arguments: str) -> Fact:
        return given.has_under(*split_under(arguments))

    def words(self, arguments: Sequence[str], value: Fact) -> str:
        return self._say(arguments, "one lies" if value else "none lies")

    def undecided(self, arguments: Sequence[str]) -> str:
        return self._say(arguments, "undecided whether one lies")

    def about(self, arguments: Sequence[str]) -> str:
        return f"operand_under {' '.join(split_under(tuple(arguments))[0])}"

    def record(self, held: dict[str, Any], arguments: Sequence[str], value: Any) -> None:
        paths, operands = split_under(tuple(arguments))
        entry = {"paths": list(paths), "operands": list(operands), "value": value}
        under = held.setdefault("under", [])
        if entry not in under:
            under.append(entry)

    def recall(self, value: Any) -> Iterator[tuple[FactKey, Any]]:
        for entry in value:
            yield under_key(entry["paths"], entry["operands"]), entry["value"]

    def _say(self, arguments: Sequence[str], lies: str) -> str:
        paths, operands = split_under(tuple(arguments))
        shown = [repr(operand) for operand in operands[:OPERANDS_SHOWN]]
        if len(operands) > OPERANDS_SHOWN:
            shown.append(f"{len(operands) - OPERANDS_SHOWN} more")
        return f"of {', '.join(shown)} {lies} under {' or '.join(paths)}"


class _OperandUnder(AtomKind):
    kind = "operand_under"
    cost = 7
    facts = (_Under(),)
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
            value = judge.read(under_key(paths, parsed.operands))
            return None if value is UNDECIDED else bool(value)

        return truth

    def of_open(self, arguments: Sequence[Any], given: OpenArguments, judge: Judge, unit: Unit) -> bool | None:
        operands, all_of_them = given.operands(unit, tuple(arguments[1]))
        value = judge.read(under_key(arguments[0], operands)) if operands else False
        if value is UNDECIDED:
            return None
        return True if value else False if all_of_them else None

    def plain(self, arguments: Sequence[Any]) -> str:
        return f"operand_under: [{', '.join(arguments[0])}]"


KIND = _OperandUnder()
