"""What `doctor` says of real agents is what their sessions show, before and after their hooks are installed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping

import pytest
from agents.agent import Agent, load, version
from agents.drive import PATIENCE_S, play
from agents.lines import rules, session
from agents.test_hooks import PROGRAMS, has_hooks
from agents.test_sessions import AGENTS
from harness import MARKERS, safeshell, write
from needs import need

from safeshell.home.paths import Home

pytestmark = pytest.mark.timeout(2 * PATIENCE_S + 300)

LINES = {line.name: line for line in session()}
TRIED = {"plain": "", "absolute": "absolute path", "reset-path": "PATH=… in a line"}
"""Lines of the session, and the row of the table that each goes by; "" is the agent's own."""

_STATED = "    tests: {match: [rm -r plain/keep]}\n"


@pytest.fixture(params=AGENTS)
def agent(request: pytest.FixtureRequest) -> Agent:
    """It, in the version that is tested."""
    need(f"agent:{request.param}")
    if not has_hooks():
        pytest.skip("needs an installation with the hook program")
    return load(request.param, version())


@pytest.fixture
def home(root: str) -> Iterator[Home]:
    """A user's who has rules, and nothing else yet."""
    made = Home(os.path.join(root, "home", ".safeshell"))
    made.create()
    write(
        made.rules,
        rules().replace("    message: What is kept stays.\n", f"    message: What is kept stays.\n{_STATED}", 1),
    )
    write(made.config, MARKERS)
    yield made
    safeshell(made, "daemon", "stop", "--now")


def test_two_commands_lead_to_a_guarded_agent_and_doctor_says_so(agent: Agent, root: str, home: Home) -> None:
    natively = session_after(agent, root, home, "init")
    assert natively == (dict.fromkeys(TRIED, True), dict.fromkeys(TRIED, False))
    lay_out_again(root)
    hooked = session_after(agent, root, home, "hook", "install", agent.name)
    assert hooked == (dict.fromkeys(TRIED, False), dict.fromkeys(TRIED, True))


def session_after(agent: Agent, root: str, home: Home, *command: str) -> tuple[dict[str, bool], dict[str, bool | None]]:
    """Has a user run a command and `doctor`, then plays the session.

    Returns:
        Of each line whether it ran, and whether `doctor` says that its way is guarded.
    """
    directory = os.path.join(root, "bin")
    os.makedirs(directory, exist_ok=True)
    link = os.path.join(directory, PROGRAMS.get(agent.name, agent.name))
    if not os.path.lexists(link):
        os.symlink(agent.path, link)
    ways: dict[str, bool | None] = {}

    def prepare(surroundings: Mapping[str, str]) -> None:
        env = {**surroundings, "PATH": f"{directory}:{surroundings['PATH']}", "TMUX_TMPDIR": root}
        done = safeshell(home, *command, env=env, timeout=120)
        assert done.returncode == 0, done.stderr
        found = safeshell(home, "doctor", "--json", env=env, cwd=os.path.join(root, "work"), timeout=240)
        assert found.returncode == 0, found.stdout + found.stderr
        ways.update({way["way"]: way["guarded"] for way in json.loads(found.stdout)["ways"]})

    play(agent, [LINES[name].line for name in TRIED], root, prepare=prepare)
    ran = {name: LINES[name].has_run(os.path.join(root, "work")) for name in TRIED}
    return ran, {name: ways[way or agent.name] for name, way in TRIED.items()}


def lay_out_again(root: str) -> None:
    for name in TRIED:
        os.makedirs(os.path.join(root, "work", name, "keep"))
