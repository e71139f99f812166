"""Agents' own prompts and approved lines for real: hook, daemon and shims, below an agent's process."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from e2e.agent_stand_in import StandIn
from e2e.test_hooks import PIN, command, person, records, waiting
from harness import MARKER, Daemon, enroll, environment, write

from safeshell.client import approvals
from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - {name: ask, commands: [touch], conditions: [{command_contains: secret}], action: require_approval, message: Ask.}
  - {name: outside, commands: [touch], conditions: [{command_contains: deep}], action: require_approval,
     approval: outside, message: Ask outside.}
  - {name: never, commands: [touch], conditions: [{env_equals: {variable: NEVER, value: "1"}}], action: deny,
     message: Never.}
"""
QUESTION = "requires approval: Ask."

pytestmark = [pytest.mark.rules(RULES), pytest.mark.usefixtures("shims")]

Starting = Callable[..., StandIn]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Where agents run."""
    return Path(os.path.realpath(tmp_path))


@pytest.fixture
def starting(daemon: Daemon, work: Path) -> Iterator[Starting]:
    """Starts agents, behind the home's shims."""
    with ExitStack() as stack:

        def start(**variables: str) -> StandIn:
            agent = StandIn(command(), {**environment(daemon.home), **variables}, str(work))
            stack.callback(agent.close)
            return agent

        yield start


@pytest.fixture
def agent(starting: Starting) -> StandIn:
    """One that a person has started."""
    return starting()


def answered(home: Home) -> list[tuple[Any, ...]]:
    """Of the log's records about approvals: what was asked about, and what came of it, as the log says it."""
    lines = [json.loads(line) for line in Path(home.audit).read_text(encoding="ascii").splitlines()]
    return [(one["argv"], one["approval"]["answer"], one["approval"].get("by")) for one in lines if "approval" in one]


def is_asked(answer: dict[str, Any]) -> bool:
    return answer.get("permissionDecision") == "ask" and QUESTION in answer["permissionDecisionReason"]


# The agent's own prompt


@pytest.mark.parametrize("name", ["claude-code", "qwen"])
def test_an_agent_asks_its_own_person_and_that_the_line_runs_is_the_approval(
    agent: StandIn, daemon: Daemon, work: Path, name: str
) -> None:
    answer = agent.asks("ls; touch secret", name)
    assert answer["permissionDecisionReason"] == f"safeshell: rule ask ({daemon.home.rules}:3) requires approval: Ask."
    assert is_asked(answer)
    shell = agent.runs if name == "claude-code" else lambda line: agent.start("bash", "-c", line)
    ended = shell("ls; touch secret")
    assert (ended.status, ended.out, ended.err) == (0, "", "")
    prompt = "the agent's prompt"
    records(daemon.home, 3)
    assert answered(daemon.home)[:2] == [
        (["ls; touch secret"], "asked", prompt),
        (["touch", "secret"], "approved", prompt),
    ]
    assert (work / "secret").exists()


def test_each_command_counts_once_and_another_question_renews_it(agent: StandIn) -> None:
    line = "cd .; touch secret && touch secret-2"
    assert is_asked(agent.asks(line))
    assert agent.runs(line).status == 0
    assert agent.runs(line).status == 77
    assert is_asked(agent.asks(line))
    assert agent.runs(line).status == 0


def test_the_same_command_twice_in_a_line_is_two(agent: StandIn) -> None:
    assert is_asked(agent.asks("touch secret && touch secret"))
    assert agent.runs("touch secret && touch secret").status == 0
    assert is_asked(agent.asks("for x in 1 2 3; do touch secret || exit; done"))
    assert agent.runs("for x in 1 2 3; do touch secret || exit; done").status == 77


def test_a_shell_that_becomes_its_only_command_is_known(agent: StandIn, work: Path) -> None:
    assert is_asked(agent.asks("touch secret", "qwen"))
    assert agent.start("bash", "-c", "touch secret").status == 0
    assert (work / "secret").exists()


def test_a_line_with_quotes_and_lines_is_known(agent: StandIn, work: Path) -> None:
    line = "cat <<'E' > out\nit's\nE\ntouch 'a secret' | cat"
    assert is_asked(agent.asks(line))
    assert agent.runs(line).status == 0
    assert {path.name for path in work.iterdir()} >= {"out", "a secret"}


def test_inside_wrappers_it_is_one_approval(agent: StandIn, work: Path) -> None:
    assert is_asked(agent.asks("env A=1 nice touch secret; true"))
    assert agent.runs("env A=1 nice touch secret; true").status == 0
    assert (work / "secret").exists()


# Where a person is asked elsewhere


def test_a_rule_can_keep_its_approval_from_the_agents_prompt(agent: StandIn) -> None:
    answer = agent.asks("touch secret deep")
    assert answer["permissionDecision"] == "deny"
    assert "nobody who could give it is within reach" in answer["permissionDecisionReason"]
    assert is_asked(agent.asks("touch secret"))


