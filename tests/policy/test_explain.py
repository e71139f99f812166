"""An explanation says what the evaluation did: its figures come from it, and its words are the rules'."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from budget import examples
from harness import safeshell
from hypothesis import given
from hypothesis import strategies as st
from oracle import Situation
from policy.test_equivalence import _facts
from safeshell_compiler import compile_rules
from strategies import policies, situations

from safeshell.command.command_line import block
from safeshell.home.paths import Home
from safeshell.policy.atoms import condition
from safeshell.policy.decision import Decision
from safeshell.policy.evaluator import evaluate
from safeshell.policy.explain import CLOSED_SHOWN, Candidate, Explanation, cache_key, explain, render
from safeshell.policy.facts import UNDECIDED, Fact, FactKey, GivenFacts
from safeshell.policy.patterns import EngineError, PatternSet, quote
from safeshell.policy.table import Table
from safeshell.policy.trace import Trace
from safeshell.policy.units import LoadedTable

RULES = """\
version: 1
rules:
  - name: no-force-push
    commands: [git]
    directory: /work
    conditions:
      - command_matches: '^git push\\b.*\\s--force'
      - any: [{git_branch_in: [main, master]}, {git_branch_matches: ^release/}]
      - not: {command_contains: --force-with-lease}
    action: deny
    message: No.
  - name: ask-in-ci
    commands: ['g*']
    context: human_only
    conditions: [{env_equals: {variable: CI, value: "1"}}, {file_exists: .ask}]
    action: require_approval
    message: Ask.
  - name: no-clean
    commands: [git]
    conditions: [{command_startswith: git clean}]
    action: deny
    message: No.
  - name: watch
    action: deny
    observe: true
    conditions: [{in_git_repo: true}]
    message: Watched.
  - name: fine
    commands: [git]
    action: allow
    message: Fine.
