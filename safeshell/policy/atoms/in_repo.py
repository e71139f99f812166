"""Working directory inside a work tree: `in_git_repo`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from safeshell.policy.atom import AtomKind, FactKind, Truth, holds
from safeshell.policy.world import Fact, RequestWorld


class _InWorkTree(FactKind):
    kind = "in_repo"
    read = staticmethod(RequestWorld.in_work_tree)

    def words(self, _: Sequence[str], value: Fact) -> str:
        return "in a work tree" if value else "in no work tree"


class _InRepo(AtomKind):
    kind = "in_repo"
    cost = 4
    facts = (_InWorkTree(),)
    of_directory = True

    def bind(self, _number: int, _arguments: Sequence[Any]) -> Truth:
        return holds(("in_repo",))

    def words(self, _: Sequence[Any], *, wanted: bool) -> str:
        return f"in_git_repo: {'true' if wanted else 'false'}"


KIND = _InRepo()
