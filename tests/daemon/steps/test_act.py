"""What a decision leads to: the way goes on, ends, waits for a person, or begins again with another command."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from daemon.asking import AGENT, Client, ask, compiled
from harness import MARKER

from safeshell.command.command_line import unblock
from safeshell.daemon.approvals.grants import Grant
from safeshell.daemon.approvals.notify_hook import Notifier
from safeshell.daemon.approvals.pin import Pins
from safeshell.daemon.approvals.queue import Approvals
from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.observe.subscribers import Monitors
from safeshell.daemon.request import Request
from safeshell.daemon.sources.policy_source import Policies
from safeshell.daemon.steps import GO_ON, WAIT
from safeshell.daemon.steps.act import Act
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.host.process.own import Own
from safeshell.protocol import Type

RULES = """\
  - {name: no-rm, commands: [rm], action: deny, message: Not that.}
  - {name: ask, commands: [touch], action: require_approval, message: Ask.}
  - {name: away, commands: [unlink], action: redirect, redirect_to: mv -t /trash $ARGS, timeout: 5s, message: m}
  - {name: slow, commands: [mv], action: allow, timeout: 3s, message: m}
  - {name: round, commands: [rmdir], action: redirect, redirect_to: unlink $ARGS, message: m}
  - {name: into-a-wall, commands: [shred], action: redirect, redirect_to: rm $ARGS, message: m}
"""

Asking = Callable[..., Request]


class Bench:
    """The step, with the queue that it asks."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self._stack = stack
        self._loop = Loop()
        stack.callback(self._loop.close)
        home = Home(str(directory))
        policies, monitors = Policies(home, self._loop), Monitors()
        policies.settings = Settings(markers=(MARKER,))
        executor = Executor(self._loop)
        stack.callback(os.close, executor._root)
        self.policy = compiled(directory, RULES)
        self.approvals = Approvals(
            home,
            policies,
            self._loop,
            Own.read(),
            monitors,
            Pins(home, self._loop),
            Notifier(policies, executor),
            Journal(home, policies, monitors),
            lambda _request, _step: None,
        )
        self._act = Act(self.approvals, lambda _request: "")

    def request(self, *argv: str, kind: int = Type.EXECUTE, environment: list[bytes] | None = None) -> Request:
        client = Client(self._loop)
        self._stack.callback(client.close)
        made = ask(client, self.policy, *argv, environment=environment or [])
        assert made.command is not None
        made.command.kind = kind
        return made

    def act(self, request: Request) -> str:
        return self._act.run(request)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        yield Bench(tmp_path, stack)
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def refusal(request: Request) -> tuple[int, str]:
    assert request.refusal is not None
    return request.refusal


def test_what_is_allowed_goes_on(bench: Bench) -> None:
    request = bench.request("ls")
    assert bench.act(request) == GO_ON
    assert request.refusal is None


def test_what_is_denied_ends_with_126_and_the_rule(bench: Bench) -> None:
    request = bench.request("rm", "x")
    assert bench.act(request) == "finish"
    status, message = refusal(request)
    assert status == 126
    assert message.startswith("safeshell: denied by rule no-rm (")
    assert message.endswith("): Not that.")


def test_what_is_to_be_approved_waits(bench: Bench) -> None:
    assert bench.act(bench.request("touch", "x")) == WAIT
    assert len(bench.approvals) == 1


def test_an_agent_with_nobody_in_reach_ends_with_77(bench: Bench) -> None:
    request = bench.request("touch", "x", environment=[AGENT + b"=1"])
    assert bench.act(request) == "finish"
    assert refusal(request)[0] == 77
    assert len(bench.approvals) == 0


def test_what_was_approved_goes_on_where_nothing_has_changed(bench: Bench) -> None:
    request = bench.request("touch", "x")
    request.grant = Grant.of(request)
    assert bench.act(request) == GO_ON
    assert request.covered


def test_s7_what_was_approved_does_not_run_by_rules_that_are_being_replaced(bench: Bench) -> None:
    request = bench.request("touch", "x")
    request.grant = Grant.of(request)
    request.patient = False  # an edit takes too long to compile, and the last rules decided
    assert bench.act(request) == "finish"
    assert refusal(request)[0] == 77
    assert "still being compiled" in refusal(request)[1]


def test_s7_nor_what_was_approved_for_a_while(bench: Bench) -> None:
    bench.approvals._grants.remember(bench.request("touch", "x"), prefix=0, seconds=300)
    assert bench.act(bench.request("touch", "x")) == GO_ON
    request = bench.request("touch", "x")
    request.patient = False
    assert bench.act(request) == WAIT
    assert len(bench.approvals) == 1, "it is asked about again"


def test_what_was_approved_on_other_grounds_does_not(bench: Bench) -> None:
    request = bench.request("touch", "x")
    request.grant = Grant.of(bench.request("touch", "y"))
    assert bench.act(request) == "finish"
    status, message = refusal(request)
    assert status == 77
    assert message.endswith("has changed meanwhile; run it again to ask again")
    assert not request.covered


def test_a_redirect_puts_its_target_in_the_place_and_begins_again(bench: Bench) -> None:
    request = bench.request("unlink", "a b", "")
    asked, decision = request.asked, request.decision
    assert bench.act(request) == "locate"
    assert request.command is not None
    assert unblock(request.command.arguments) == [b"mv", b"-t", b"/trash", b"a b", b""]
    assert (request.base, request.asked, request.decided) == ("mv", asked, decision)


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("rmdir", "x"), r"redirects to what rule away \(\S+\) redirects again$"),
        (("shred", "x"), r"redirects to what rule no-rm \(\S+\) would not let run: Not that\.$"),
    ],
)
def test_a_target_that_may_not_run_is_denied(bench: Bench, argv: tuple[str, ...], why: str) -> None:
    request = redirected(bench, *argv)
    assert bench.act(request) == "finish"
    status, message = refusal(request)
    assert status == 126
    assert re.search(why, message)


def test_the_shorter_timeout_of_redirect_and_target_counts(bench: Bench) -> None:
    request = redirected(bench, "unlink", "x")
    assert bench.act(request) == GO_ON
    assert request.decision.timeout_ms == 3000
    assert request.decision.rule == "away"


def redirected(bench: Bench, *argv: str) -> Request:
    """A request that was redirected, its target decided."""
    request = bench.request(*argv)
    assert bench.act(request) == "locate"
    assert request.command is not None
    target = bench.request(*(os.fsdecode(word) for word in unblock(request.command.arguments)))
    request.decision, request.decisions = target.decision, target.decisions
    return request


@pytest.mark.parametrize("argv", [("ls",), ("rm",), ("touch",), ("unlink", "x")])
def test_who_only_asks_is_told_the_decision_and_nothing_happens(bench: Bench, argv: tuple[str, ...]) -> None:
    request = bench.request(*argv, kind=Type.EVALUATE)
    assert bench.act(request) == "finish"
    assert request.refusal is None
    assert request.result["decision"] == request.decision.action.word
    assert request.redirected is None
    assert len(bench.approvals) == 0


@pytest.mark.parametrize(
    ("argv", "status"), [(("ls",), None), (("rm",), 126), (("touch",), 77), (("unlink", "x"), None)]
)
def test_a_script_that_asks_is_told_by_the_status(bench: Bench, argv: tuple[str, ...], status: int | None) -> None:
    request = bench.request(*argv, kind=Type.EVALUATE)
    assert request.command is not None
    request.command.lines = True
    assert bench.act(request) == "finish"
    assert (None if request.refusal is None else request.refusal[0]) == status
    assert request.result is None
