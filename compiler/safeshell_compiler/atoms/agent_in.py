"""Agents by name: `agent_in`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy.context import AGENTS
from safeshell.policy.world import Fact, FactKey
from safeshell_compiler.condition_kind import ConditionKind, Filled, Texts, list_implied
from safeshell_compiler.findings.report import suggest

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import Leaf, View
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Atom, Formula, Lowering
    from safeshell_compiler.witnesses.situation import Situation


class _AgentIn(ConditionKind):
    kind = "agent_in"
    order = 65
    conditions = {"agent_in": Texts}
    empty = {"agent_in": "no agent could ask"}
    readable = True
    turning = 5
    stated = {"agent": (Filled | None, None)}

    def lower(self, lowering: Lowering, _: str, value: Any, node: Node) -> Formula | None:
        unknown = [index for index, name in enumerate(value) if name not in AGENTS]
        for index in unknown:
            lowering.add("SS218", node.value[index], value=value[index], remedy=_remedy(value[index]))
        return None if unknown else lowering.atom(("agent_in", tuple(sorted(set(value)))), node)

    def given(self, case: Any) -> Mapping[FactKey, Fact]:
        return {} if case.agent is None else {("ai",): True, ("agent",): case.agent}

    def case_problem(self, case: Any) -> tuple[str, str]:
        if case.agent is None:
            return "", ""
        if case.agent not in AGENTS:
            return f"{case.agent!r} is the name of no agent", _remedy(case.agent)
        return ("no person is an agent", "leave `context` out") if case.context == "human" else ("", "")

    def excludes(self, one: Leaf, other: Leaf, *, negated: bool, other_negated: bool) -> str:
        if other.kind != "agent_in" or negated:
            return ""
        left = [name for name in one.value if (name in other.value) != other_negated]
        return "" if left else "SS329"

    def needs_agent(self, _: Any) -> bool:
        return True

    def implied(self, _: View, known: Sequence[tuple[Atom, bool]], arguments: Sequence[Any], *, negated: bool) -> bool:
        if list_implied("agent_in", known, arguments[0], (), negated=negated):
            return True
        others = [set(atom[1]) for atom, forbidden in known if atom[0] == "agent_in" and not forbidden]
        return negated and ((("ai",), True) in known or any(other.isdisjoint(arguments[0]) for other in others))

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        return any(situation.facts.read(("agent",)) == name for name in arguments[0])

    def facts(
        self, required: Collection[Sequence[Any]], forbidden: Collection[Sequence[Any]]
    ) -> Mapping[FactKey, Fact] | None:
        if not required:
            return {}
        named = [
            name
            for name in AGENTS
            if all(name in names for (names,) in required) and not any(name in names for (names,) in forbidden)
        ]
        return {("ai",): True, ("agent",): named[0]} if named else None


def _remedy(name: str) -> str:
    return suggest(name, AGENTS, "there are " + ", ".join(AGENTS))


KIND = _AgentIn()
