"""Branch among those named: `git_branch_in`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from safeshell.policy.atom import AtomKind, Truth, is_one


class _BranchIn(AtomKind):
    kind = "branch_in"
    cost = 5
    of_directory = True

    def bind(self, _: int, arguments: Sequence[Any]) -> Truth:
        return is_one(("branch",), arguments[0])

    def plain(self, arguments: Sequence[Any]) -> str:
        return f"git_branch_in: [{', '.join(arguments[0])}]"


KIND = _BranchIn()
