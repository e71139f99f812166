"""What an approval covers beyond the one command that asked, and what it never does; sessions are real processes'."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from daemon.asking import AGENT, Client, ask, compiled

from safeshell.daemon.approvals.grants import GRANTS_MAX, Grant, Grants, shortest_prefix
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.request import Request
from safeshell.policy.decision import Action
from safeshell.policy.decision_cache import Policy

RULES = """\
  - {name: force, commands: [git], conditions: [{command_contains: push}], action: require_approval, message: m}
  - {name: secret, commands: [touch], conditions: [{command_contains: secret}], action: require_approval, message: m}
  - {name: tree, commands: [rm], conditions: [{operand_under: [/work]}], action: require_approval, message: m}
  - {name: ci, commands: [make], conditions: [{env_equals: {variable: CI, value: '1'}}], action: require_approval,
     message: m}
  - {name: wraps, commands: [timeout], action: require_approval, message: m}
  - {name: no-main, commands: [git], conditions: [{command_contains: main}], action: deny, message: m}
"""

Asking = Callable[..., Request]


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    return compiled(tmp_path, RULES)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture
def asking(stack: ExitStack, policy: Policy) -> Asking:
    """Makes requests of a command: by this process, or by another one."""
    loop = Loop()
    stack.callback(loop.close)

    def make(*argv: str, pid: int | None = None, **options: object) -> Request:
        client = Client(loop, pid)
        stack.callback(client.close)
        return ask(client, policy, *argv, **options)  # type: ignore[arg-type] # passed on as they come

    return make


@pytest.fixture
def grants() -> Grants:
    return Grants()


@pytest.fixture
def session(stack: ExitStack) -> tuple[subprocess.Popen[str], int]:
    """A session's leader, and a process in it."""
    leader = subprocess.Popen(
        ["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    stack.enter_context(leader)
    stack.callback(leader.kill)
    assert leader.stdout is not None
    member = int(leader.stdout.readline())
    stack.callback(os.kill, member, signal.SIGKILL)
    return leader, member


def test_nothing_is_covered_before_anything_was_approved(grants: Grants, asking: Asking) -> None:
    assert not grants.covers(asking("git", "push"))


def test_for_a_while_it_is_the_same_command_only(
    grants: Grants, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    grants.remember(asking("git", "push", "x"), prefix=0, seconds=300)
    assert grants.covers(asking("git", "push", "x"))
    assert grants.covers(asking("git", "push", "x")), "more than once"
    for other in (("git", "push"), ("git", "push", "x", "y"), ("git", "push", "z")):
        assert not grants.covers(asking(*other)), other
    now[0] += 300
    assert not grants.covers(asking("git", "push", "x"))


@pytest.mark.parametrize(
    "other",
    [{"directory": b"/elsewhere"}, {"environment": [AGENT + b"=1"]}, {"environment": [b"SAFESHELL_CONTEXT=ai"]}],
)
def test_another_directory_or_who_asks_is_another_request(
    grants: Grants, asking: Asking, other: dict[str, object]
) -> None:
    grants.remember(asking("git", "push"), prefix=0, seconds=300)
    assert not grants.covers(asking("git", "push", **other))


def test_a_variable_that_no_rule_reads_is_no_other_request(grants: Grants, asking: Asking) -> None:
    grants.remember(asking("git", "push"), prefix=0, seconds=300)
    assert grants.covers(asking("git", "push", environment=[b"CI=1"]))


def test_edited_rules_ask_again(grants: Grants, asking: Asking, stack: ExitStack, tmp_path: Path) -> None:
    grants.remember(asking("git", "push"), prefix=0, seconds=300)
    edited = compiled(tmp_path, RULES.replace("message: m}", "message: other}"))
    loop = Loop()
    stack.callback(loop.close)
    client = Client(loop)
    stack.callback(client.close)
    assert not grants.covers(ask(client, edited, "git", "push"))


def test_a_prefix_covers_what_begins_so(grants: Grants, asking: Asking) -> None:
    grants.remember(asking("git", "push", "origin", "x"), prefix=2, seconds=300)
    assert grants.covers(asking("git", "push"))
    assert grants.covers(asking("git", "push", "elsewhere", "--force"))
    assert not grants.covers(asking("git", "-C", "/", "push"))
    assert not grants.covers(asking("git", "pushy"))


def test_a_prefix_leaves_out_what_only_the_operands_tell(grants: Grants, asking: Asking) -> None:
    grants.remember(asking("rm", "-r", "/work/a"), prefix=2, seconds=300)
    assert grants.covers(asking("rm", "-r", "/work/b"))
    same = Grants()
    same.remember(asking("rm", "-r", "/work/a"), prefix=0, seconds=300)
    assert not same.covers(asking("rm", "-r", "/work/b"))


@pytest.mark.parametrize(
    ("argv", "words"),
    [(("git", "push"), 2), (("env", "-i", "A=1", "git", "push"), 5), (("timeout", "5", "env", "git", "push"), 5)],
)
def test_the_shortest_prefix_says_what_is_run_under_every_wrapper(
    asking: Asking, argv: tuple[str, ...], words: int
) -> None:
    assert shortest_prefix(asking(*argv)) == words


def test_for_a_session_it_is_who_asks_within_it_while_it_lasts(
    grants: Grants, asking: Asking, session: tuple[subprocess.Popen[str], int]
) -> None:
    leader, member = session
    grants.remember(asking("git", "push", pid=leader.pid), prefix=0, seconds=None)
    assert grants.covers(asking("git", "push", pid=member))
    assert not grants.covers(asking("git", "push"))
    leader.kill()
    leader.wait()
    assert not grants.covers(asking("git", "push", pid=member))
    assert grants._grants == [], "kept for a session that has the same number one day"


def test_for_a_session_that_has_ended_nothing_is_remembered(
    grants: Grants, asking: Asking, session: tuple[subprocess.Popen[str], int]
) -> None:
    leader, _member = session
    request, again = (asking("git", "push", pid=leader.pid) for _ in range(2))
    leader.kill()
    leader.wait()
    grants.remember(request, prefix=0, seconds=None)
    assert not grants.covers(again)


def test_the_oldest_are_forgotten(grants: Grants, asking: Asking) -> None:
    grants.remember(asking("git", "push", "first"), prefix=0, seconds=300)
    other = asking("git", "push", "other")
    for _ in range(GRANTS_MAX - 1):
        grants.remember(other, prefix=0, seconds=300)
    assert grants.covers(asking("git", "push", "first"))
    grants.remember(other, prefix=0, seconds=300)
    assert not grants.covers(asking("git", "push", "first"))


def test_what_ran_out_of_time_is_covered_once(grants: Grants, asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    grants.remember_once(asking("git", "push"), 600)
    assert not grants.covers(asking("git", "push", "x"))
    assert grants.covers(asking("git", "push"))
    assert not grants.covers(asking("git", "push"))
    grants.remember_once(asking("git", "push"), 600)
    now[0] += 600
    assert not grants.covers(asking("git", "push"))


def test_a_grant_is_of_what_the_caller_sees(asking: Asking) -> None:
    request = asking("git", "push")
    grant = Grant.of(request)
    assert grant.covers(request)
    request.same_view = False
    assert not grant.covers(request)


# Inside what was approved


def test_inside_a_wrapper_each_command_runs_once(
    grants: Grants, asking: Asking, session: tuple[subprocess.Popen[str], int]
) -> None:
    leader, member = session
    grants.open_inside(asking("env", "touch", "secret"), leader.pid)
    assert not grants.covers(asking("touch", "secret")), "not below it"
    assert not grants.covers(asking("touch", "secret2", pid=member)), "another one"
    assert not grants.covers(asking("touch", "secret", pid=member, directory=b"/elsewhere"))
    assert grants.covers(asking("touch", "secret", pid=member))
    assert not grants.covers(asking("touch", "secret", pid=member))


def test_what_was_approved_itself_is_not_inside_it(
    grants: Grants, asking: Asking, session: tuple[subprocess.Popen[str], int]
) -> None:
    leader, member = session
    grants.open_inside(asking("git", "push"), leader.pid)
    assert not grants.covers(asking("git", "push", pid=member))
    request = asking("timeout", "5", "touch", "secret")
    assert [decision.action for decision in request.decisions] == [Action.REQUIRE_APPROVAL] * 2
    grants.open_inside(request, leader.pid)
    assert not grants.covers(asking("timeout", "5", "touch", "secret", pid=member))
    assert grants.covers(asking("touch", "secret", pid=member))


def test_inside_of_xargs_more_operands_may_follow_and_more_than_once(
    grants: Grants, asking: Asking, session: tuple[subprocess.Popen[str], int]
) -> None:
    leader, member = session
    grants.open_inside(asking("xargs", "touch", "secret"), leader.pid)
    for _ in range(2):
        assert grants.covers(asking("touch", "secret", "more", pid=member))
    assert not grants.covers(asking("touch", "more", "secret", pid=member))
    assert not grants.covers(asking("git", "push", pid=member))


def test_inside_ends_with_it(grants: Grants, asking: Asking, session: tuple[subprocess.Popen[str], int]) -> None:
    leader, member = session
    grants.open_inside(asking("env", "touch", "secret"), leader.pid)
    leader.kill()
    leader.wait()
    assert not grants.covers(asking("touch", "secret", pid=member))
