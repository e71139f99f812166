"""Commands that only show, against rules: those about deeds don't count, those about showing do."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from budget import examples
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from oracle import Situation, counts, decide, without_saying_so
from policy.test_any_line import NOT_OF_THE_LINE
from policy.test_argument_conditions import table
from policy.test_decision_cache import Counted, afresh, contents, load
from policy.test_decision_cache import decide as decide_cached
from policy.test_equivalence import _agrees, _compile
from strategies import showing_policies, showing_situations

from safeshell.command.command_line import block, command_line
from safeshell.policy.any_line import needed_literals
from safeshell.policy.decision import Decision
from safeshell.policy.decision_cache import Policy
from safeshell.policy.evaluator import evaluate
from safeshell.policy.explain import explain, render
from safeshell.policy.facts import UNDECIDED, Fact, GivenFacts
from safeshell.policy.trace import Trace
from safeshell.policy.units import LoadedTable


def judged(tables: list[LoadedTable], line: str, env: Mapping[str, Fact] | None = None) -> Decision:
    words = shlex.split(line)
    facts = GivenFacts({("env", name): value for name, value in (env or {}).items()})
    return evaluate(tables, words[0], block([word.encode() for word in words]), facts)


@pytest.mark.parametrize(
    ("rule", "counts_for", "not_for"),
    [
        ("commands: [git]", "git push", "git push --dry-run"),
        ("commands: [git]", "git status", "git --version"),
        ("conditions: [{command_startswith: git push}]", "git push --mirror", "git push --dry-run --mirror"),
        ("conditions: [{command_contains: precious}]", "rm precious", "rm precious --help"),
        ("commands: [rm], conditions: [{command_matches: '^rm .+'}]", "rm x", "rm --help"),
        ("commands: [git], conditions: [{option: [--mirror]}]", "git push --mirror", "git push --mirror -n"),
        ("commands: [tool]", "tool --help x", "tool --help"),
        ("commands: [git], conditions: [{not: {option: [--force]}}]", "git push", "git push -n"),
        # About showing, as it is written.
        ("commands: [git], conditions: [{option: [--dry-run]}]", "git push --dry-run --mirror", "git push -n"),
        ("commands: [git], conditions: [{option: [-n, --force]}]", "git push -n --mirror", "git push --dry-run"),
        ("conditions: [{command_matches: '^terraform (plan|apply)'}]", "terraform plan", "terraform apply -help"),
        ("commands: [terraform], conditions: [{command_contains: plan}]", "terraform plan", "terraform plan -help"),
        ("conditions: [{command_contains: --help}]", "tool --help", "tool --version"),
        ("conditions: [{command_contains: --help}]", "rm --help --help", "rm --version"),
        ("conditions: [{not: {not: {option: [--help]}}}], commands: [rm]", "rm x --help", "rm --version"),
        (
            "commands: [git], conditions: [{any: [{option: [--dry-run]}, {option: [--mirror]}]}]",
            "git push --dry-run --mirror",
            "git push -n --mirror",
        ),
        (
            "commands: [kubectl], conditions: [{option_value: {option: [--dry-run], matches: server}}]",
            "kubectl delete pod x --dry-run=server",
            "kubectl delete pod x --dry-run=client",
        ),
        # What a longer rule says as well counts, though a shorter one says it all.
        (
            "conditions: [{any: [{command_contains: push}, {all: [{command_contains: push}, {option: [-n]}]}]}]",
            "git push -n",
            "git push --dry-run",
        ),
    ],
)
@pytest.mark.parametrize("action", ["deny", "require_approval", "redirect, redirect_to: x"])
def test_l15_rules_about_deeds_and_about_showing(
    tmp_path: Path, rule: str, counts_for: str, not_for: str, action: str
) -> None:
    tables = [LoadedTable(table(tmp_path, f"{rule}, action: {action}"))]
    assert judged(tables, counts_for).rule == "r0"
    assert judged(tables, not_for).rule == ""


def test_l15_what_allows_and_what_observes(tmp_path: Path) -> None:
    rules = ["action: allow, timeout: 1s", "action: deny, observe: true"]
    tables = [LoadedTable(table(tmp_path, *[f"commands: [rm], {rule}" for rule in rules]))]
    shows, does = judged(tables, "rm --help"), judged(tables, "rm x")
    assert (shows.rule, shows.timeout_ms, shows.observed) == ("r0", 1000, ())
    assert [match.rule for match in does.observed] == ["r1"]


@pytest.mark.parametrize("name", ["POSIXLY_CORRECT", "POSIX_ME_HARDER"])
def test_l15_where_operands_end_the_options(tmp_path: Path, name: str) -> None:
    tables = [LoadedTable(table(tmp_path, "commands: [rm, find], action: deny"))]
    for env in ({name: ""}, {name: UNDECIDED}):
        assert judged(tables, "rm -rf x --help", env).rule == "r0"
        assert judged(tables, "rm -rf --help x", env).rule == ""
        assert judged(tables, "find . -delete -help", env).rule == ""
    assert (("env", name), None) in judged(tables, "rm -rf x --help").facts


def test_l15_an_explanation_says_what_shows(tmp_path: Path) -> None:
    loaded = LoadedTable(table(tmp_path, "commands: [rm], action: deny", "commands: [rm], action: allow"))
    words = block([b"rm", b"x", b"--help"])
    trace = Trace(GivenFacts({}))
    decision = evaluate([loaded], "rm", words, trace._facts, full=True, judge=trace)
    found = explain(trace, decision, "rm")
    assert [candidate.outcome for candidate in found.candidates] == ["shows", "decides"]
    assert "only shows (--help): rules about deeds don't count" in render(found)


def test_l15_an_answer_for_any_line_is_none_where_a_rule_restricts_all_but_what_shows(tmp_path: Path) -> None:
    tables = [LoadedTable(table(tmp_path, "commands: [rm], action: deny", "commands: [mv], action: allow"))]
    assert needed_literals(tables, "rm", GivenFacts({}), NOT_OF_THE_LINE) is None
    assert needed_literals(tables, "mv", GivenFacts({}), NOT_OF_THE_LINE) is not None


@pytest.mark.parametrize(
    "special",
    [
        lambda policy, situation: decide(policy, situation)[0] == "deny",
        lambda policy, situation: (
            any(counts(rule, situation) and rule.restricts for rule in policy.rules)
            and decide(policy, situation)[0] == "allow"
        ),
    ],
)
def test_what_is_special_about_showing_is_generated(special: object) -> None:
    assert callable(special)

    def is_it(drawn: tuple[str, Situation]) -> bool:
        text, situation = drawn
        return without_saying_so(situation) is not None and bool(special(_compile(rules=text).policy, situation))

    once = settings(max_examples=2000, database=None, deadline=None, phases=[Phase.generate])
    find(st.tuples(showing_policies(), showing_situations()), is_it, settings=once)


@examples(40)
@given(showing_policies(), st.lists(showing_situations(), min_size=4, max_size=8))
def test_l15_the_table_agrees_with_the_oracle(text: str, asked: list[Situation]) -> None:
    compilation = _compile(rules=text)
    for situation in asked:
        _agrees(compilation, situation)


@examples(30)
@given(showing_policies(), st.lists(showing_situations(), min_size=2, max_size=8))
def test_l15_the_cache_agrees_with_the_evaluator(text: str, asked: list[Situation]) -> None:
    policy = Policy(load(text))
    for situation in [*asked, *asked]:
        assert contents(decide_cached(policy, situation)) == contents(afresh(policy, situation))


@examples(30)
@given(showing_policies(), showing_situations(), st.lists(showing_situations(), min_size=2, max_size=6))
def test_l15_lines_without_the_literals_are_decided_alike(text: str, first: Situation, others: list[Situation]) -> None:
    tables = load(text)
    found = needed_literals(tables, first.name, Counted(first), NOT_OF_THE_LINE)
    decisions = set()
    for other in [first, *others]:
        situation = replace(first, argv=(first.argv[0], *other.argv[1:]))
        line = command_line(situation.arguments, situation.name)
        if found is not None and not any(literal in line for literal in found[0]):
            made = evaluate(tables, situation.name, situation.arguments, Counted(situation), full=True)
            decisions.add((made.action, made.matched, made.observed, made.timeout_ms, made.execution))
    assert len(decisions) <= 1
