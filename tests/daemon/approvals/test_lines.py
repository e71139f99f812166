"""What an approved line is good for: only its own commands, below its own agent's shell; processes are real ones."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from daemon.asking import AGENT, Client, ask, compiled

from safeshell.daemon.approvals import lines
from safeshell.daemon.approvals.lines import LINES_MAX, PROMPT, ApprovedLines, agents_own, is_started_by_an_agent
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.request import Request
from safeshell.hooks.agent import agent_of, holds_line
from safeshell.host.process import ancestry
from safeshell.policy.context import Context
from safeshell.policy.decision import Action
from safeshell.policy.decision_cache import Policy

RULES = """\
  - {name: secret, commands: [touch], conditions: [{command_contains: secret}], action: require_approval, message: m}
  - {name: more, commands: [touch], conditions: [{command_contains: more}], action: require_approval, message: m}
"""
LINE = "sleep 60 & echo $!; wait"
"""What a shell is told to run; what it is said to be about is a test's own."""

_AGENT = "import subprocess, sys; subprocess.run(sys.argv[1:])"


class Journal:
    """Hears what runs so."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def approved_by_line(self, _request: Request, by: str) -> None:
        """One more."""
        self.heard.append(by)


class Scene:
    """An agent with a shell below it that runs `LINE`, and what both ask for.

    Attributes:
        agent: its process.
        member: one below its shell.
    """

    def __init__(self, stack: ExitStack, policy: Policy) -> None:
        self._stack, self._policy = stack, policy
        self._loop = Loop()
        stack.callback(self._loop.close)
        self.journal = Journal()
        settings = SimpleNamespace(markers=[AGENT.decode()])
        pins: Any = SimpleNamespace(enrolled=False)
        policies: Any = SimpleNamespace(settings=settings)
        journal: Any = self.journal
        self.lines = ApprovedLines(policies, pins, journal, lambda: False)
        self.pins = pins

    def starts(self, *argv: str, **environment: str) -> tuple[int, int]:
        """An agent's process that runs this, and what that has said is its own child."""
        process = subprocess.Popen(
            [sys.executable, "-c", _AGENT, *argv],
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": "/usr/bin:/bin", **environment},
            start_new_session=True,
        )
        self._stack.enter_context(process)
        self._stack.callback(os.killpg, process.pid, 9)
        assert process.stdout is not None
        return process.pid, int(process.stdout.readline())

    def asks(self, *argv: str, pid: int, directory: bytes = b"/work") -> Request:
        """A command's request."""
        client = Client(self._loop, pid)
        self._stack.callback(client.close)
        return ask(client, self._policy, *argv, directory=directory)

    def line(self, *argv: str, pid: int, text: str = LINE, last: bool = False, agent: str = "qwen") -> Request:
        """A line's request, by a hook that is the process `pid`; its one command that asks is this one."""
        request = self.asks(*argv, pid=pid)
        known = agent_of(agent)
        block = request.asked.arguments.decode("latin-1")
        told = {
            "asked": [
                {
                    "runs": [(block, "/work")],
                    "rules": [(one.rule, one.source) for one in request.decision.matched],
                    "tables": request.decision.tables,
                    "last": last,
                }
            ]
        }
        request.asked = SimpleNamespace(arguments=text.encode() + b"\0")  # type: ignore[assignment]
        request.hook = SimpleNamespace(agent=known)  # type: ignore[assignment]
        request.line = (None, told)  # type: ignore[assignment]
        return request


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(stack, compiled(tmp_path, RULES))


@pytest.fixture
def below(scene: Scene) -> tuple[int, int]:
    """An agent, and a process below its shell that runs `LINE`."""
    return scene.starts("bash", "-c", LINE)


