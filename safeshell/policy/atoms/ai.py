"""Context `ai`: an agent asks. A rule's `context`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from safeshell.policy.atom import AtomKind, FactKind, Truth, holds
from safeshell.policy.world import Fact, RequestWorld


class _IsAi(FactKind):
    kind = "ai"
    recorded = False  # a record's `context` says so

    def read(self, world: RequestWorld, *_: str) -> Fact:
        return world.context.agent(world.asker) is not None

    def words(self, _: Sequence[str], value: Fact) -> str:
        return "context ai" if value else "context human"


class _Ai(AtomKind):
    kind = "ai"
    facts = (_IsAi(),)

    def bind(self, _number: int, _arguments: Sequence[Any]) -> Truth:
        return holds(("ai",))

    def words(self, _: Sequence[Any], *, wanted: bool) -> str:
        return "context: ai_only" if wanted else "context: human_only"


KIND = _Ai()
