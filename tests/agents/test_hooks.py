"""Real agents that ask SafeShell's hook before each line: what is stopped, and what the model is told of it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from agents.agent import Agent, load, version
from agents.drive import PATIENCE_S, Said, play
from agents.lines import SEES, rules, session
from agents.test_sessions import AGENTS, ran
from harness import make_home, running_daemon, safeshell, write
from needs import need

from safeshell.home.paths import Home
from safeshell.install import native

pytestmark = pytest.mark.timeout(PATIENCE_S + 60)

PROGRAMS = {"claude-code": "claude"}
"""What agents are called on PATH, where that isn't their name."""

LINES = session()


def has_hooks() -> bool:
    """Whether what is tested can be asked by agents."""
    return bool(getattr(native, "native_hook", lambda: None)())


@pytest.fixture(params=AGENTS)
def agent(request: pytest.FixtureRequest) -> Agent:
    """It, in the version that is tested."""
    need(f"agent:{request.param}")
    if not has_hooks():
        pytest.skip("needs an installation with the hook program")
    return load(request.param, version())


@pytest.fixture
def home(root: str) -> Iterator[Home]:
    """One with the session's rules and a daemon; there are no shims."""
    made = make_home(os.path.join(root, "h"), rules(), "approval_timeout: 1s\n")
    with running_daemon(made):
        yield made


def test_the_hook_stops_what_a_line_says(agent: Agent, root: str, home: Home) -> None:
    said = hooked(agent, root, home)
    assert ran(root) == [line.name for line in LINES if line.is_allowed or line.hook != SEES]
    for line, result in zip(LINES, said, strict=True):
        if line.is_allowed or line.hook != SEES:
            assert "safeshell:" not in result.told, result
        elif line.decision == "deny":
            assert "safeshell: denied by rule " in result.told, result
        else:
            assert "requires approval" in result.told, result


def test_with_no_daemon_and_none_to_be_had_nothing_runs(agent: Agent, root: str) -> None:
    home = make_home(os.path.join(root, "h"), rules())
    words = [line.line for line in LINES if line.name in ("plain", "look-junk")]
    said = hooked(agent, root, home, words, broken=True)
    assert ran(root) == []
    assert all("safeshell" in result.told for result in said), said


REWRITING = ("claude-code", "gemini", "opencode", "cline", "copilot")
"""Those that another line can be given to."""


def test_a_redirected_line_is_another_where_the_agent_can_be_given_one(agent: Agent, root: str) -> None:
    directed = (
        "  - {name: moved, commands: [touch], action: redirect, redirect_to: mkdir $ARGS, message: Not a file.}\n"
    )
    home = make_home(os.path.join(root, "h"), f"version: 1\nrules:\n{directed}")
    with running_daemon(home):
        (result,) = hooked(agent, root, home, ["touch made"])
    made = os.path.join(root, "work", "made")
    if agent.name in REWRITING:
        assert os.path.isdir(made), result
    else:
        assert not os.path.lexists(made)
        assert "Run this instead: mkdir made" in result.told


def hooked(agent: Agent, root: str, home: Home, lines: list[str] | None = None, *, broken: bool = False) -> list[Said]:
    """Plays the session after `hook install`; where it is to break, with a daemon that can't be started."""
    directory = os.path.join(root, "bin")
    os.mkdir(directory)
    os.symlink(agent.path, os.path.join(directory, PROGRAMS.get(agent.name, agent.name)))

    def install(environment: dict[str, str]) -> None:
        path = f"{directory}:{environment['PATH']}"
        done = safeshell(home, "hook", "install", agent.name, env={**environment, "PATH": path})
        assert done.returncode == 0, done.stderr
        if broken:
            write(home.client_conf, "unreachable_ai=deny\nunreachable_human=allow\nstart=/nonexistent\n")

    return play(agent, lines or [line.line for line in LINES], root, prepare=install)
