"""Real agents that run their lines by the guarded shell: what is stopped, and what the model is told of it."""

from __future__ import annotations

import os

import pytest
from agents.agent import Agent, load, version
from agents.drive import PATIENCE_S, play
from agents.lines import SEES, rules, session
from agents.test_sessions import GATE, ran
from harness import PATH, make_home, running_daemon
from needs import need

from safeshell.install import guarded_shell, native

pytestmark = pytest.mark.timeout(PATIENCE_S + 60)

WAYS = {"claude-code": "CLAUDE_CODE_SHELL", "opencode": "SHELL", "gemini": "PATH", "qwen": "PATH"}
"""The variable by which an agent takes a shell; along PATH it looks for its own."""

LINES = session()


@pytest.fixture(params=[name if name in GATE else pytest.param(name, marks=pytest.mark.slow) for name in WAYS])
def agent(request: pytest.FixtureRequest) -> Agent:
    """It, in the version that is tested."""
    need(f"agent:{request.param}")
    if not getattr(native, "native_shell", lambda: None)():
        pytest.skip("needs an installation with safeshell-sh")
    return load(request.param, version())


def test_the_shell_stops_what_a_line_says(agent: Agent, root: str) -> None:
    markers = f"agents: {{markers: [{', '.join(agent.markers)}]}}\n"  # by the line's own environment
    home = make_home(os.path.join(root, "h"), rules(), f"approval_timeout: 1s\n{markers}")
    variable, shell = WAYS[agent.name], guarded_shell.install(home, "bash")
    given = {"SAFESHELL_HOME": home.root, variable: shell if variable != "PATH" else f"{home.hooks}:{PATH}"}
    with running_daemon(home):
        said = play(agent, [line.line for line in LINES], root, environment=given)
    assert ran(root) == [line.name for line in LINES if line.is_allowed or line.hook != SEES]
    for line, result in zip(LINES, said, strict=True):
        if line.is_allowed or line.hook != SEES:
            assert "safeshell:" not in result.told, result
        elif not agent.has_lost(result.told):
            assert "safeshell: denied by rule " in result.told or "requires approval" in result.told, result
