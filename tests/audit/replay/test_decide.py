from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from audit.outcomes import outcome, table

from safeshell.audit import record
from safeshell.audit.redact import Redactor
from safeshell.audit.replay.decide import UndecidableError, decide, old_decision
from safeshell.policy.decision_cache import Policy
from safeshell.policy.facts import UNDECIDED, Fact, FactKey
from safeshell.policy.units import LoadedTable

RULES = """\
version: 1
rules:
  - name: no-push
    commands: [git]
    conditions:
      - command_matches: '^git push'
      - any: [{git_branch_in: [main]}, {env_equals: {variable: CI, value: "1"}}]
    action: deny
    message: No.
  - {name: ask-touch, commands: [touch], conditions: [{file_exists: .keep}], action: require_approval, message: Ask.}
  - {name: trash, commands: [rm], context: ai_only, action: redirect, redirect_to: trash $ARGS, message: Moved.}
  - {name: no-etc, commands: [rm, cp], conditions: [{operand_under: [/etc]}], action: deny, message: No.}
  - {name: no-work, commands: [shred], directory: /work, action: deny, message: No.}
  - {name: watch, commands: [make], conditions: [{in_git_repo: true}], action: deny, observe: true, message: Hm.}
"""

Make = Callable[[str], LoadedTable]


@pytest.fixture
def tables(tmp_path: Path) -> Make:
    def make(rules: str) -> LoadedTable:
        path = tmp_path / "rules.yaml"
        path.write_text(rules)
        path.chmod(0o600)
        return table(str(path))

    return make


def _recorded(loaded: LoadedTable, argv: list[str], given: Mapping[FactKey, Fact], **more: Any) -> dict[str, Any]:
    """A record as it is read from the log."""
    made: dict[str, Any] = json.loads(json.dumps(Redactor().redact(record.make(outcome(loaded, argv, given, **more)))))
    return made


def _reason(made: dict[str, Any], loaded: LoadedTable) -> str:
    with pytest.raises(UndecidableError) as raised:
        decide(made, Policy([loaded]))
    return raised.value.reason


WORLDS: list[Mapping[FactKey, Fact]] = [
    {("branch",): "main", ("in_repo",): True, ("file", ".keep"): True},
    {("branch",): "topic", ("env", "CI"): "1", ("in_repo",): False},
    {("branch",): UNDECIDED, ("env", "CI"): "0", ("file", ".keep"): UNDECIDED},
    {("branch",): None, ("in_repo",): UNDECIDED},
]

COMMANDS = [
    ["git", "push"],
    ["git", "status"],
    ["/usr/bin/git", "push", "\udcff"],
    ["env", "-C", "/etc", "git", "push"],
    ["nice", "env", "rm", "x"],
    ["env", "-C", "/etc", "nice", "rm", "x"],
    ["git", "-C", "sub", "-c", "alias.p=push", "p"],
    ["rm", "-rf", "../etc/x"],
    ["sudo", "rm", "/etc/x", "--", "-y"],
    ["touch", "x"],
    ["shred", "x"],
    ["make"],
    [*["nice"] * 80, "rm"],
]


@pytest.mark.parametrize("given", WORLDS)
@pytest.mark.parametrize("argv", COMMANDS, ids=lambda argv: " ".join(argv)[:30])
@pytest.mark.parametrize("is_ai", [False, True])
def test_under_the_same_table_the_same_is_decided(
    tables: Make, argv: list[str], given: Mapping[FactKey, Fact], is_ai: bool
) -> None:
    loaded = tables(RULES)
    for directory in (b"/work", b"/"):
        its = outcome(
            loaded, [word.encode("utf-8", "surrogateescape") for word in argv], given, is_ai=is_ai, directory=directory
        )
        made = json.loads(json.dumps(record.make(its)))
        again = decide(made, Policy([loaded]))
        assert its.decision is not None
        assert old_decision(made) is its.decision.action
        assert (again.action, again.rule, again.matched, again.observed, again.subject) == (
            its.decision.action,
            its.decision.rule,
            its.decision.matched,
            its.decision.observed,
            its.decision.subject,
        )


def test_another_table_decides_by_what_was_recorded(tables: Make) -> None:
    made = _recorded(tables(RULES), ["git", "push"], WORLDS[0])
    changed = tables(RULES.replace("git_branch_in: [main]", "git_branch_in: [topic]").replace("CI", "OTHER"))
    assert _reason(made, changed) == "a fact was not recorded: env OTHER"
    assert decide(made, Policy([tables(RULES.replace("action: deny", "action: require_approval"))])).action.word == (
        "require_approval"
    )


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("git_branch_in: [x]", "branch"),
        ("in_git_repo: true", "in_repo"),
        ("env_equals: {variable: A, value: b}", "env A"),
        ("file_exists: .x", "file .x"),
        ("operand_under: [/etc, '~']", "paths under /etc ~"),
    ],
)
def test_a_fact_that_was_not_read_is_named(tables: Make, condition: str, said: str) -> None:
    made = _recorded(tables("version: 1\nrules: []\n"), ["rm", "x"], {})
    new = _curl(condition).replace("curl", "rm")
    assert _reason(made, tables(new)) == f"a fact was not recorded: {said}"


