"""Kinds of conditions, as far as deciding needs them: a module for each, with its one object, `KIND`.

The modules are found by being here, and loaded when the first of them is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any, TypeVar

from safeshell.errors import TableError
from safeshell.policy.atom import AtomKind, FactKind
from safeshell.policy.world import UNDECIDED, Fact, FactKey

_K = TypeVar("_K", AtomKind, FactKind)


class _Kinds(dict[str, _K]):
    """Kinds by name. Looking one up costs no call once they are loaded."""

    def __missing__(self, kind: str) -> _K:
        if not ATOMS:
            _load()
        if kind in self:
            return self[kind]
        raise TableError(f"this version knows no condition of the kind {kind!r}", hint="run `safeshell compile`")


ATOMS: _Kinds[AtomKind] = _Kinds()
"""By the first word of an atom's record."""

FACTS: _Kinds[FactKind] = _Kinds()
"""By the first word of a fact's key."""


def _load() -> None:
    files = [file for path in __path__ for file in os.listdir(path) if file.endswith(".py") and file[0].isalpha()]
    for file in sorted(files):
        atom: AtomKind = import_module(f"{__name__}.{file.removesuffix('.py')}").KIND
        FACTS.update({fact.kind: fact for fact in atom.facts})
        ATOMS[atom.kind] = atom


def condition(record: Sequence[Any], *, wanted: bool = True) -> str:
    """The condition that an atom stands for, as rules write it.

    Args:
        record: `[kind, argument…]` (docs/table.md).
        wanted: whether it has to be true; else it has to be false.
    """
    kind, *arguments = record
    try:
        return ATOMS[kind].words(arguments, wanted=wanted)
    except TableError:  # a later version's
        text = f"{kind}: {' '.join(map(str, arguments))}"
        return text if wanted else f"not: {{{text}}}"


def fact(key: FactKey, value: Fact) -> str:
    """A fact in words, its value quoted."""
    kind, *arguments = key
    known = FACTS[kind]
    return known.undecided(arguments) if value is UNDECIDED else known.words(arguments, value)