"""


def load(text: str) -> LoadedTable:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        table = compile_rules(str(path)).table
    assert table is not None
    return LoadedTable(Table(table, ""))


def ask(table: LoadedTable, *argv: str, **stated: Fact) -> tuple[Explanation, Decision, Trace]:
    given: dict[FactKey, Fact] = {("directory",): "/work", ("branch",): "main", ("in_repo",): True, ("ai",): False}
    given |= {(name,): value for name, value in stated.items()}
    facts = GivenFacts(given)
    trace = Trace(facts)
    decision = evaluate([table], argv[0], block([word.encode() for word in argv]), facts, full=True, judge=trace)
    return explain(trace, decision, argv[0]), decision, trace


def rows_of(explanation: Explanation, rule: str) -> list[Candidate]:
    return [candidate for candidate in explanation.candidates if candidate.rule == rule]


def told(candidate: Candidate) -> dict[str, tuple[str, str]]:
    return {found.condition: (found.holds, found.fact) for found in candidate.conditions}


@pytest.fixture(scope="module")
def table() -> LoadedTable:
    return load(RULES)


def test_the_winner_shows_each_condition_with_its_fact(table: LoadedTable) -> None:
    explanation, decision, _ = ask(table, "git", "push", "--force")
    assert decision.rule == "no-force-push"
    winner, other = rows_of(explanation, "no-force-push")
    assert (winner.outcome, winner.why) == ("decides", "first of 2 rules that matched")
    assert winner.source == decision.source
    assert told(winner) == {
        r"command_matches: ^git push\b.*\s--force": ("yes", "command line"),
        "not: {command_contains: --force-with-lease}": ("yes", "command line"),
        "directory: /work": ("yes", "directory '/work'"),
        "git_branch_in: [main, master]": ("yes", "branch 'main'"),
    }
    assert (other.outcome, other.why) == ("not looked at", "its rule had matched already")
    assert told(other)["git_branch_matches: ^release/"] == ("not looked at", "")


def test_the_losers_say_why(table: LoadedTable) -> None:
    explanation, _, _ = ask(table, "git", "push", "--force")
    (ci,), (clean,), (watch,), (fine,) = (
        rows_of(explanation, rule) for rule in ("ask-in-ci", "no-clean", "watch", "fine")
    )
    assert (ci.outcome, ci.why) == ("lost", "fails: env_equals: {variable: CI, value: '1'}")
    assert told(ci) == {
        "context: human_only": ("yes", "context human"),
        "env_equals: {variable: CI, value: '1'}": ("no", "CI not set"),
        "file_exists: .ask": ("not looked at", ""),
    }
    assert (clean.outcome, clean.why) == ("closed", "fails: command_startswith: git clean")
    assert (watch.outcome, watch.why) == ("observed", "it only observes")
    assert (fine.outcome, fine.why) == ("matched", "no-force-push is more restrictive")
    assert fine.conditions == ()


def test_dispatch_counts_the_rows_of_each_key(table: LoadedTable) -> None:
    explanation, _, _ = ask(table, "git", "push", "--force")
    digest = table.table.digest
    assert [(unit.by, unit.key, unit.rows, unit.open) for unit in explanation.dispatch] == [
        ("glob", "g*", 1, 1),
        ("exact", "git", 4, 3),
        ("any", "", 1, 1),
    ]
    assert {unit.table for unit in explanation.dispatch} == {digest}


def test_facts_stand_in_the_order_in_which_they_were_read(table: LoadedTable) -> None:
    explanation, decision, trace = ask(table, "git", "push", "--force", in_repo=UNDECIDED)
    assert tuple(trace.reads.items()) == decision.facts
    assert explanation.facts == (
        "in_repo undecided",
        "directory '/work'",
        "branch 'main'",
        "context human",
        "CI not set",
    )


def test_an_undecided_fact_is_told_from_a_false_one(table: LoadedTable) -> None:
    explanation, decision, _ = ask(table, "git", "push", "--force", branch=UNDECIDED)
    winner = rows_of(explanation, "no-force-push")[0]
    assert decision.rule == "no-force-push"
    assert told(winner)["git_branch_in: [main, master]"] == ("undecided", "branch undecided")
    assert "undecided" in winner.why
    allow = load(
        "version: 1\nrules: [{name: a, action: allow, message: m, conditions: [{git_branch_in: [x]}]},"
        " {name: b, action: allow, message: m}]\n"
    )
    explanation, _, _ = ask(allow, "x", branch=UNDECIDED)
    assert [(row.rule, row.outcome, row.why) for row in explanation.candidates] == [
        ("a", "lost", "undecided, and an allow has to be certain"),
        ("b", "decides", "the only rule that matched"),
    ]


def test_rows_after_a_certain_deny_are_not_looked_at(table: LoadedTable) -> None:
    facts = GivenFacts({("directory",): "/work", ("branch",): "main"})
    trace = Trace(facts)
    decision = evaluate([table], "git", block([b"git", b"push", b"--force"]), facts, judge=trace)
    (fine,) = rows_of(explain(trace, decision, "git"), "fine")
    assert (fine.outcome, fine.why) == ("not looked at", "a deny was certain")


def test_one_rule_can_be_asked_for_alone(table: LoadedTable) -> None:
    _, decision, trace = ask(table, "git", "push", "--force")
    (ci,) = rows_of(explain(trace, decision, "git"), "ask-in-ci")
    alone = explain(trace, decision, "git", only=(ci.rule, ci.source))
    assert alone.candidates == (ci,)
    assert alone.facts == ("context human", "CI not set")


def test_an_automaton_that_fails_is_said_to(monkeypatch: pytest.MonkeyPatch, table: LoadedTable) -> None:
    real = PatternSet.match

    def match(self: PatternSet, text: str | bytes) -> list[int]:
        if text == "/work":
            raise EngineError
        return real(self, text)

    monkeypatch.setattr(PatternSet, "match", match)
    explanation, decision, _ = ask(table, "git", "push", "--force")
    assert decision.rule == "engine-failure"
    assert {row.why for row in explanation.candidates if row.outcome == "not looked at"} == {
        "an automaton failed first"
    }
    assert cache_key(decision, "git", b"git\0") is None


def test_the_cache_key_is_the_command_and_what_it_needed(table: LoadedTable) -> None:
    facts = GivenFacts({("directory",): "/work", ("branch",): "main", ("in_repo",): False})
    arguments = block([b"git", b"push", b"--force"])
    decision = evaluate([table], "git", arguments, facts)
    assert cache_key(decision, "git", arguments) == {
        "name": "git",
        "arguments": ["git", "push", "--force"],
        "facts": ["in no work tree", "directory '/work'", "branch 'main'"],
    }
    assert cache_key(decision, "git", b"x" * 5000) is None


def test_the_text_lists_few_of_the_rows_that_the_command_line_closes() -> None:
    count = CLOSED_SHOWN + 5
    rules = "".join(
        f"- {{name: r{number}, action: deny, message: m, conditions: [{{command_contains: w{number}!}}]}}\n"
        for number in range(count)
    )
    explanation, _, _ = ask(load("version: 1\nrules:\n" + rules), "x")
    assert len(explanation.candidates) == count
    text = render(explanation)
    assert text.count("closed  deny") == CLOSED_SHOWN
    assert "… and 5 more" in text


def test_the_text_drives_no_terminal(table: LoadedTable) -> None:
    explanation, _, _ = ask(table, "git", "push", "--force", "\x1b[31m", branch="\x1b]0;x\x07")
    text = render(explanation)
    assert all(line.isprintable() for line in text.splitlines())
    assert r"\x1b[31m" in text


@pytest.mark.parametrize(
    ("atom", "wanted", "text"),
    [
        (["line", quote("a b--é")], True, "command_contains: a b--é"),
        (["line", "^" + quote("git push")], True, "command_startswith: git push"),
        (["line", "git|hg"], False, "not: {command_matches: git|hg}"),
        (["line", "^"], True, "command_matches: ^"),
        (["directory", "^(?:/a)"], True, "directory: /a"),
        (["directory", "^/a"], True, "path_matches: ^/a"),
        (["branch", "^r"], True, "git_branch_matches: ^r"),
        (["in_repo"], False, "in_git_repo: false"),
        (["ai"], True, "context: ai_only"),
        (["file", "x"], False, "not: {file_exists: x}"),
        (["later", "x", 1], True, "later: x 1"),
    ],
)
def test_an_atom_is_shown_as_its_condition(atom: list[str], wanted: bool, text: str) -> None:
    assert condition(atom, wanted=wanted) == text


@pytest.mark.rules(RULES)
def test_check_prints_the_explanation_under_the_decision(home: Home) -> None:
    done = safeshell(home, "check", "--explain", "--branch", "main", "--", "git", "clean")
    assert done.returncode == 3
    assert done.stdout.startswith("deny  git clean\n  rule no-clean")
    for line in (
        "subject    git clean",
        "           exact git: 2 of 4 rows left open by the command line",
        "cache key  git ['git', 'clean'], in a work tree",  # the rest was read only to list every match
        "facts      in a work tree, context human, CI not set",
        "    yes  command_startswith: git clean  command line",
    ):
        assert line in done.stdout.splitlines()


@pytest.mark.rules(RULES)
def test_check_explains_in_json(home: Home) -> None:
    asked = ("check", "--json", "--branch", "main", "--", "git", "clean")
    plain = json.loads(safeshell(home, *asked).stdout)
    explained = json.loads(safeshell(home, asked[0], "--explain", *asked[1:]).stdout)
    explain = explained.pop("explain")
    assert (explained.pop("placement"), explained.pop("reason")) == (None, "denied, nothing runs")
    assert explained == plain
    assert explain["cache_key"] == {"name": "git", "arguments": ["git", "clean"], "facts": ["in a work tree"]}
    (deciding,) = [row for row in explain["candidates"] if row["outcome"] == "decides"]
    assert (deciding["rule"], deciding["source"]) == (plain["rule"], plain["source"])


@examples(60)
@given(policies(), st.lists(situations(), min_size=1, max_size=3))
def test_an_explanation_agrees_with_its_decision(text: str, asked: list[Situation]) -> None:
    table = load(text)
    for situation in asked:
        trace = Trace(_facts(situation))
        decision = evaluate([table], situation.name, situation.arguments, _facts(situation), full=True, judge=trace)
        untraced = evaluate([table], situation.name, situation.arguments, _facts(situation), full=True)
        assert decision.to_json(cached=False) == untraced.to_json(cached=False)
        explanation = explain(trace, decision, situation.name)
        assert len(explanation.facts) == len(decision.facts)
        assert sum(unit.rows for unit in explanation.dispatch) == len(explanation.candidates)
        opened = [row for row in explanation.candidates if row.outcome != "closed"]
        assert sum(unit.open for unit in explanation.dispatch) == len(opened)
        deciding = [(row.rule, row.source) for row in explanation.candidates if row.outcome == "decides"]
        assert deciding == ([(decision.rule, decision.source)] if decision.rule else [])
        matched = {row.rule for row in explanation.candidates if row.outcome in ("decides", "matched")}
        assert matched == {match.rule for match in decision.matched}
        for row in explanation.candidates:
            _assert_coherent(row)


def _assert_coherent(row: Candidate) -> None:
    truths = [found.holds for found in row.conditions]
    if row.outcome in ("decides", "matched", "observed"):
        assert set(truths) <= {"yes", "undecided"}
        assert row.action != "allow" or "undecided" not in truths
    elif row.outcome == "closed":
        assert "no" in truths
    elif row.outcome == "lost":
        assert "no" in truths or (row.action == "allow" and "undecided" in truths)
