"""The two halves of the kinds of conditions fit each other."""

from __future__ import annotations

from typing import Any

import pytest
from safeshell_compiler.atoms import BY_CONDITION, KINDS
from safeshell_compiler.reading.rule_model import CONDITION_KINDS

from safeshell.errors import TableError
from safeshell.policy.atoms import ATOMS, FACTS


def test_each_kind_has_both_halves() -> None:
    assert ATOMS["line"].kind == "line"  # what is asked for first loads them all
    assert set(ATOMS) == set(KINDS)
    assert {kind.kind for kind in ATOMS.values()} == {kind.kind for kind in KINDS.values()} == set(KINDS)
    assert {fact.kind for fact in FACTS.values()} == set(FACTS)


@pytest.mark.parametrize("attribute", ["order", "turning"])
def test_an_order_has_no_ties(attribute: str) -> None:
    places: list[Any] = [getattr(kind, attribute) for kind in KINDS.values()]
    assert len(set(places)) == len(places)


def test_the_conditions_are_listed_by_kind_and_the_connectives_last() -> None:
    assert (*BY_CONDITION, "all", "any", "not") == CONDITION_KINDS


def test_what_no_version_knows_is_a_damaged_or_later_table() -> None:
    with pytest.raises(TableError, match="knows no condition of the kind 'nothing'"):
        ATOMS["nothing"]
