"""The rules' own tests: what situation each states, how its command is split, and what passing means."""

from __future__ import annotations

import json

import pytest
from rulecases import Compile
from safeshell_compiler.rule_tests.run import Outcome, collect, run

from safeshell.policy.patterns import EngineError, PatternSet

HEAD = "version: 1\nrules:\n"


def rule(tests: str, more: str = "") -> str:
    return f"{HEAD}  - {{name: a, action: deny, message: m, {more}tests: {tests}}}\n"


def run_all(compile_text: Compile, text: str, **others: str) -> list[Outcome]:
    compilation = compile_text(text, **others)
    assert compilation.table is not None, compilation.findings
    return list(run(compilation, collect(compilation)))


def outcomes(compile_text: Compile, text: str, **others: str) -> list[bool]:
    """Whether each test of a rules file passed."""
    return [outcome.failure is None for outcome in run_all(compile_text, text, **others)]


def reason(compile_text: Compile, text: str) -> str:
    (outcome,) = run_all(compile_text, text)
    assert outcome.failure is not None
    return outcome.failure.reason


def test_a_test_judges_its_rule_alone(compile_text: Compile) -> None:
    text = (
        HEAD + "  - {name: a, action: deny, message: m, tests: {match: [x]}}\n"
        "  - {name: b, action: allow, message: m, tests: {match: [x], no_match: [x]}}\n"
        "  - {name: c, action: deny, observe: true, message: m, tests: {match: [x]}}\n"
    )
    assert outcomes(compile_text, text) == [True, True, False, True]


def test_overrides_count(compile_text: Compile) -> None:
    team = rule("{match: [x, {command: x, cwd: /tmp}]}")
    text = "version: 1\ninclude: [./team.yaml]\noverrides: [{name: a, unless: [{path_matches: ^/tmp}]}]\n"
    assert outcomes(compile_text, text, team=team) == [True, False]


@pytest.mark.parametrize(
    ("more", "holds"),
    [
        ("directory: /$, ", True),
        ("conditions: [{in_git_repo: true}], ", False),
        ("conditions: [{env_equals: {variable: HOME, value: ''}}], ", False),
        ("conditions: [{file_exists: /}], ", False),
        ("context: human_only, ", True),
        ("context: ai_only, ", True),
    ],
)
def test_what_a_test_does_not_give_has_the_contracts_defaults(compile_text: Compile, more: str, holds: bool) -> None:
    assert outcomes(compile_text, rule("{match: [x]}", more)) == [holds]


@pytest.mark.parametrize(
    ("more", "case"),
    [
        ("conditions: [{in_git_repo: true}], ", "branch: b"),
        ("conditions: [{git_branch_matches: ^b$}], ", "branch: b"),
        ("directory: /w/x, ", "cwd: /w/x"),
        ("conditions: [{env_equals: {variable: A, value: ''}}], ", "env: {A: ''}"),
        ("conditions: [{file_exists: a/b}], ", "files: [a/b]"),
        ("conditions: [{file_exists: a}], ", "files: [a/b]"),
        ("conditions: [{file_exists: /w/a}], ", "files: [a], cwd: /w"),
        ("conditions: [{file_exists: ../a}], ", "files: [/a], cwd: /w"),
        ("conditions: [{file_exists: a}], ", "files: [/w/a], cwd: //w"),
        ("context: ai_only, ", "context: ai"),
    ],
)
def test_what_a_test_gives_is_what_the_rule_sees(compile_text: Compile, more: str, case: str) -> None:
    assert outcomes(compile_text, rule(f"{{match: [{{command: x, {case}}}]}}", more)) == [True]


