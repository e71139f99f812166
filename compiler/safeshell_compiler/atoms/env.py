"""Variable and its value: `env_equals`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, Strict

from safeshell.policy.world import Fact, FactKey
from safeshell_compiler.condition_kind import ConditionKind, Model, Text

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import Leaf, View
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Atom, Formula, Lowering
    from safeshell_compiler.witnesses.situation import Situation


class EnvEquals(Model):
    """A variable of the command's environment and the value it must have."""

    variable: Annotated[str, Strict(), Field(pattern=r"\A[^=]+\z")]
    value: Text


class _Env(ConditionKind):
    kind = "env"
    order = 60
    conditions = {"env_equals": EnvEquals}
    parts = {"env_equals": EnvEquals}
    readable = True
    turning = 10

    def lower(self, lowering: Lowering, _: str, value: Any, node: Node) -> Formula | None:
        return lowering.atom(("env", value.variable, value.value), node)

    def excludes(self, one: Leaf, other: Leaf, *, negated: bool, other_negated: bool) -> str:
        if other.kind != "env_equals" or negated or other_negated:
            return ""
        same = one.value.variable == other.value.variable
        return "SS329" if same and one.value.value != other.value.value else ""

    def needs_agent(self, value: Any) -> bool:
        return (value.variable, value.value) == ("SAFESHELL_CONTEXT", "ai")

    def implied(self, _: View, known: Sequence[tuple[Atom, bool]], arguments: Sequence[Any], *, negated: bool) -> bool:
        others = (atom[1:] for atom, forbidden in known if atom[0] == "env" and not forbidden)
        return negated and any(name == arguments[0] and value != arguments[1] for name, value in others)

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        return (arguments[0], arguments[1]) in situation.env

    def facts(self, required: Collection[Sequence[Any]], _: Collection[Sequence[Any]]) -> Mapping[FactKey, Fact] | None:
        variables: dict[str, str] = dict(required)  # type: ignore[arg-type] # pairs, as `lower` makes them
        return {("env", name): value for name, value in variables.items()} if len(variables) == len(required) else None


KIND = _Env()
