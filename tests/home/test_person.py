"""Who asks, of real processes: their environments, ancestors and sessions as the kernel has them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from harness import MARKER, PATH, until

from safeshell.home.paths import Home
from safeshell.home.person import agent_asks, agents_process, what_shows
from safeshell.policy.context import Context

CONTEXT = Context([MARKER])
MARKED = {MARKER: "1"}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def shell(stack: ExitStack, script: str, env: dict[str, str] | None = None) -> tuple[int, int]:
    """A shell in a session of its own that prints a pid once that is a `sleep`; its own pid, and that one."""
    process = stack.enter_context(
        subprocess.Popen(
            ["sh", "-c", script],
            env={"PATH": PATH, **(env or {})},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    )
    stack.callback(process.kill)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    until(lambda: sleeps(pid), "the sleep")
    stack.callback(os.kill, pid, signal.SIGKILL)
    return process.pid, pid


def sleeps(pid: int) -> bool:
    with open(f"/proc/{pid}/cmdline", "rb") as stream:
        return stream.read().split(b"\0")[0].endswith(b"sleep")


def test_a_persons_process_is_nobodys_agent(stack: ExitStack) -> None:
    _, child = shell(stack, "sleep 60 & echo $!; wait")
    assert agents_process(child, CONTEXT) == 0


@pytest.mark.parametrize("marked", [MARKED, {"SAFESHELL_CONTEXT": "ai"}])
@pytest.mark.parametrize(
    "script",
    [
        f"unset {MARKER} SAFESHELL_CONTEXT; sleep 60 & echo $!; wait",
        "env -i /bin/sleep 60 & echo $!; wait",
        # Descends from nobody any more, but is in the session of a shell that lives.
        "env -i /bin/sh -c '/bin/sleep 60 & echo $!'; sleep 60",
    ],
)
def test_s8_what_an_agent_starts_is_an_agents_whatever_its_own_environment(
    stack: ExitStack, script: str, marked: dict[str, str]
) -> None:
    parent, child = shell(stack, script, marked)
    assert agents_process(child, CONTEXT) == parent


@pytest.mark.parametrize("name", ["codex", "python3 codex.py"])
def test_s8_the_agents_program_is_known_where_its_shell_has_replaced_itself(
    stack: ExitStack, name: str, tmp_path: Path
) -> None:
    """As `bash -c 'unset CODEX_CI; touch x'` does: nothing that had the marker is left."""
    run = "env -i /bin/sleep 60 & echo $!; wait"
    if name == "codex":
        os.symlink("/bin/sh", tmp_path / "codex")
        argv = [str(tmp_path / "codex"), "-c", run]
    else:
        (tmp_path / "codex.py").write_text(f"import subprocess\nsubprocess.run({run!r}, shell=True)\n")
        argv = [sys.executable, str(tmp_path / "codex.py")]
    agent = stack.enter_context(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True))
    stack.callback(agent.kill)
    assert agent.stdout is not None
    child = int(agent.stdout.readline())
    stack.callback(os.kill, child, signal.SIGKILL)
    until(lambda: sleeps(child), "the sleep")
    context = Context(["CODEX_THREAD_ID"])
    assert agents_process(child, context) == agent.pid
    assert what_shows(agent.pid, context) == "is an agent's program"
    assert agents_process(child, CONTEXT) == 0, "a home that names other markers knows no codex"


def test_an_agents_own_process_is_named(stack: ExitStack) -> None:
    _, child = shell(stack, f"{MARKER}=1 sleep 60 & echo $!; wait")
    assert agents_process(child, CONTEXT) == child


def test_another_homes_markers_are_anothers(stack: ExitStack) -> None:
    _, child = shell(stack, "sleep 60 & echo $!; wait", MARKED)
    assert agents_process(child, Context(["ANOTHER"])) == 0


def test_this_very_process_counts_as_it_is_now(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not agent_asks(home)
    monkeypatch.setenv(MARKER, "1")
    assert agent_asks(home) == os.getpid()


def test_without_tables_the_known_markers_count(tmp_path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")
    assert agent_asks(Home(str(tmp_path))) == os.getpid()
