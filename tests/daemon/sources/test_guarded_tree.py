"""Whether an agent's lines reach the shims goes by its process, the hook's, and the shells between."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Mapping

import pytest
from harness import PATH, until

from safeshell.daemon.sources.guarded_tree import reaches_shims
from safeshell.home.paths import Home
from safeshell.hooks.agent import NAMES, agent_of

HOME = Home("/h")
BEHIND = {"PATH": f"/h/shims:{PATH}"}
GUARDED = {**BEHIND, "BASH_ENV": "/h/shell/bash_env"}
SEEN = {"claude-code", "gemini", "opencode", "qwen", "cline", "copilot"}


@contextlib.contextmanager
def hook(environment: Mapping[str, str], *between: str) -> Iterator[int]:
    """The pid of a hook (cat) that an agent (timeout) of this environment has started, by what is between the two."""
    words = ["timeout", "100", *between, *(() if "-c" in between else ("cat",))]
    with subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as agent:
        assert agent.stdin is not None
        try:
            yield until(lambda: _descendant(agent.pid, "cat"), "the hook to run")
        finally:
            agent.stdin.close()


def _descendant(pid: int, name: str) -> int:
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/comm", encoding="ascii") as stream:
            if stream.read().strip() == name:
                return pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as stream:
            return next((found for child in stream.read().split() if (found := _descendant(int(child), name))), 0)
    return 0


def reaching(pid: int) -> set[str]:
    """The agents whose lines would reach the shims, were it theirs."""
    agents = [agent for name in NAMES if (agent := agent_of(name))]
    return {agent.name for agent in agents if reaches_shims(agent, pid, HOME)}


@pytest.mark.parametrize(
    ("environment", "between", "found"),
    [
        ({"PATH": PATH}, (), set()),
        (BEHIND, (), SEEN),
        (GUARDED, (), {*SEEN, "codex"}),
        ({**BEHIND, "BASH_ENV": "/h2/shell/bash_env"}, (), SEEN),
        (BEHIND, ("sh", "-c", "cat; true"), SEEN),
        (GUARDED, ("sh", "-c", "bash -c 'cat; true'; true"), {*SEEN, "codex"}),
        # An agent that gives its hooks another PATH may give its lines another one, too; and the other way round.
        (BEHIND, ("env", f"PATH={PATH}"), set()),
        ({"PATH": PATH}, ("env", f"PATH={BEHIND['PATH']}"), set()),
        (GUARDED, ("env", "-u", "BASH_ENV"), SEEN),
    ],
)
def test_each_of_them_was_started_behind_the_shims(
    environment: Mapping[str, str], between: tuple[str, ...], found: set[str]
) -> None:
    with hook(environment, *between) as pid:
        assert reaching(pid) == found


def test_a_process_that_is_gone_tells_nothing() -> None:
    with hook(GUARDED) as pid:
        assert reaching(pid)
    assert reaching(pid) == set()
