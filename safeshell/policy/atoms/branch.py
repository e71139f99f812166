"""Pattern found in the branch: `git_branch_matches`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from safeshell.policy.atom import AtomKind, FactKind, Truth, search
from safeshell.policy.world import RequestWorld


class _Branch(FactKind):
    kind = "branch"
    read = staticmethod(RequestWorld.branch)


class _OnBranch(AtomKind):
    kind = "branch"
    cost = 5
    facts = (_Branch(),)
    of_directory = True

    def bind(self, number: int, _: Sequence[Any]) -> Truth:
        return search(number, ("branch",))

    def plain(self, arguments: Sequence[Any]) -> str:
        return f"git_branch_matches: {arguments[0]}"


KIND = _OnBranch()
