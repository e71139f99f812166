"""Who may answer, of real processes: terminals, sessions, ancestors and their environments as the kernel has them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from e2e.terminal import Terminal
from harness import PATH, until

from safeshell.daemon.approvals.eligibility import why_not_eligible
from safeshell.host.process import ancestry
from safeshell.host.process.own import Own

MARKERS = ("TESTED_AGENT",)
ENV = {"PATH": PATH}

AT_TERMINAL = (
    "import os, pty; pid, _ = pty.fork(); pid or os.execvp('sleep', ['sleep', '60']); print(pid, flush=True); {}"
)
"""A process with a child that has a session and a terminal of its own."""


@pytest.fixture(scope="module")
def own() -> Own:
    return Own.read()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture
def requester(stack: ExitStack) -> int:
    """Who asks: in a session of its own, without a terminal."""
    return start(stack, "sleep", "60").pid


def start(stack: ExitStack, *argv: str) -> subprocess.Popen[str]:
    process = stack.enter_context(
        subprocess.Popen(argv, env=ENV, stdout=subprocess.PIPE, text=True, start_new_session=True)
    )
    stack.callback(process.kill)
    return process


def sit(stack: ExitStack, *argv: str, env: dict[str, str] | None = None) -> int:
    """A program at a terminal, once it is that program."""
    pid = stack.enter_context(Terminal(*argv, env={**ENV, **(env or {})}, cwd="/")).process.pid
    until(lambda: runs(pid, argv[-2]), f"{argv[-2]}")
    return pid


def runs(pid: int, name: str) -> bool:
    with open(f"/proc/{pid}/cmdline", "rb") as stream:
        return stream.read().startswith(name.encode() + b"\0")


def why_not(pid: int, requester: int | None, own: Own) -> str:
    asker = None if requester is None else ancestry.read(requester)
    descriptor = os.pidfd_open(pid)
    try:
        return why_not_eligible(pid, descriptor, asker, own, MARKERS)
    finally:
        os.close(descriptor)


def test_a_person_at_another_terminal_may(stack: ExitStack, requester: int, own: Own) -> None:
    person = sit(stack, "sleep", "60")
    assert why_not(person, requester, own) == ""
    assert why_not(person, None, own) == ""


def test_who_has_no_terminal_may_not(stack: ExitStack, requester: int, own: Own) -> None:
    other = start(stack, "sleep", "60")
    assert why_not(other.pid, requester, own) == "who answers has no terminal"


def test_who_is_in_the_session_of_who_asked_may_not(stack: ExitStack, own: Own) -> None:
    person = sit(stack, "sleep", "60")
    assert why_not(person, person, own) == "who answers is in the session of who asked"


def test_who_descends_from_who_asked_may_not_even_at_a_terminal_of_its_own(stack: ExitStack, own: Own) -> None:
    asking = start(stack, sys.executable, "-IS", "-c", AT_TERMINAL.format("import time; time.sleep(60)"))
    assert asking.stdout is not None
    child = int(asking.stdout.readline())
    until(lambda: runs(child, "sleep"), "the child")
    assert os.getsid(child) == child
    assert why_not(child, asking.pid, own) == "who answers is in the session of who asked"
    stack.callback(os.kill, child, 9)


@pytest.mark.parametrize("inside", [{"TESTED_AGENT": "1"}, {"SAFESHELL_CONTEXT": "ai"}])
def test_who_runs_inside_an_agent_may_not(stack: ExitStack, requester: int, own: Own, inside: dict[str, str]) -> None:
    agent = sit(stack, "sleep", "60", env=inside)
    said = f"who answers runs inside an agent: process {agent} was started with an agent's environment"
    assert why_not(agent, requester, own) == said


def test_an_ancestor_that_is_an_agents_counts_where_the_environment_was_cleaned(
    stack: ExitStack, requester: int, own: Own
) -> None:
    script = "env -u TESTED_AGENT sleep 60 & echo $!; wait"
    agent = stack.enter_context(Terminal("sh", "-c", script, env={**ENV, "TESTED_AGENT": "1"}, cwd="/"))
    child = int(agent.expect(r"\d+\r\n"))
    until(lambda: runs(child, "sleep"), "the child")
    stack.callback(os.kill, child, 9)
    assert f"process {agent.process.pid} was started with" in why_not(child, requester, own)


@pytest.mark.needs("setpriv")
def test_who_is_confined_may_not(stack: ExitStack, requester: int, own: Own) -> None:
    person = sit(stack, "setpriv", "--no-new-privs", "sleep", "60")
    assert why_not(person, requester, own) == "who answers is confined: no_new_privs"


@pytest.mark.needs("setpriv", "root")
def test_another_user_is_who_the_socket_lets_in(stack: ExitStack, requester: int, own: Own) -> None:
    """Root, for a daemon of a user; here it is the other way round, which the kernel tells in the same word."""
    other = sit(stack, "setpriv", "--reuid=65534", "--clear-groups", "--regid=65534", "sleep", "60")
    assert why_not(other, requester, own) == ""


def test_who_has_gone_may_not(stack: ExitStack, own: Own) -> None:
    gone = start(stack, "true")
    descriptor = os.pidfd_open(gone.pid)
    gone.wait()
    assert why_not_eligible(gone.pid, descriptor, None, own, MARKERS) == "who answers is gone"
    os.close(descriptor)


def test_who_asked_is_known_by_when_it_was_started_not_by_its_number_alone(stack: ExitStack, own: Own) -> None:
    person = sit(stack, "sleep", "60")
    asker = ancestry.read(person)
    assert asker is not None
    earlier = asker._replace(session=-1, started=asker.started - 1)
    descriptor = os.pidfd_open(person)
    assert why_not_eligible(person, descriptor, earlier, own, MARKERS) == ""
    same = asker._replace(session=-1)
    assert why_not_eligible(person, descriptor, same, own, MARKERS) == "who answers was started by who asked"
    os.close(descriptor)
