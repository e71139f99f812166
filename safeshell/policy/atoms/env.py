"""Variable that has a value: `env_equals`."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from safeshell.policy.atom import AtomKind, FactKind, Truth, is_one
from safeshell.policy.world import Fact, RequestWorld
from safeshell.text import text


class _Variable(FactKind):
    kind = "env"
    named = True

    def read(self, world: RequestWorld, *arguments: str) -> Fact:
        value = world.variable(arguments[0].encode())
        return None if value is None else text(value)

    def words(self, arguments: Sequence[str], value: Fact) -> str:
        return f"{arguments[0]} not set" if value is None else f"{arguments[0]} = {value!r}"


class _Env(AtomKind):
    kind = "env"
    cost = 1
    facts = (_Variable(),)

    def bind(self, _: int, arguments: Sequence[Any]) -> Truth:
        return is_one(("env", arguments[0]), arguments[1:])

    def plain(self, arguments: Sequence[Any]) -> str:
        return f"env_equals: {{variable: {arguments[0]}, value: {arguments[1]!r}}}"

    def left_to_run(self, arguments: Sequence[Any], variables: Container[str], **_: bool) -> bool:
        return arguments[0] in variables


KIND = _Env()