@pytest.mark.config("approval_timeout: 1s\n")
def test_where_a_pin_is_set_it_is_the_queue(agent: StandIn, daemon: Daemon) -> None:
    enroll(daemon.home, PIN)
    answer = agent.asks("touch secret")
    assert answer["permissionDecision"] == "deny"
    assert "none came in 1 s" in answer["permissionDecisionReason"]


def test_an_agent_without_a_prompt_is_denied(agent: StandIn) -> None:
    answer = agent.asks("touch secret", "codex")
    assert answer["permissionDecision"] == "deny"
    assert agent.runs("ls; touch secret").status == 77


def test_an_agent_that_another_one_has_started_is_denied(starting: Starting) -> None:
    inner = starting(**{MARKER: "1"})
    assert inner.asks("touch secret")["permissionDecision"] == "deny"
    below_run = starting(SAFESHELL_CONTEXT="ai")  # `safeshell run AGENT`
    assert is_asked(below_run.asks("touch secret"))


@pytest.mark.config("approval_timeout: 1s\nnotify: ['true']\n")
def test_an_agent_without_a_terminal_is_held_where_somebody_can_be_asked(agent: StandIn) -> None:
    answer = agent.asks("touch secret")
    assert answer["permissionDecision"] == "deny"
    assert "none came in 1 s" in answer["permissionDecisionReason"]


# What an approval of a line is not good for


@pytest.mark.parametrize(
    "line",
    [
        "touch secret",
        "ls /; touch secret",
        " ls; touch secret",
        "true 'ls; touch secret'; touch secret",
        "eval 'ls; touch secret'",
    ],
)
def test_s8_another_line_of_the_same_agent_may_not_use_it(agent: StandIn, work: Path, line: str) -> None:
    assert is_asked(agent.asks("ls; touch secret"))
    assert "requires approval" in agent.runs(line).err
    assert not (work / "secret").exists()
    assert agent.runs("ls; touch secret").status == 0


def test_s8_nor_another_program_of_the_agents_that_is_given_the_text(agent: StandIn, work: Path) -> None:
    line = "ls; touch secret"
    script = work / "script"
    script.write_text("touch secret\n")
    assert is_asked(agent.asks(line))
    assert agent.start("bash", str(script), f"&& eval '{line}' ").status == 77
    assert agent.start("python3", "-c", "import os; os.system('touch secret')", f" && eval '{line}' ").status == 0
    below = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
    assert agent.start("python3", "-c", below, "bash", "-c", f"true && eval '{line}' && pwd").status == 77
    assert not (work / "secret").exists()
    assert agent.runs(line).status == 0


def test_s8_nor_another_agent_or_who_has_none(agent: StandIn, starting: Starting, work: Path) -> None:
    assert is_asked(agent.asks("ls; touch secret"))
    assert starting().runs("ls; touch secret").status == 77
    assert not (work / "secret").exists()


def test_s8_nor_another_directory_or_other_words(agent: StandIn, work: Path) -> None:
    (work / "sub").mkdir()
    line = "ls; touch $NAME"
    assert is_asked(agent.asks("ls; touch secret"))
    assert agent.runs("ls; touch secret", cwd=str(work / "sub")).status == 77
    assert not (work / "sub" / "secret").exists()
    assert agent.asks(line) == {}  # the shim judges what it becomes
    assert agent.start("/bin/bash", "-c", f"NAME=secret; export NAME && eval '{line}' && pwd").status == 77


def test_s8_a_denial_holds_whatever_was_approved(agent: StandIn, work: Path) -> None:
    assert is_asked(agent.asks("ls; touch secret"))
    text = "export NEVER=1 && eval 'ls; touch secret' && pwd"
    assert "denied by rule never" in agent.start("/bin/bash", "-c", text).err
    assert not (work / "secret").exists()


def test_s8_what_was_approved_by_other_rules_is_asked_again(agent: StandIn, daemon: Daemon, work: Path) -> None:
    assert is_asked(agent.asks("ls; touch secret"))
    write(daemon.home.rules, RULES.replace("message: Ask.", "message: Ask once more."))
    assert "Ask once more." in agent.runs("ls; touch secret").err
    assert not (work / "secret").exists()


# The queue's approval of a line


def test_a_line_that_a_person_approved_runs_without_asking_again(daemon: Daemon, agent: StandIn, work: Path) -> None:
    enroll(daemon.home, PIN)
    answers: list[dict[str, Any]] = []
    asking = threading.Thread(target=lambda: answers.append(agent.asks("ls; touch secret", "codex")))
    asking.start()
    number = waiting(daemon.home)["id"]
    with person(daemon.home, "approve", str(number)) as by:
        by.finish()
    asking.join()
    assert answers == [{}]
    assert agent.start("bash", "-c", "ls; touch secret").status == 0
    assert (work / "secret").exists()
    assert (["touch", "secret"], "approved", None) in answered(daemon.home)
    assert approvals({"do": "list"}, home=daemon.home)["pending"] == []