def test_a_context_that_is_given_counts(compile_text: Compile) -> None:
    assert outcomes(compile_text, rule("{match: [{command: x, context: human}]}", "context: ai_only, ")) == [False]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("x ~/a ~", "x @/a @"),
        ("x '~/a' \"~\" \\~ a~ ~ann", "x '~/a' '~' '~' 'a~' '~ann'"),
        ('x $HOME "a b" *', "x '$HOME' 'a b' '*'"),
        ('x "\\$A \\x"', "x '$A \\x'"),
        ("/usr/bin/x a", "x a"),
        ("x a \\\n  b", "x a b"),
        ("x ''", "x ''"),
    ],
)
def test_a_command_is_split_as_a_shell_would(
    compile_text: Compile, monkeypatch: pytest.MonkeyPatch, command: str, line: str
) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    subject = line.replace("@", "/home/ann")
    text = rule(
        "{match: [" + json.dumps(command) + "]}", f"conditions: [{{command_startswith: {json.dumps(subject)}}}], "
    )
    assert outcomes(compile_text, text) == [True]


def test_a_command_that_is_not_among_the_rules_is_said_to_be(compile_text: Compile) -> None:
    assert "'x' is not among its commands" in reason(compile_text, rule("{match: [/bin/x y]}", "commands: [z], "))


def test_an_automaton_that_fails_fails_every_test(monkeypatch: pytest.MonkeyPatch, compile_text: Compile) -> None:
    text = rule("{match: [y], no_match: [x]}", "conditions: [{command_contains: y}], ")
    compilation = compile_text(text)
    assert [outcome.failure for outcome in run(compilation, collect(compilation))] == [None, None]

    def fail(_set: PatternSet, text: str | bytes) -> list[int]:
        if text:  # a set tries itself on nothing when it is made
            raise EngineError
        return []

    monkeypatch.setattr(PatternSet, "match", fail)
    found = list(run(compilation, collect(compilation)))
    assert [outcome.failure is not None and "out of memory" in outcome.failure.reason for outcome in found] == [
        True
    ] * 2


def test_a_failure_tells_its_own_rule_s_facts_only(compile_text: Compile) -> None:
    text = rule("{match: [x]}", "conditions: [{git_branch_in: [b]}], ") + (
        "  - {name: other, action: allow, message: m, conditions: [{file_exists: y}]}\n"
    )
    (outcome,) = run_all(compile_text, text)
    assert outcome.failure is not None
    assert outcome.failure.explanation.facts == ("no branch",)
    assert [row.rule for row in outcome.failure.explanation.candidates] == ["a"]


def test_of_a_rule_that_should_not_match_only_the_rows_that_do_are_telling(compile_text: Compile) -> None:
    text = rule(
        "{match: [x y], no_match: [x]}", "conditions: [{any: [{command_contains: y}, {command_contains: x}]}], "
    )
    failure = run_all(compile_text, text)[1].failure
    assert failure is not None
    assert len(failure.explanation.candidates) == 2
    assert [row.conditions[0].condition for row in failure.telling] == ["command_contains: x"]


def test_a_test_is_judged_as_what_it_runs(compile_text: Compile) -> None:
    text = (
        HEAD
        + """\
  - name: no-rm
    commands: [rm]
    conditions: [{path_matches: ^/srv}, {env_equals: {variable: A, value: '1'}}, {file_exists: mark}]
    action: deny
    message: m
    tests:
      match:
        - {command: env -C /srv/x A=1 rm, files: [/srv/x/mark]}
        - {command: sudo -n env -C sub rm, cwd: /srv, env: {A: '1'}, files: [sub/mark]}
        - {command: sudo -i rm, env: {A: '1'}, files: [/srv/mark]}
      no_match:
        - {command: env -C /tmp A=1 rm, cwd: /srv, files: [/tmp/mark]}
        - {command: env -u A rm, cwd: /srv, env: {A: '1'}, files: [/srv/mark]}
        - {command: command -v rm, cwd: /srv, env: {A: '1'}, files: [/srv/mark]}
        - {command: env -C /srv A=1 nice rm x, files: [/srv/mark]}
"""
    )
    failed = [outcome for outcome in run_all(compile_text, text) if outcome.failure]
    assert [outcome.test.name for outcome in failed] == ["no_match[4]"]
    assert failed[0].failure is not None
    assert failed[0].failure.explanation.subject == "rm x"
    assert failed[0].failure.telling
