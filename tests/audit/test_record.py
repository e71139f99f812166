from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from audit.outcomes import TS, outcome, table

from safeshell.audit import record, record_facts
from safeshell.audit.outcome import CommandOutcome, worth
from safeshell.command.command_line import block
from safeshell.policy.facts import UNDECIDED, Fact, FactKey
from safeshell.policy.units import LoadedTable
from safeshell.protocol import Command, Type

RULES = """\
version: 1
rules:
  - name: no-push
    commands: [git]
    conditions:
      - command_matches: '^git push'
      - git_branch_in: [main]
      - not: {env_equals: {variable: CI, value: "1"}}
      - not: {file_exists: .allow}
    action: deny
    message: No.
  - {name: watch, commands: [make], action: deny, observe: true, message: Hm.}
  - {name: no-escape, commands: [rm], conditions: [{operand_under: [/etc]}], action: deny, message: No.}
"""


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedTable:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    path.chmod(0o600)
    return table(str(path))


def test_a_denial_with_all_that_it_was_decided_by(loaded: LoadedTable) -> None:
    given: dict[FactKey, Fact] = {("branch",): "main", ("env", "CI"): None, ("file", ".allow"): UNDECIDED}
    made = record.make(
        outcome(loaded, ["/usr/bin/git", "push", b"\xff"], given, is_ai=True, placement="in_place", reason="terminal")
    )
    assert made == {
        "ts": "2026-11-18T11:06:40.250000Z",
        "v": 1,
        "decision": "deny",
        "rule": "no-push",
        "source": made["source"],
        "message": "No.",
        "argv": ["/usr/bin/git", "push", "\udcff"],
        "cwd": "/work",
        "facts": {"branch": "main", "env": {"CI": None}, "file": {".allow": {"undecided": True}}},
        "context": "ai",
        "table": loaded.digest,
        "uid": 1000,
        "pid": 4321,
        "placement": "in_place",
        "reason": "terminal",
    }
    assert json.loads(json.dumps(made)) == made


def test_the_facts_come_out_as_they_went_in(loaded: LoadedTable) -> None:
    given: dict[FactKey, Fact] = {("branch",): "main", ("env", "CI"): None, ("file", ".allow"): UNDECIDED}
    its = outcome(loaded, ["git", "push"], given)
    made = json.loads(json.dumps(record.make(its)))
    assert its.decision is not None
    read = record_facts.read_facts(made, made["context"])
    assert read == {**dict(its.decision.facts), ("ai",): False, ("directory",): "/work"}
    under = outcome(loaded, ["rm", "/etc/x"])
    assert under.decision is not None
    made = json.loads(json.dumps(record.make(under)))
    assert set(under.decision.facts) <= set(record_facts.read_facts(made, "human").items())
    assert dict(under.decision.facts)[("under", "/etc", "", "/etc/x")] is True


def test_every_spelling_with_the_world_it_would_have(loaded: LoadedTable) -> None:
    given: dict[FactKey, Fact] = {("branch",): "main", ("env", "CI"): "2", ("file", ".allow"): False}
    made = record.make(outcome(loaded, ["nice", "env", "-C", "/else", "A=1", "git", "-C", "in", "push"], given))
    assert made["argv"][0] == "nice"
    assert "facts" not in made
    assert made["spellings"] == [
        {"argv": ["env", "-C", "/else", "A=1", "git", "-C", "in", "push"]},
        {"argv": ["git", "-C", "in", "push"], "own": True, "cwd": "/else"},
        {
            "argv": ["git", "push"],
            "own": True,
            "cwd": "/else/in",
            "facts": {"branch": "main", "env": {"CI": "2"}, "file": {".allow": False}},
        },
    ]


