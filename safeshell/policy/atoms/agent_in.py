"""Agent among those named: `agent_in`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy.atom import AtomKind, FactKind, Truth, is_one
from safeshell.policy.context import UNKNOWN_AGENT
from safeshell.policy.world import Fact, RequestWorld

if TYPE_CHECKING:
    from safeshell.policy.facts import GivenFacts


class _Agent(FactKind):
    """The agent's name; None for a person."""

    kind = "agent"

    def read(self, world: RequestWorld, *_: str) -> Fact:
        return world.context.agent(world.asker)

    def stated(self, given: GivenFacts, *_: str) -> Fact:
        return given.given("agent", otherwise=UNKNOWN_AGENT if given.given("ai") else None)


class _AgentIn(AtomKind):
    kind = "agent_in"
    facts = (_Agent(),)

    def bind(self, _: int, arguments: Sequence[Any]) -> Truth:
        return is_one(("agent",), arguments[0])

    def plain(self, arguments: Sequence[Any]) -> str:
        return f"agent_in: [{', '.join(arguments[0])}]"


KIND = _AgentIn()
