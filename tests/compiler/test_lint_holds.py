"""What the lint says of a rule is true of it: held against the naive evaluator on random policies and situations."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from budget import examples
from hypothesis import given
from hypothesis import strategies as st
from oracle import Situation, decide, matches
from safeshell_compiler import Compilation, compile_rules
from strategies import policies, situations

SITUATIONS = st.lists(situations(), min_size=20, max_size=20)


def lint(text: str) -> Compilation:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return compile_rules(str(path), lint=True)


def decided(situation: Situation) -> bool:
    """Whether every fact is there to be read."""
    facts: tuple[Any, ...] = (
        situation.directory,
        situation.branch,
        situation.in_repo,
        *situation.files.values(),
        *situation.places.values(),
    )
    return all(isinstance(fact, bool | str | None) for fact in facts)


@examples(150)
@given(policies(), st.data())
def test_a_rule_that_is_called_dead_never_decides(text: str, data: st.DataObject) -> None:
    compilation = lint(text)
    covered = {found.rule for found in compilation.findings if found.code in ("SS333", "SS334")}
    dead = {found.rule for found in compilation.findings if found.code == "SS330"}
    if not covered and not dead:
        return
    for situation in data.draw(SITUATIONS):
        assert decide(compilation.policy, situation)[1] not in covered
        for rule in compilation.policy.rules:
            assert rule.rule.name not in dead or not decided(situation) or not matches(rule, situation)
