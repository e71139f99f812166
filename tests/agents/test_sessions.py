"""Real agents, headless, led through a session by a model on loopback: natively, and under `safeshell run`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from agents.agent import NAMES, Agent, load, version
from agents.drive import PATIENCE_S, play
from agents.lines import SEES, Line, rules, session
from harness import SAFESHELL, make_home, running_daemon, sync_shims
from needs import need

from safeshell.home.paths import Home
from safeshell.policy.context import KNOWN_MARKERS, Context

GATE = ("claude-code", "codex")
"""Those that are tested at each change; `make test-agents` tests all."""

AGENTS = [name if name in GATE else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]

pytestmark = pytest.mark.timeout(PATIENCE_S + 60)

LINES = session()
WORDS = [line.line for line in LINES]
TELL = "env -0 > environment"
"""A line that says what it was started with."""


@pytest.fixture(params=AGENTS)
def agent(request: pytest.FixtureRequest) -> Agent:
    """It, in the version that is tested."""
    need(f"agent:{request.param}")
    return load(request.param, version())


@pytest.fixture
def home(root: str) -> Iterator[Home]:
    """One with the session's rules, a daemon, and shims."""
    home = make_home(os.path.join(root, "h"), rules(), "approval_timeout: 1s\n")
    sync_shims(home)
    with running_daemon(home):
        yield home


def ran(root: str) -> list[str]:
    """The names of the lines that did what they do."""
    return [line.name for line in LINES if line.has_run(os.path.join(root, "work"))]


def shims_miss(line: Line, agent: Agent) -> bool:
    return line.is_allowed or line.shims != SEES or line.name in agent.own


def test_natively_every_line_runs_and_says_whose_it_is(agent: Agent, root: str) -> None:
    said = play(agent, [*WORDS, TELL], root)
    assert ran(root) == [line.name for line in LINES]
    assert [result for result in said if result.status not in (0, None)] == []
    with open(os.path.join(root, "work", "environment"), "rb") as stream:
        environment = b"\0" + stream.read()
    found = {name for name in KNOWN_MARKERS if b"\0%s=" % name.encode() in environment}
    assert found == set(agent.markers)
    assert Context().agent(environment) == agent.name


def test_under_run_the_shims_stop_what_they_can_see(agent: Agent, root: str, home: Home) -> None:
    before, environment = [SAFESHELL, "run", "--"], {"SAFESHELL_HOME": home.root}
    said = play(agent, WORDS, root, before=before, environment=environment)
    assert ran(root) == [line.name for line in LINES if shims_miss(line, agent)]
    for line, result in zip(LINES, said, strict=True):
        if line.is_allowed or shims_miss(line, agent):
            assert result.status in (0, None), result
        elif agent.has_lost(result.told):
            assert result.status, result
        elif line.decision == "deny":
            assert "safeshell: denied by rule " in result.told, result
        else:
            assert "requires approval" in result.told, result
