"""Where agents' sessions began: the first word of an agent's own process holds, whatever is said later."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import MARKER

from safeshell.daemon.sources import sessions as module
from safeshell.daemon.sources.sessions import Sessions
from safeshell.host.process import ancestry
from safeshell.policy.context import Context

AGENT = "import subprocess, sys; subprocess.run(sys.argv[1:], check=False)"
"""A program that runs what it is given and waits; it is no shell."""

LAST = "import sys; print(__import__('os').getpid(), flush=True); sys.stdin.read()"


@pytest.fixture
def tree() -> Iterator[Callable[..., int]]:
    """Starts programs, each the child of the one before, and gives the last one's pid."""
    started: list[subprocess.Popen[str]] = []

    def start(*programs: list[str], **variables: str) -> int:
        last = ["/usr/bin/python3", "-c", LAST]
        argv = [word for program in programs for word in program] + last
        environment = {"PATH": os.environ["PATH"], **variables}
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
        )
        started.append(process)
        assert process.stdout is not None
        return int(process.stdout.readline())

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def agent(program: str = "/usr/bin/python3") -> list[str]:
    return [program, "-c", AGENT]


SHELL = ["/bin/sh", "-c", '"$@"; exit', "sh"]


def test_a_session_began_where_its_first_hook_said(tree: Callable[..., int]) -> None:
    known, pid = Sessions(), tree(agent(), SHELL)
    assert known.of_hook(pid, "s", b"/work") == b"/work"
    assert known.of_hook(pid, "s", b"/") == b"/work"
    assert known.of_hook(pid, "other", b"/other") == b"/other"  # another session of the same process
    assert known.of_hook(pid, "other", b"/") == b"/other"
    assert known.of_command(pid, Context(), b"/elsewhere") == b"/work"


def test_each_agents_process_has_its_own(tree: Callable[..., int]) -> None:
    known, one, two = Sessions(), tree(agent(), SHELL), tree(agent(), SHELL)
    assert known.of_hook(one, "s", b"/one") == b"/one"
    assert known.of_hook(two, "s", b"/two") == b"/two"
    assert known.of_command(os.getpid(), Context(), b"/mine") == b"/mine"


def test_an_agent_that_an_agent_starts_stays_in_its_project(tree: Callable[..., int]) -> None:
    known, pid = Sessions(), tree(agent(), SHELL, agent(), SHELL)
    outer = [process for process in ancestry.lineage(pid) if module._program(process.pid).startswith(b"python")][2]
    assert known.of_hook(next(_children(outer.pid)), "s", b"/work") == b"/work"
    assert known.of_hook(pid, "inner", b"/") == b"/work"


def _children(pid: int) -> Iterator[int]:
    yield from map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def test_without_a_hook_it_is_the_first_directory_that_was_seen(tree: Callable[..., int]) -> None:
    known, pid = Sessions(), tree(agent(), SHELL, CLAUDECODE="1")
    assert known.of_command(pid, Context(), b"/first") == b"/first"
    assert known.of_command(pid, Context(), b"/second") == b"/first"


def test_a_persons_command_has_no_session_but_its_own(tree: Callable[..., int]) -> None:
    known, pid, context = Sessions(), tree(agent(), SHELL), Context([MARKER])  # the tests' own agent is none here
    assert known.of_command(pid, context, b"/first") == b"/first"
    assert known.of_command(pid, context, b"/second") == b"/second"


def test_what_inherits_orphans_is_no_agent(tree: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    known, pid = Sessions(), tree(agent())
    monkeypatch.setattr(module, "_program", lambda _: b"systemd")
    assert known.of_hook(pid, "s", b"/one") == b"/one"
    assert known.of_hook(pid, "s", b"/two") == b"/two"
    assert known._began == {}


def test_of_many_the_ended_and_then_the_oldest_are_forgotten(
    tree: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SESSIONS_MAX", 3)
    known, pid = Sessions(), tree(agent())
    known._began[(2**22 + 1, 7), ""] = b"/ended"
    for number in range(4):
        known.of_hook(pid, f"s{number}", b"/%d" % number)
    assert len(known._began) == 3
    assert b"/ended" not in known._began.values()
    assert known.of_hook(pid, "s3", b"/") == b"/3"
