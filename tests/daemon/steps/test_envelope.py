"""What was read in an envelope becomes a command about a line, nothing, or a refusal that is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from daemon.asking import Client

from safeshell.daemon.core.loop import Loop
from safeshell.daemon.hook_call import AgentsCall
from safeshell.daemon.request import FAILED, Request
from safeshell.daemon.sources.line_jobs import EnvelopeJob
from safeshell.daemon.steps import WAIT, envelope
from safeshell.daemon.steps.envelope import ReadEnvelope
from safeshell.home.paths import Home
from safeshell.hooks.agent import agent_of
from safeshell.protocol import Hooked, Type

CALL = {
    "tool": "Bash",
    "line": "rm x",
    "files": None,
    "directory": "/work",
    "base": "/work",
    "session": "s",
    "shape": 0,
    "field": "command",
    "input": {"command": "rm x"},
    "shown": None,
}


class Bench:
    """The step, a request, and who reads envelopes: a test, which answers for it."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.client = Client(self.loop)
        self.jobs: list[EnvelopeJob] = []
        self.resumed: list[str] = []
        self.step = ReadEnvelope(self, Home("/h"), lambda _request, step: self.resumed.append(step))  # type: ignore[arg-type]

    def judge(self, job: EnvelopeJob) -> None:
        """Stands in for `Lines`."""
        self.jobs.append(job)

    def ask(self, found: Any, reason: str = "", *, agent: str = "claude-code", environment: bytes = b"\0") -> Request:
        """A request whose envelope was read so."""
        its = agent_of(agent)
        assert its is not None
        request = Request(self.client.connection)
        request.hook = AgentsCall(its, Hooked(agent, environment, b"{}"))
        assert self.step.run(request) == WAIT
        self.jobs.pop().answer(found, reason)
        return request


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.client.close()
    made.loop.close()


def test_a_line_is_located_next(bench: Bench) -> None:
    request = bench.ask({"call": CALL}, environment=b"\0HOME=/h\0SHELL=/bin/zsh\0PATH=/bin\0")
    command = request.command
    assert bench.resumed == ["locate"]
    assert command is not None
    assert (command.kind, command.arguments, command.environment) == (Type.HOOK, b"rm x\0", b"\0HOME=/h\0")
    assert request.hook is not None
    assert (request.hook.directory, request.hook.to_record()) == (b"/work", {"tool": "Bash", "session": "s"})
    assert bench.step.describe() == {"claude-code": {"asked": 1, "unknown": None}}


@pytest.mark.parametrize(
    ("agent", "reached", "known"),
    [
        ("claude-code", True, b"/h/shims:/bin"),
        ("claude-code", False, b""),
        ("copilot", True, b"/usr/local/sbin:/h/shims:/bin"),
    ],
)
def test_a_path_with_shims_is_the_lines_where_these_reach_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, agent: str, reached: bool, known: bytes
) -> None:
    monkeypatch.setattr(envelope, "reaches_shims", lambda *_: reached)
    path = b"PATH=/h/shims:/bin\0"
    request = bench.ask({"call": CALL}, agent=agent, environment=b"\0" + path)
    assert request.command is not None
    assert request.command.environment == b"\0" + (b"PATH=%s\0" % known if known else b"")


def test_another_tool_is_answered_at_once(bench: Bench) -> None:
    request = bench.ask({"call": {**CALL, "line": None}})
    assert (bench.resumed, request.refusal, request.command) == (["finish"], None, None)


def test_what_isnt_understood_is_refused_and_named(bench: Bench) -> None:
    request = bench.ask(None, "it is no JSON", agent="codex")
    assert bench.resumed == ["finish"]
    assert request.refusal is not None
    assert request.refusal[0] == FAILED
    assert request.error == "what codex sends can't be understood: it is no JSON"
    assert bench.step.describe()["codex"]["unknown"] == "it is no JSON"


def test_a_line_that_is_too_long_is_no_unknown_envelope(bench: Bench) -> None:
    request = bench.ask({"unjudged": "it is long."})
    assert request.refusal == (FAILED, "safeshell: this line can't be judged: it is long.")
    assert bench.step.describe()["claude-code"]["unknown"] is None
