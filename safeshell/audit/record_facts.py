"""Facts in a record, written and read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from safeshell.command.unwrap import Spelling
from safeshell.policy.atoms import FACTS
from safeshell.policy.decision import Decision
from safeshell.policy.facts import UNDECIDED, Fact, FactKey
from safeshell.text import text

UNDECIDED_JSON = {"undecided": True}
"""A fact that could not be read."""


def decoded(data: bytes) -> str:
    """Bytes as a record holds them."""
    return data.decode("utf-8", "surrogateescape")


def encoded(held: str) -> bytes:
    """The reverse of `decoded`."""
    return held.encode("utf-8", "surrogateescape")


def shares_world(spelling: Spelling, before: Spelling) -> bool:
    """Whether a spelling has the directory and the environment, and so the facts, of the one before."""
    return spelling[2:5] == before[2:5]


def write_facts(decisions: Iterable[Decision], spellings: Sequence[Spelling]) -> list[dict[str, Any]]:
    """The facts that each spelling's decision read; those of spellings in one world stand with the first of them."""
    made: list[dict[str, Any]] = []
    held: dict[str, Any] = {}
    for index, decision in enumerate(decisions):
        if not index or not shares_world(spellings[index], spellings[index - 1]):
            held = {}
        for key, value in decision.facts:
            kind, *arguments = key
            known = FACTS[kind]
            if known.recorded:
                known.record(held, arguments, UNDECIDED_JSON if value is UNDECIDED else value)
        made.append(held)
    return made


def read_facts(record: dict[str, Any], context: str | None) -> dict[FactKey, Fact]:
    """The facts that a record, or one of its spellings, holds.

    Args:
        record: it, with its `cwd` and `facts`.
        context: the whole record's.

    Raises:
        KeyError, TypeError, AttributeError, TableError: it is not of this format.
    """
    cwd = record.get("cwd")
    found: dict[FactKey, Fact] = {
        ("ai",): context == "ai",
        ("directory",): UNDECIDED if cwd is None else text(encoded(cwd)),
    }
    for kind, held in record.get("facts", {}).items():
        found.update({key: _fact(value) for key, value in FACTS[kind].recall(held)})
    return found


def _fact(value: Any) -> Fact:
    return UNDECIDED if value == UNDECIDED_JSON else value