def hook_of(agent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has every hook be one that this agent calls."""
    own = ancestry.read(agent)
    monkeypatch.setattr(lines, "agents_own", lambda _hook: own)


@pytest.fixture
def approved(scene: Scene, below: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> Scene:
    """With `touch secret` of that line approved."""
    hook_of(below[0], monkeypatch)
    scene.lines.keep(scene.line("touch", "secret", pid=below[1]))
    return scene


def test_a_command_of_the_line_is_covered_once(approved: Scene, below: tuple[int, int]) -> None:
    request = approved.asks("touch", "secret", pid=below[1])
    assert request.decision.action is Action.REQUIRE_APPROVAL
    assert approved.lines.covers(request)
    assert not approved.lines.covers(request)
    assert approved.journal.heard == [""]


def test_an_approval_by_the_agents_prompt_says_so(
    scene: Scene, below: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    hook_of(below[0], monkeypatch)
    line = scene.line("touch", "secret", pid=below[1])
    assert scene.lines.prompts(line)
    assert line.approval == {"answer": "asked", "by": PROMPT}
    assert scene.lines.covers(scene.asks("touch", "secret", pid=below[1]))
    assert scene.journal.heard == [PROMPT]


def test_no_prompt_where_a_pin_is_set_or_a_rule_or_the_agent_has_none(
    scene: Scene, below: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    hook_of(below[0], monkeypatch)
    assert not scene.lines.prompts(scene.line("touch", "secret", pid=below[1], agent="gemini"))
    line = scene.line("touch", "secret", pid=below[1])
    line.decision = line.decision.changed(outside=True)
    assert not scene.lines.prompts(line)
    scene.pins.enrolled = True
    assert not scene.lines.prompts(scene.line("touch", "secret", pid=below[1]))
    assert not scene.lines.covers(scene.asks("touch", "secret", pid=below[1]))


def test_s8_other_words_another_directory_and_another_rule_are_not_covered(
    approved: Scene, below: tuple[int, int]
) -> None:
    assert not approved.lines.covers(approved.asks("touch", "secret", "x", pid=below[1]))
    assert not approved.lines.covers(approved.asks("touch", "secret", pid=below[1], directory=b"/elsewhere"))
    request = approved.asks("touch", "secret", pid=below[1])
    other = approved.asks("touch", "secret", "more", pid=below[1])
    request.decisions = other.decisions  # a fact has changed, and one more rule asks
    assert not approved.lines.covers(request)
    request = approved.asks("touch", "secret", pid=below[1])
    request.decision = request.decision.changed(tables=("another",))
    assert not approved.lines.covers(request)
    request = approved.asks("touch", "secret", pid=below[1])
    request.same_view = False
    assert not approved.lines.covers(request)


def test_s8_another_line_of_the_same_agent_is_not_covered(
    scene: Scene, below: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    hook_of(below[0], monkeypatch)
    scene.lines.keep(scene.line("touch", "secret", pid=below[1], text=f"{LINE} "))
    assert not scene.lines.covers(scene.asks("touch", "secret", pid=below[1]))


@pytest.mark.parametrize(
    "argv",
    [
        ("bash", "-c", f"eval '{LINE}'"),
        ("bash", "-c", 'eval "$1"', "bash", LINE),
        ("bash", "-c", 'eval "$0"', LINE),
        (sys.executable, "-c", "import os, sys; os.system(sys.argv[1])", LINE),
        (sys.executable, "-c", _AGENT, "bash", "-c", LINE),
        ("env", "A=1", sys.executable, "-c", _AGENT, "bash", "-c", LINE),
    ],
)
def test_s8_a_process_that_only_holds_the_text_is_not_covered(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]
) -> None:
    agent, member = scene.starts(*argv)
    hook_of(agent, monkeypatch)
    scene.lines.keep(scene.line("touch", "secret", pid=member))
    assert not scene.lines.covers(scene.asks("touch", "secret", pid=member))


def test_s8_a_script_that_is_given_the_text_is_not_covered(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text('eval "$1"\n')
    agent, member = scene.starts("bash", str(script), LINE)
    hook_of(agent, monkeypatch)
    scene.lines.keep(scene.line("touch", "secret", pid=member))
    assert not scene.lines.covers(scene.asks("touch", "secret", pid=member))


def test_s8_an_agent_whose_number_another_process_has_is_not_the_same(
    scene: Scene, below: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ancestry.read(below[0])
    assert own is not None
    monkeypatch.setattr(lines, "agents_own", lambda _hook: own._replace(started=own.started - 1))
    scene.lines.keep(scene.line("touch", "secret", pid=below[1]))
    assert not scene.lines.covers(scene.asks("touch", "secret", pid=below[1]))


def test_s8_what_changes_while_it_is_looked_at_does_not_count(
    approved: Scene, below: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    lineage, looks = ancestry.lineage, []

    def look(pid: int) -> Iterator[ancestry.Process]:
        looks.append(pid)
        for process in lineage(pid):
            yield process if len(looks) == 1 else process._replace(started=process.started + 1)

    monkeypatch.setattr(ancestry, "lineage", look)
    assert not approved.lines.covers(approved.asks("touch", "secret", pid=below[1]))
    assert len(looks) == 2


def test_s8_what_can_not_be_read_does_not_count(
    approved: Scene, below: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> str:
        raise PermissionError(path)

    monkeypatch.setattr(os, "readlink", refuse)
    assert not approved.lines.covers(approved.asks("touch", "secret", pid=below[1]))


def test_the_last_command_may_be_what_the_shell_became(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    agent, shell = scene.starts("bash", "-c", "echo $$; exec sleep 60")
    hook_of(agent, monkeypatch)
    scene.lines.keep(scene.line("touch", "secret", pid=shell, last=False))
    assert not scene.lines.covers(scene.asks("touch", "secret", pid=shell))
    scene.lines.keep(scene.line("touch", "secret", pid=shell, last=True))
    assert scene.lines.covers(scene.asks("touch", "secret", pid=shell))


def test_an_approval_ends_and_so_does_their_number(
    approved: Scene, below: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(LINES_MAX - 1):
        approved.lines.keep(approved.line("touch", "secret", pid=below[1], text=f"{number}"))
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + lines.LASTS_S - 1)
    request = approved.asks("touch", "secret", pid=below[1])
    assert approved.lines.covers(request)
    approved.lines.keep(approved.line("touch", "secret", pid=below[1]))
    monkeypatch.setattr(time, "monotonic", lambda: now + 3 * lines.LASTS_S)
    assert not approved.lines.covers(request)
    approved.lines.keep(approved.line("touch", "secret", pid=below[1]))
    for number in range(LINES_MAX):
        approved.lines.keep(approved.line("touch", "secret", pid=below[1], text=f"{number}"))
    assert not approved.lines.covers(request)


def test_the_agents_own_process_is_the_nearest_above_a_hook_that_is_no_shell(scene: Scene) -> None:
    agent, member = scene.starts("sh", "-c", f"bash -c '{LINE}'; true")
    own = agents_own(member)
    assert own is not None
    assert own.pid == agent
    assert agents_own(1) is None


def test_an_agent_that_an_agents_line_has_started(scene: Scene) -> None:
    context = Context([AGENT.decode()])

    def verdict(**environment: str) -> bool:
        process = ancestry.read(scene.starts("bash", "-c", LINE, **environment)[0])
        assert process is not None
        return is_started_by_an_agent(process, context)

    assert not verdict()
    assert not verdict(SAFESHELL_CONTEXT="ai")
    assert verdict(**{AGENT.decode(): "1"})


@pytest.mark.parametrize(
    ("agent", "text", "line", "holds"),
    [
        ("copilot", "touch x", "touch x", True),
        ("copilot", "touch x ", "touch x", False),
        ("claude-code", "source s && eval 'touch x' && pwd", "touch x", True),
        ("claude-code", "source s && eval 'echo '\"'\"'a'\"'\"'' < /dev/null && pwd", "echo 'a'", True),
        ("claude-code", "touch x", "touch x", False),
        ("claude-code", "s && eval 'true '\"'\"' && eval touch x '\"'\"'' && pwd", "touch x", False),
        ("gemini", "shopt\n(\n  trap 'x'\ntouch x\n)\n", "touch x", True),
        ("gemini", "shopt\n(\ntouch x y\n)\n", "touch x", False),
    ],
)
def test_how_a_line_stands_in_what_a_shell_is_given(agent: str, text: str, line: str, holds: bool) -> None:
    known = agent_of(agent)
    assert known is not None
    assert holds_line(known, text.encode(), line.encode()) is holds
