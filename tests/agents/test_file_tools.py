"""Real agents that ask SafeShell's hook before they write or read a file: what is stopped, what the model is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from agents.agent import Agent, load, version
from agents.drive import PATIENCE_S, Said, play
from agents.test_hooks import PROGRAMS, has_hooks
from agents.test_sessions import GATE
from harness import make_home, running_daemon, safeshell, write
from needs import need

from safeshell.home.paths import Home

pytestmark = pytest.mark.timeout(PATIENCE_S + 60)

RULES = """\
version: 1
rules:
  - name: stay
    context: ai_only
    conditions: [{any: [{writes_outside: ['@project']}, {writes_matches: /locked/}]}]
    action: deny
    message: Write inside of the project.
    tests: {match: [{writes: [/etc/hosts]}]}
  - name: look-around
    context: ai_only
    conditions: [{any: [{reads_outside: ['@project']}, {reads_matches: /locked/}]}]
    action: deny
    message: Read what is in the project.
    tests: {match: [{reads: [/etc/hosts]}]}
"""


class Tools(NamedTuple):
    """An agent's tools that write and read a file, with their input; {line} is the path.

    One that refuses by itself what lies outside of its workspace is tried with a directory in that.
    """

    write: str
    written: dict[str, Any]
    read: str
    read_of: dict[str, Any]
    refused: str = "outside"


_PATCH = "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: {line}\n+new\n*** End Patch\nEOF\n"

TOOLS = {
    # Which models it offers a tool for patches to, is told by their vendor. All may write a line that it takes for one.
    "codex": Tools("exec_command", {"cmd": _PATCH}, "", {}),
    "claude-code": Tools("Write", {"file_path": "{line}", "content": "new"}, "Read", {"file_path": "{line}"}),
    "gemini": Tools(
        "write_file", {"file_path": "{line}", "content": "new"}, "read_file", {"file_path": "{line}"}, "work/locked"
    ),
    "opencode": Tools("write", {"filePath": "{line}", "content": "new"}, "read", {"filePath": "{line}"}),
    "qwen": Tools("write_file", {"file_path": "{line}", "content": "new"}, "read_file", {"file_path": "{line}"}),
    "copilot": Tools("create", {"path": "{line}", "file_text": "new"}, "view", {"path": "{line}"}),
}


WRITERS, READERS = (
    [name if name in GATE else pytest.param(name, marks=pytest.mark.slow) for name in names]
    for names in (sorted(TOOLS), sorted(name for name, tools in TOOLS.items() if tools.read))
)


@pytest.fixture(params=WRITERS)
def agent(request: pytest.FixtureRequest) -> Agent:
    """It, in the version that is tested."""
    need(f"agent:{request.param}")
    if not has_hooks():
        pytest.skip("needs an installation with the hook program")
    return load(request.param, version())


@pytest.fixture
def home(root: str) -> Iterator[Home]:
    """One with rules about files, and a daemon."""
    made = make_home(os.path.join(root, "h"), RULES)
    with running_daemon(made):
        yield made


def test_a_file_is_written_in_the_project_and_nowhere_else(agent: Agent, root: str, home: Home) -> None:
    tools = TOOLS[agent.name]
    outside, inside = os.path.join(root, tools.refused, "new"), os.path.join(root, "work", "new")
    os.mkdir(os.path.dirname(outside))
    refused, done = hooked(replace(agent, tool=tools.write, arguments=tools.written), root, home, [outside, inside])
    called = "apply_patch" if agent.name == "codex" else tools.write
    assert f"safeshell: denied by rule stay ({home.rules}:3): Write inside of the project. ({called} {outside})" in (
        refused.told
    )
    assert not os.path.exists(outside)
    assert "safeshell" not in done.told
    with open(inside, encoding="utf-8") as stream:
        assert stream.read().strip() == "new"


@pytest.mark.parametrize("agent", READERS, indirect=True)
def test_a_file_is_read_in_the_project_and_nowhere_else(agent: Agent, root: str, home: Home) -> None:
    tools = TOOLS[agent.name]
    outside, inside = os.path.join(root, tools.refused, "x"), os.path.join(root, "work", "x")
    write(outside, "what nobody may see\n")
    write(inside, "what everybody may see\n")
    refused, done = hooked(replace(agent, tool=tools.read, arguments=tools.read_of), root, home, [outside, inside])
    assert "safeshell: denied by rule look-around" in refused.told
    assert "nobody" not in refused.told
    assert "everybody" in done.told


def hooked(agent: Agent, root: str, home: Home, paths: list[str]) -> list[Said]:
    """What the model is told of calls about these paths, after `hook install`."""
    directory = os.path.join(root, "bin")
    os.mkdir(directory)
    os.symlink(agent.path, os.path.join(directory, PROGRAMS.get(agent.name, agent.name)))

    def install(environment: dict[str, str]) -> None:
        path = f"{directory}:{environment['PATH']}"
        done = safeshell(home, "hook", "install", agent.name, env={**environment, "PATH": path})
        assert done.returncode == 0, done.stderr

    return play(agent, paths, root, prepare=install)
