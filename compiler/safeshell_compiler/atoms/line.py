"""Command line: `command_matches`, `command_contains`, `command_startswith`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy import patterns
from safeshell.policy.world import Fact
from safeshell_compiler.condition_kind import ConditionKind, Filled, Searched, Text

if TYPE_CHECKING:
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Formula, Lowering
    from safeshell_compiler.witnesses.situation import Situation


class _Line(ConditionKind):
    kind = "line"
    order = 10
    conditions = {"command_matches": Text, "command_contains": Filled, "command_startswith": Filled}
    patterns = ("command_matches",)
    searched = True
    readable = True
    dear = True
    turning = 110

    def lower(self, lowering: Lowering, name: str, value: Any, node: Node) -> Formula | None:
        if name == "command_matches":
            return lowering.pattern(value, node, ("line", value))
        return lowering.atom(("line", _literal(name, value)), node)

    def text(self, name: str, value: Any, node: Node) -> Searched:
        if name == "command_matches":
            return Searched(value, node, "line", value, may_name_files=True)
        return Searched(value, node, "line", _literal(name, value), literal=True)

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        return patterns.search(arguments[0], situation.line)


def _literal(name: str, value: str) -> str:
    return "^" * (name == "command_startswith") + patterns.quote(value)


KIND = _Line()
