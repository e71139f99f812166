"""Outcomes as the daemon would hand them over, of rules and a stated world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from safeshell_compiler import compile_rules

from safeshell.audit.outcome import CommandOutcome
from safeshell.command.command_line import block
from safeshell.command.unwrap import Spelling, StatedWorld, spellings
from safeshell.policy.composition import judge_all
from safeshell.policy.evaluator import evaluate
from safeshell.policy.facts import Fact, FactKey, GivenFacts
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable
from safeshell.text import text

TS = 1_795_000_000.25


def table(path: str) -> LoadedTable:
    """A rules file compiled."""
    compilation = compile_rules(path, "user")
    assert compilation.table is not None, compilation.findings
    return LoadedTable(Table(compilation.table, ""))


def outcome(
    loaded: LoadedTable,
    argv: Sequence[str | bytes],
    given: Mapping[FactKey, Fact] | None = None,
    *,
    directory: bytes = b"/work",
    environment: bytes = b"\0",
    is_ai: bool = False,
    **more: Any,
) -> CommandOutcome:
    """A command decided in a world where `given` holds."""
    words = [word.encode() if isinstance(word, str) else word for word in argv]
    name = text(words[0][words[0].rfind(b"/") + 1 :])
    found = spellings(name, block(words), environment, directory, StatedWorld())

    def facts(spelling: Spelling) -> GivenFacts:
        place = text(spelling.directory or b"/")
        return GivenFacts({**(given or {}), ("directory",): place, ("ai",): is_ai})

    judged = judge_all(found, facts, lambda spelling, its: evaluate([loaded], spelling.name, spelling.arguments, its))
    values: dict[str, Any] = {
        "ts": TS,
        "kind": "command",
        "spellings": tuple(found),
        "decisions": judged.decisions,
        "decision": judged.decision,
        "is_ai": is_ai,
        "directory": directory,
        "uid": 1000,
        "pid": 4321,
        **more,
    }
    return CommandOutcome(**values)
