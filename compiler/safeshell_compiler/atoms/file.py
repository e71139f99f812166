"""File that exists: `file_exists`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy.world import Fact, FactKey
from safeshell_compiler.condition_kind import ConditionKind, Filled

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import Leaf
    from safeshell_compiler.witnesses.situation import Situation


class _File(ConditionKind):
    kind = "file"
    order = 50
    conditions = {"file_exists": Filled}
    turning = 40

    def excludes(self, one: Leaf, other: Leaf, *, negated: bool, other_negated: bool) -> str:
        same = other.kind == "file_exists" and one.value == other.value
        return "SS329" if same and negated != other_negated else ""

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        return any(path == arguments[0] for path in situation.files)

    def facts(self, required: Collection[Sequence[Any]], _: Collection[Sequence[Any]]) -> Mapping[FactKey, Fact] | None:
        return {("file", path): True for (path,) in required}


KIND = _File()
