"""The condition about which agent asks, through everything: findings, decision, explanation, rule tests, log, diff."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from audit.outcomes import outcome
from safeshell_compiler import Compilation, compile_rules
from safeshell_compiler.diff import Verdict, diff
from safeshell_compiler.rule_tests.failures import describe
from safeshell_compiler.rule_tests.run import collect, run

from safeshell.audit import record
from safeshell.audit.replay.decide import UndecidableError, decide
from safeshell.command.command_line import block
from safeshell.policy.context import Context
from safeshell.policy.decision import Action
from safeshell.policy.decision_cache import Policy
from safeshell.policy.evaluator import evaluate
from safeshell.policy.explain import explain, render
from safeshell.policy.facts import Fact, FactKey, RequestFacts
from safeshell.policy.table import Table
from safeshell.policy.trace import Trace
from safeshell.policy.units import LoadedTable

CODEX = "commands: [npm], action: deny, tests: {match: [npm publish]}, conditions: [{agent_in: [codex, gemini]}]"


def compiled(directory: Path, *rules: str, lint: bool = False) -> Compilation:
    """Rules given by their keys but for name and message."""
    path = directory / "rules.yaml"
    lines = [f"  - {{name: r{number}, message: m, {rule}}}\n" for number, rule in enumerate(rules)]
    path.write_text("version: 1\nrules:\n" + "".join(lines), encoding="utf-8")
    return compile_rules(str(path), lint=lint)


def table(directory: Path, *rules: str) -> Table:
    compilation = compiled(directory, *rules)
    assert compilation.table is not None, compilation.findings
    return Table(compilation.table, "")


def facts(*environment: bytes) -> RequestFacts:
    return RequestFacts(b"\0" + block(environment), b"/", Context())


NPM = ("npm", b"npm\0publish\0")


@pytest.mark.parametrize(
    ("entry", "action"),
    [
        (b"CODEX_THREAD_ID=1", Action.DENY),
        (b"GEMINI_CLI=1", Action.DENY),
        (b"CLAUDECODE=1", Action.ALLOW),
        (b"SAFESHELL_CONTEXT=ai", Action.ALLOW),
        (b"A=1", Action.ALLOW),
    ],
)
def test_it_holds_for_the_agents_named(tmp_path: Path, entry: bytes, action: Action) -> None:
    found = evaluate([LoadedTable(table(tmp_path, CODEX))], *NPM, facts(entry))
    assert found.action is action
    assert [key for key, _ in found.facts] == [("agent",)]


def test_a_person_is_none_of_them(tmp_path: Path) -> None:
    one = LoadedTable(table(tmp_path, CODEX.replace("[{agent_in: [codex, gemini]}]", "[{not: {agent_in: [codex]}}]")))
    assert evaluate([one], *NPM, facts()).action is Action.DENY
    assert evaluate([one], *NPM, facts(b"CODEX_SANDBOX=1")).action is Action.ALLOW


def findings(directory: Path, *rules: str) -> list[tuple[str, str, str]]:
    found = compiled(directory, *rules, lint=True).findings
    return [(finding.code, finding.message, finding.hint) for finding in found]


@pytest.mark.parametrize(
    ("rule", "code", "says"),
    [
        ("conditions: [{agent_in: [me]}], tests: {match: [x]}", "SS218", "there are claude-code"),
        ("conditions: [{agent_in: [gemini, codx]}], tests: {match: [x]}", "SS218", "did you mean 'codex'?"),
        ("conditions: [{agent_in: []}], tests: {match: [x]}", "SS206", "no agent could ask"),
        ("conditions: [{agent_in: codex}], tests: {match: [x]}", "SS209", "write [codex]"),
        ("conditions: [{agent_in: [1]}], tests: {match: [x]}", "SS204", "quote it"),
        ("conditions: [{agent_in: [codex, codex]}], tests: {match: [x]}", "SS322", "codex"),
        ("conditions: [{agent_in: [codex]}, {agent_in: [gemini]}], tests: {match: [x]}", "SS329", "together"),
        ("conditions: [{not: {agent_in: [amp]}}, {agent_in: [amp]}], tests: {match: [x]}", "SS314", "never match"),
        ("context: human_only, conditions: [{agent_in: [amp]}], tests: {match: [x]}", "SS329", "human_only"),
        ("tests: {match: [{command: x, agent: codx}]}", "SS312", "did you mean 'codex'?"),
        ("tests: {match: [{command: x, agent: codex, context: human}]}", "SS312", "leave `context` out"),
        ("tests: {match: [{command: x, agent: ''}]}", "SS214", "empty"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, rule: str, code: str, says: str) -> None:
    found = findings(tmp_path, f"commands: [x], action: deny, {rule}")
    assert any(one[0] == code and says in " ".join(one) for one in found), found


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("context: ai_only", "conditions: [{agent_in: [codex]}]"),
        ("conditions: [{agent_in: [codex, amp]}]", "conditions: [{agent_in: [codex]}]"),
        ("conditions: [{not: {agent_in: [codex]}}]", "conditions: [{agent_in: [amp]}]"),
        ("conditions: [{not: {agent_in: [codex]}}]", "context: human_only"),
    ],
)
def test_a_rule_for_agents_that_another_covers_is_told(tmp_path: Path, wide: str, narrow: str) -> None:
    head = "commands: [x], action: deny, tests: {match: [{command: x, agent: codex}]}"
    assert [one[0] for one in findings(tmp_path, f"{head}, {wide}", f"{head}, {narrow}")] == ["SS334"]
    assert findings(tmp_path, f"{head}, {narrow}", f"{head}, {wide}") == []


def test_an_explanation_names_the_agent(tmp_path: Path) -> None:
    one = LoadedTable(table(tmp_path, CODEX))
    trace = Trace(facts(b"CLAUDECODE=1"))
    text = render(explain(trace, evaluate([one], *NPM, trace._facts, judge=trace), "npm"))
    assert "agent_in: [codex, gemini]" in text
    assert "agent 'claude-code'" in text


def test_a_failed_rule_test_says_which_agent_it_stated(tmp_path: Path) -> None:
    one = compiled(
        tmp_path, CODEX.replace("[npm publish]", "[{command: npm x, agent: amp}, {command: npm, agent: codex}]")
    )
    failed = [outcome for outcome in run(one, collect(one)) if outcome.failure is not None]
    told = describe(failed[0])
    assert len(failed) == 1
    assert "agent 'amp'" in told
    assert "context ai" in told


def test_a_record_holds_the_agent_and_is_decided_by_it(tmp_path: Path) -> None:
    loaded = LoadedTable(table(tmp_path, CODEX))
    made = json.loads(json.dumps(record.make(outcome(loaded, ["npm", "publish"], {("agent",): "codex"}, is_ai=True))))
    assert made["facts"] == {"agent": "codex"}
    assert decide(made, Policy([loaded])).action is Action.DENY
    made["facts"] = {"agent": None}
    assert decide(made, Policy([loaded])).action is Action.ALLOW
    del made["facts"]
    with pytest.raises(UndecidableError, match="a fact was not recorded: agent"):
        decide(made, Policy([loaded]))


def test_a_change_of_agents_is_shown_by_one(tmp_path: Path) -> None:
    old = table(tmp_path, CODEX)
    new = table(tmp_path, CODEX.replace("codex, gemini", "gemini"))
    (change,) = diff(old, new).changes
    assert change.verdict is Verdict.LOOSENED
    (witness,) = change.witnesses
    assert witness.situation.ai
    assert witness.to_json()["agent"] == "codex"
    given: dict[FactKey, Fact] = dict(witness.situation.more)
    assert given == {("agent",): "codex"}
