"""The decision cache: the same decision as without it, an entry for each set of needed facts, none for the others."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace

import pytest
from budget import examples
from hypothesis import given
from hypothesis import strategies as st
from oracle import Situation
from safeshell_compiler import compile_rules
from strategies import policies, situations

from safeshell.policy import decision_cache
from safeshell.policy.decision import Decision
from safeshell.policy.decision_cache import ARGUMENTS_MAX, Policy
from safeshell.policy.evaluator import evaluate
from safeshell.policy.facts import UNDECIDED, Fact, FactKey, GivenFacts
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable


class Counted(GivenFacts):
    """Facts that say which of them were asked for."""

    def __init__(self, situation: Situation) -> None:
        given: dict[FactKey, Fact] = {
            ("directory",): situation.directory,
            ("branch",): situation.branch,
            ("in_repo",): situation.in_repo,
            ("ai",): situation.context == "ai",
        }
        given.update({("env", name): value for name, value in situation.env.items()})
        given.update({("file", path): there for path, there in situation.files.items()})
        given.update({("place", path): place for path, place in situation.places.items()})
        super().__init__(given)
        self.asked: set[FactKey] = set()

    def read(self, key: FactKey) -> Fact:
        self.asked.add(key)
        return super().read(key)


def load(*texts: str) -> list[LoadedTable]:
    tables = []
    with tempfile.TemporaryDirectory() as directory:
        for text in texts:
            path = os.path.join(directory, "rules.yaml")
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
            compilation = compile_rules(path)
            assert compilation.table is not None, compilation.findings
            tables.append(LoadedTable(Table(compilation.table, "/")))
    return tables


def decide(policy: Policy, situation: Situation) -> Decision:
    return policy.decide(situation.name, situation.arguments, Counted(situation))


def afresh(policy: Policy, situation: Situation) -> Decision:
    return evaluate(policy.tables, situation.name, situation.arguments, Counted(situation))


def contents(decision: Decision) -> dict[str, object]:
    return {name: getattr(decision, name) for name in Decision.__slots__}


@examples(30)
@given(st.lists(policies(), min_size=1, max_size=2), st.lists(situations(), min_size=1, max_size=8), st.data())
def test_the_cache_never_changes_a_decision(texts: list[str], asked: list[Situation], data: st.DataObject) -> None:
    policy = Policy(load(*texts))
    # Neighbours of what was asked: the same command where one thing is different.
    others = [
        replace(first, directory=second.directory, branch=second.branch, files=second.files)
        for first in asked
        for second in asked
    ]
    for situation in data.draw(st.permutations([*asked, *others, *asked])):
        assert contents(decide(policy, situation)) == contents(afresh(policy, situation))
    assert policy.hits + policy.misses == 2 * len(asked) + len(others)
    assert policy.hits >= len(asked)


@examples(30)
@given(policies(), situations(), situations())
def test_an_entry_is_shared_by_exactly_what_agrees_on_the_needed_facts(
    text: str, first: Situation, other: Situation
) -> None:
    policy = Policy(load(text))
    second = replace(other, argv=first.argv)
    needed = dict(decide(policy, first).facts)
    again = Counted(second)
    agrees = all(GivenFacts.read(again, key) == value for key, value in needed.items())
    policy.decide(second.name, second.arguments, again)
    assert (policy.hits == 1) is agrees
    if agrees:
        assert again.asked <= needed.keys()


BRANCHED = """\
version: 1
rules:
  - {name: main, commands: [git], action: deny, message: m,
     conditions: [{command_contains: push}, {git_branch_in: [main]}]}
  - {name: ci, commands: [git], action: allow, message: m, timeout: 1s,
     conditions: [{command_contains: push}, {env_equals: {variable: CI, value: "1"}}]}
  - {name: gone, commands: [rm], action: deny, message: m, conditions: [{command_contains: precious}]}
"""


def test_what_needs_only_the_command_line_is_one_lookup_everywhere() -> None:
    policy = Policy(load(BRANCHED))
    for number, directory in enumerate(["/", "/a", "/b", UNDECIDED]):
        situation = Situation(("rm", "x"), directory=directory, branch=f"b{number}", env={"CI": str(number)})
        facts = Counted(situation)
        assert policy.decide(situation.name, situation.arguments, facts).action.word == "allow"
        assert facts.asked == set()
    assert (policy.hits, policy.misses) == (3, 1)


def test_another_branch_or_variable_is_another_entry_where_a_rule_asks_for_it() -> None:
    policy = Policy(load(BRANCHED))
    push = Situation(("git", "push"), branch="topic", in_repo=True)
    decided = [
        decide(policy, replace(push, branch=branch, env=env)).action.word
        for branch, env in [("topic", {}), ("main", {}), ("main", {"CI": "1"}), ("topic", {"CI": "1"}), (UNDECIDED, {})]
    ]
    assert decided == ["allow", "deny", "deny", "allow", "deny"]
    assert (policy.hits, policy.misses) == (1, 4)  # on main the variable is not asked for any more


def test_the_name_and_every_argument_are_in_the_key() -> None:
    policy = Policy(load(BRANCHED))
    for argv in [("rm", "a", "b"), ("rm", "a b"), ("rm", "ab"), ("/bin/rm", "a", "b"), ("git", "a", "b")]:
        decide(policy, Situation(argv))
    assert policy.hits == 0


def test_an_engine_failure_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    from safeshell.policy.patterns import EngineError
    from safeshell.policy.units import Unit

    def fail(*_: object) -> None:
        raise EngineError

    policy = Policy(load(BRANCHED))
    with monkeypatch.context() as patched:
        patched.setattr(Unit, "match", fail)
        failed = decide(policy, Situation(("rm", "x")))
    assert (failed.action.word, failed.rule) == ("deny", "engine-failure")
    assert decide(policy, Situation(("rm", "x"))).action.word == "allow"
    assert policy.hits == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_cache, "NODES_MAX", 50)
    policy = Policy(load(BRANCHED))
    for number in range(500):
        decide(policy, Situation(("git", "push", str(number)), branch="topic"))
    assert len(policy._roots) <= 50
    huge = Situation(("rm", "x" * (ARGUMENTS_MAX + 1)))
    before = len(policy._roots)
    assert contents(decide(policy, huge)) == contents(decide(policy, huge))
    assert len(policy._roots) == before