def test_spellings_of_one_world_have_their_facts_with_its_first(loaded: LoadedTable) -> None:
    given: dict[FactKey, Fact] = {("branch",): "main", ("env", "CI"): None}
    made = record.make(outcome(loaded, ["nice", "git", "push"], given))
    assert made["facts"] == {"branch": "main", "env": {"CI": None}, "file": {".allow": False}}
    assert made["spellings"] == [{"argv": ["git", "push"]}]


def test_a_name_is_said_where_it_is_another_than_the_first_argument_has(loaded: LoadedTable) -> None:
    its = outcome(loaded, ["-git", "status"])
    assert "name" not in record.make(its)
    renamed = its._replace(spellings=(its.spellings[0]._replace(name="git"),))
    assert record.make(renamed)["name"] == "git"


def test_nested_too_deep_is_said(loaded: LoadedTable) -> None:
    made = record.make(outcome(loaded, [*["nice"] * 80, "git", "push"]))
    assert made["cut"] is True
    assert made["rule"] == "nested-too-deep"


@pytest.mark.parametrize(
    ("status", "said"), [(0, 0), (3 << 8, 3), (signal.SIGTERM, "SIGTERM"), (signal.SIGRTMIN + 2, "SIG36")]
)
def test_how_it_ended(loaded: LoadedTable, status: int, said: int | str) -> None:
    made = record.make(outcome(loaded, ["ls"], wait_status=status, duration_s=1.23456789))
    assert (made["exit"], made["duration_ms"]) == (said, 1234.568)


def test_very_long_arguments_are_cut_and_that_is_said(loaded: LoadedTable) -> None:
    argv = ["echo", *["x" * 1000] * 100]
    made = record.make(outcome(loaded, argv))
    assert made["argv_bytes"] == 5 + 1001 * 100
    assert len(json.dumps(made)) < 80_000
    assert made["argv"][:64] == argv[:64]


def test_observed_rules(loaded: LoadedTable) -> None:
    its = outcome(loaded, ["make"])
    assert [(one["rule"], one["action"]) for one in record.make(its)["observed"]] == [("watch", "deny")]
    assert worth(its, False)


def test_an_error_without_a_decision() -> None:
    command = Command(Type.EXECUTE, 0, b"/x/shims/git", block([b"git", b"push"]), b"\0", 0, 0)
    made = record.make(CommandOutcome(TS, "error", command, uid=1000, pid=7, error="no rules are in force"))
    assert made == {
        "ts": "2026-11-18T11:06:40.250000Z",
        "v": 1,
        "kind": "error",
        "argv": ["git", "push"],
        "context": "human",
        "uid": 1000,
        "pid": 7,
        "error": "no rules are in force",
    }


def test_a_line_is_the_one_argument() -> None:
    command = Command(Type.EVALUATE_LINE, 0, b"sh", block([b"cd x && ls"]), b"\0", 0, 0)
    made = record.make(CommandOutcome(TS, "line", command, directory=b"/work"))
    assert (made["argv"], made["cwd"], "name" in made) == (["cd x && ls"], "/work", False)


def test_an_approval() -> None:
    approval = {"id": 3, "answer": "deny", "words": "not today", "by": "pts/3"}
    made = record.make(CommandOutcome(TS, "approval", approval=approval))
    assert (made["kind"], made["approval"]) == ("approval", approval)


@pytest.mark.parametrize(
    ("argv", "more", "expected"),
    [
        (["ls"], {}, False),
        (["rm", "/etc/x"], {}, True),
        (["ls"], {"kind": "line"}, False),
        (["rm", "/etc/x"], {"kind": "line"}, True),
        (["ls"], {"error": "x"}, True),
        (["ls"], {"approval": {"id": 1}}, True),
        (["ls"], {"kind": "refused-approval"}, True),
        (["ls"], {"kind": "error", "decision": None}, True),
    ],
)
def test_what_is_worth_a_record(loaded: LoadedTable, argv: list[str], more: dict[str, Any], expected: bool) -> None:
    its = outcome(loaded, argv, **more)
    assert worth(its, False) is expected
    assert worth(its, True) is True
