"""What the lint says of a rule is true of it: held against the naive evaluator on random policies and situations."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
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
    facts: tuple[Any, ...] = (situation.directory, situation.branch, situation.in_repo, *situation.files.values())
    return all(isinstance(fact, bool | str | None) for fact in facts)


@settings(max_examples=300, deadline=None)
@given(policies(), SITUATIONS)
def test_a_rule_that_is_covered_never_decides(text: str, several: list[Situation]) -> None:
    compilation = lint(text)
    covered = {found.rule for found in compilation.findings if found.code in ("SS333", "SS334")}
    for situation in several if covered else ():
        assert decide(compilation.policy, situation)[1] not in covered


@settings(max_examples=300, deadline=None)
@given(policies(), SITUATIONS)
def test_a_rule_whose_conditions_exclude_each_other_never_matches(text: str, several: list[Situation]) -> None:
    compilation = lint(text)
    dead = {found.rule for found in compilation.findings if found.code == "SS330"}
    for situation in several if dead else ():
        for rule in compilation.policy.rules:
            assert rule.rule.name not in dead or not decided(situation) or not matches(rule, situation)