def test_context_and_directory_are_always_there(tables: Make) -> None:
    made = _recorded(tables("version: 1\nrules: []\n"), ["rm", "x"], {}, is_ai=True)
    new = tables(
        "version: 1\nrules:\n"
        "  - {name: a, commands: [rm], context: ai_only, directory: /work, action: deny, message: m}\n"
    )
    assert decide(made, Policy([new])).rule == "a"
    assert decide({**made, "context": "human"}, Policy([new])).rule == ""
    assert decide({**made, "cwd": "/"}, Policy([new])).rule == ""
    del made["cwd"]
    assert decide(made, Policy([new])).rule == "a"  # an undecided directory restricts


SECRET = ["curl", "--token", "hunter2!xyzzy", "https://x"]


def _curl(condition: str) -> str:
    return (
        "version: 1\nrules:\n"
        f"  - {{name: a, commands: [curl], conditions: [{{{condition}}}], action: deny, message: m}}\n"
    )


def test_a_record_with_a_secret_is_decided_where_nothing_hangs_on_it(tables: Make) -> None:
    made = _recorded(tables("version: 1\nrules: []\n"), SECRET, {})
    assert made["redacted"] == ["option"]
    assert decide(made, Policy([tables(_curl("command_contains: 'https://x'"))])).rule == "a"
    assert decide(made, Policy([tables(_curl("command_contains: 'https://y'"))])).rule == ""


@pytest.mark.parametrize("pattern", ["redacted", r"--token \S*[0-9]", "--token h", r"ghp_\w{36}", "AKIA", "--token ''"])
def test_a_rule_that_hangs_on_the_secret_leaves_it_undecidable(tables: Make, pattern: str) -> None:
    made = _recorded(tables("version: 1\nrules: []\n"), SECRET, {})
    quoted = pattern.replace("'", "''")
    assert _reason(made, tables(_curl(f"command_matches: '{quoted}'"))) == "it hangs on what was redacted: option"


def test_a_denial_that_only_the_secret_explains_is_never_said_to_be_loosened(tables: Make) -> None:
    loaded = tables(_curl("command_contains: xyzzy"))
    made = _recorded(loaded, SECRET, {})
    assert made["decision"] == "deny"
    assert _reason(made, loaded) == "it hangs on what was redacted: option"
    other = tables(_curl("command_contains: xyzzy").replace("name: a", "name: b"))
    assert decide(made, Policy([other])).rule == ""


def test_a_variable_that_was_redacted_is_undecidable_where_it_is_asked_for(tables: Make) -> None:
    loaded = tables(_curl('env_equals: {variable: MY_TOKEN, value: "0"}'))
    made = _recorded(loaded, ["curl", "x"], {("env", "MY_TOKEN"): "hunter2"})
    assert made["facts"] == {"env": {"MY_TOKEN": "[redacted:variable]"}}
    assert _reason(made, loaded) == "a fact was redacted: env MY_TOKEN"


def test_an_operand_that_was_redacted_keeps_where_it_lies(tables: Make) -> None:
    loaded = tables(_curl("operand_under: [/etc]"))
    made = _recorded(loaded, SECRET, {})
    assert made["facts"]["under"][0]["operands"][0] == "[redacted:option]"
    assert decide(made, Policy([loaded])).rule == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"v": 2}, "the record has format 2, this version reads 1"),
        ({"kind": "line"}, "it is a shell line; the commands in it are recorded where they run"),
        ({"argv_bytes": 100_000}, "the arguments were too long to be recorded whole"),
    ],
)
def test_what_can_never_be_decided_again(tables: Make, change: dict[str, Any], said: str) -> None:
    made = _recorded(tables(RULES), ["ls"], {})
    with pytest.raises(UndecidableError) as raised:
        old_decision({**made, **change})
    assert raised.value.reason == said


def test_what_is_of_no_command_was_not_decided() -> None:
    assert old_decision({"v": 1, "kind": "refused-approval", "approval": {"id": 1}}) is None
    assert old_decision({"v": 1, "kind": "error", "argv": ["x"], "error": "no rules"}) is None


@pytest.mark.parametrize(
    ("kind", "answer", "counts"),
    [
        ("approval", "approved", False),  # the command's own record follows
        ("approval", "denied", True),
        ("approval", "expired", True),
        ("refused-approval", "approve", False),
    ],
)
def test_a_command_that_was_asked_about_counts_once(kind: str, answer: str, counts: bool) -> None:
    made = {
        "v": 1,
        "kind": kind,
        "decision": "require_approval",
        "argv": ["x"],
        "approval": {"id": 1, "answer": answer},
    }
    assert (old_decision(made) is not None) is counts
