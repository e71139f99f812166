"""Working directory: `path_matches`, and a rule's `directory`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy import patterns
from safeshell.policy.world import Fact
from safeshell_compiler.condition_kind import ConditionKind, Searched, Text

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import View
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Atom, Formula, Lowering
    from safeshell_compiler.witnesses.situation import Situation


class _Directory(ConditionKind):
    kind = "directory"
    order = 40
    conditions = {"path_matches": Text}
    patterns = ("path_matches", "directory")
    searched = True
    dear = True
    turning = 90

    def lower(self, lowering: Lowering, _: str, value: Any, node: Node) -> Formula | None:
        return lowering.pattern(value, node, ("directory", value))

    def text(self, _: str, value: Any, node: Node) -> Searched:
        return Searched(value, node, "directory", value, may_name_files=True)

    def implied(
        self, view: View, known: Sequence[tuple[Atom, bool]], arguments: Sequence[Any], *, negated: bool
    ) -> bool:
        return view.pattern_implied("directory", known, arguments[0], negated=negated)

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        return patterns.search(arguments[0], situation.directory)


KIND = _Directory()
