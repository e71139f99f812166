"""Path that exists: `file_exists`."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy.atom import AtomKind, FactKind, Truth, holds
from safeshell.policy.world import Fact, RequestWorld

if TYPE_CHECKING:
    from safeshell.policy.facts import GivenFacts


class _Exists(FactKind):
    kind = "file"
    read = staticmethod(RequestWorld.has_file)
    named = True

    def stated(self, given: GivenFacts, *arguments: str) -> Fact:
        return given.given("file", *arguments, otherwise=False)

    def words(self, arguments: Sequence[str], value: Fact) -> str:
        return f"{arguments[0]} exists" if value else f"{arguments[0]} does not exist"


class _File(AtomKind):
    kind = "file"
    cost = 6
    facts = (_Exists(),)

    def bind(self, _: int, arguments: Sequence[Any]) -> Truth:
        return holds(("file", arguments[0]))

    def plain(self, arguments: Sequence[Any]) -> str:
        return f"file_exists: {arguments[0]}"

    def left_to_run(self, arguments: Sequence[Any], _: Container[str], *, directory: bool) -> bool:
        return directory and not arguments[0].startswith("/")


KIND = _File()
