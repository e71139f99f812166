"""Kept answers: what was decided of a command by its text alone is decided so in the next line, too.

What hangs on facts (variables, files, branches) is never kept: those may be others then. Only whether an agent asks,
which most rules look at, stands in the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from safeshell.policy.facts import FactKey
from safeshell.policy.units import LoadedTable
from safeshell.shell.caller import AI

V = TypeVar("V")

KEPT_MAX = 2048
"""Answers that are kept of a kind."""

TEXT_MAX = 400
"""Characters, or bytes, of a command up to which an answer about it is kept: lines choose their commands."""


class Kept(Generic[V]):
    """Answers by what was asked; the oldest makes place for the newest."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], V] = {}

    def get(self, key: tuple[object, ...]) -> V | None:
        """An answer, where it is kept."""
        return self._known.get(key)

    def keep(self, key: tuple[object, ...], answer: V) -> None:
        """Keeps an answer; the key holds all that it hangs on."""
        if len(self._known) >= KEPT_MAX:
            del self._known[next(iter(self._known))]
        self._known[key] = answer


def hangs_on_facts(reads: Iterable[FactKey]) -> bool:
    """Whether a decision that read these facts hangs on more than what is known of the request itself."""
    return any(key != AI for key in reads)


def mark_of(tables: Sequence[LoadedTable]) -> tuple[tuple[str, str], ...]:
    """What stands for tables in a key."""
    return tuple([loaded.mark for loaded in tables])
