"""The monitor for real: a daemon, shims, an agent, and people at terminals of their own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from e2e.terminal import Terminal
from harness import PATH, SAFESHELL, Daemon, enroll, environment, run, running_daemon, safeshell
from monitor.screen import SeenTerminal

from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - name: ask-to-force
    commands: [git]
    conditions: [{command_matches: 'push\\b.*--force'}]
    action: require_approval
    message: Force-pushing rewrites what others have pulled.
  - name: ask-to-touch
    commands: [touch]
    conditions: [{command_contains: secret}]
    action: require_approval
    message: Ask first.
"""
PIN = "correct horse"
AGENT = {"SAFESHELL_CONTEXT": "ai"}

# Whoever runs the tests may be an agent, whose children may not answer: here another marker tells one.
pytestmark = [pytest.mark.rules(RULES), pytest.mark.config("agents: {markers: [TESTED_AGENT]}\n")]


def at_terminal(home: Home, *argv: str) -> SeenTerminal:
    return SeenTerminal(SAFESHELL, *argv, env={**environment(home), "PATH": PATH}, cwd=home.root)


@contextmanager
def monitor(home: Home, *options: str) -> Iterator[SeenTerminal]:
    """A monitor, at a terminal at which the test could type: the PIN is asked for each time."""
    with at_terminal(home, "monitor", *options) as person:
        person.sees("connected")
        yield person


def open_dialog(person: SeenTerminal, number: int) -> None:
    """Asks how to approve the first that waits."""
    person.press("down")
    person.sees("asked by an agent")
    person.press("a")
    person.sees(f"Approve {number}?")


def give_pin(person: SeenTerminal, number: int, then: str) -> None:
    """Types the PIN that one answer takes."""
    person.sees(f"PIN for {number}")
    person.press(PIN)
    person.until_taken("enter", then)


def approve(person: SeenTerminal, number: int) -> None:
    """Approves the first that waits, once."""
    open_dialog(person, number)
    person.press_once("y", f"PIN for {number}")
    give_pin(person, number, f"{number} approved here")


@contextmanager
def asking(home: Home, *argv: str, cwd: str | None = None) -> Iterator[subprocess.Popen[str]]:
    """An agent's command."""
    process = subprocess.Popen(
        argv,
        env=environment(home, AGENT),
        cwd=cwd or home.root,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def enrolled(daemon: Daemon) -> Home:
    enroll(daemon.home, PIN)
    return daemon.home


@pytest.fixture
def repository(tmp_path: Path) -> str:
    top = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "far"], check=True)
    subprocess.run(["git", "init", "-q", "-b", "main", top], check=True)
    author = ["-c", "user.name=a", "-c", "user.email=a@b", "-C", str(top)]
    subprocess.run(["git", *author, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run(["git", "-C", top, "remote", "add", "origin", tmp_path / "far"], check=True)
    return str(top)


def test_denied_with_words_then_approved_once_and_asked_again(enrolled: Home, shims: Home, repository: str) -> None:
    push = ["git", "push", "-q", "--force", "origin", "main"]
    with monitor(enrolled) as person:
        with asking(shims, *push, cwd=repository) as agent:
            person.sees("agent   git push -q --force origin main")
            person.press("down")
            person.sees("branch main", "ask-to-force", "Force-pushing rewrites", f"pid {agent.pid}")
            person.press("d")
            person.sees("Deny 1?")
            person.press("not on a Friday")
            person.until_taken("enter", "PIN for 1")
            give_pin(person, 1, "1 denied here: not on a Friday")
            _, said = agent.communicate(timeout=20)
            assert agent.returncode == 77
            assert "not on a Friday" in said
        with asking(shims, *push, cwd=repository) as agent:
            person.sees("   2 ")
            approve(person, 2)
            _, said = agent.communicate(timeout=20)
            assert agent.returncode == 0, said
        with asking(shims, *push, cwd=repository):
            person.sees("   3 ", "Waiting for approval: 1")
        person.sees("3 withdrawn", "nothing waits")
        person.press("q")
        assert person.finish() == 0


def test_several_monitors_and_one_that_comes_late(enrolled: Home, shims: Home) -> None:
    with (
        monitor(enrolled) as one,
        asking(shims, "touch", "secret") as agent,
        monitor(enrolled) as other,
        monitor(enrolled, "--no-pin") as watcher,
    ):
        for person in (one, other, watcher):
            person.sees("agent   touch secret")
        watcher.press("down", "a")
        watcher.sees("1 is an agent's: the PIN is asked for each time")
        open_dialog(other, 1)
        approve(one, 1)
        agent.communicate(timeout=20)
        assert agent.returncode == 0
        other.sees(f"approved by process {one.process.pid}. Escape closes this.")
        watcher.sees(f"1 approved by process {one.process.pid}")
        for person in (one, watcher):
            person.press("q")
            assert person.finish() == 0


def test_s9_keys_that_another_types_approve_nothing(enrolled: Home, shims: Home) -> None:
    """As `tmux send-keys` does: whoever holds the other end of the terminal, here the test, doesn't know the PIN."""
    with at_terminal(enrolled, "monitor") as person, asking(shims, "touch", "secret") as agent:
        person.sees("the PIN is asked for each", "could type at this terminal", "agent   touch secret")
        open_dialog(person, 1)
        person.press_once("y", "PIN for 1")
        person.press("guess")
        person.until_taken("enter", "1 was not answered: wrong PIN")
        assert agent.poll() is None
        person.press("a")
        person.sees("Approve 1?")
        person.press_once("y", "PIN for 1")
        give_pin(person, 1, "1 approved here")
        agent.communicate(timeout=20)
        assert agent.returncode == 0
        with asking(shims, "touch", "secret") as again:
            person.sees("   2 ")
            open_dialog(person, 2)
            person.press_once("y", "PIN for 2")
            assert again.poll() is None, "the PIN was for one answer"


@pytest.mark.usefixtures("shims")
def test_it_survives_a_restart(home: Home) -> None:
    enroll(home, PIN)
    with running_daemon(home):
        person = at_terminal(home, "monitor")
        person.sees("can be answered here")
    with person:
        person.sees("no daemon", "safeshell daemon start")
        with running_daemon(home):
            person.sees("can be answered here", without="no daemon")
            with asking(home, "touch", "secret") as agent:
                person.sees("agent   touch secret")
                approve(person, 1)
                agent.communicate(timeout=20)
                assert agent.returncode == 0
            person.press("q")
            assert person.finish() == 0


@pytest.mark.usefixtures("daemon")
def test_decisions_go_by(shims: Home) -> None:
    with monitor(shims) as person:
        person.sees("connected")
        run(shims, "touch", "other")
        person.sees("touch other")


def test_it_takes_a_terminal(home: Home) -> None:
    done = safeshell(home, "monitor")
    assert done.returncode == 1
    assert "takes a terminal" in done.stderr
    assert "safeshell approvals list" in done.stderr
    assert "safeshell log --follow" in done.stderr
    with SeenTerminal(
        "/usr/bin/env", "TERM=dumb", SAFESHELL, "monitor", env=environment(home), cwd=home.root
    ) as person:
        person.expect("takes a terminal")
        assert person.finish() == 1


def test_a_terminal_that_goes_away_ends_it(home: Home) -> None:
    with at_terminal(home, "monitor") as person:
        person.sees("no daemon")
        assert person.hang_up() != 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_the_terminal_is_as_it_was(home: Home, number: signal.Signals) -> None:
    with at_terminal(home, "monitor") as person:
        person.sees("no daemon")
        person.process.send_signal(number)
        assert person.finish() == 0
        assert_as_it_was(person, person._shown)


def assert_as_it_was(person: SeenTerminal, said: bytes) -> None:
    assert said.rfind(b"\x1b[?1049l") > said.rfind(b"\x1b[?1049h")
    lflag = termios.tcgetattr(person._master)[3]
    assert lflag & termios.ICANON
    assert lflag & termios.ECHO


def test_a_bug_is_a_line_and_a_file_and_the_terminal_is_as_it_was(home: Home) -> None:
    program = """
import safeshell.cli.main
from safeshell.monitor.events import Settled
from safeshell.monitor.feed import LiveFeed
LiveFeed.start = lambda feed, deliver: deliver(object.__new__(Settled))
safeshell.cli.main.main()
"""
    env = {**environment(home), "TMPDIR": home.root}
    with SeenTerminal(sys.executable, "-c", program, "monitor", env=env, cwd=home.root) as person:
        said = person.expect(r"this is a bug; the traceback is in \S+\.log")
        assert person.finish() == 70
        assert b"Traceback" not in said
        assert_as_it_was(person, said)


@pytest.mark.parametrize("module", ["safeshell.cli.main", "safeshell.cli.monitor", "safeshell.daemon.start"])
def test_nothing_but_the_monitor_itself_waits_for_textual(module: str) -> None:
    program = f"import sys, {module}; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=True)
    assert done.stdout == b"False\n"


def test_three_terminals_play_it_through(enrolled: Home, shims: Home, repository: str, tmp_path: Path) -> None:
    """An agent at the first, the monitor at the second, a person who answers at the third; each is recorded."""
    push = "git push -q --force origin main; echo ended with $?\r"
    shell = ["/bin/bash", "--norc", "--noprofile", "-i"]
    environ = {**environment(shims, AGENT), "PS1": "agent$ ", "HISTFILE": ""}

    def answer(*words: str) -> bytes:
        with at_terminal(enrolled, "approvals", *words) as person:
            person.expect("PIN: ")
            person.type(f"{PIN}\r")
            shown = person.expect("approved|denied")
            assert person.finish() == 0
            return shown

    recorded: dict[str, bytes] = {"agent": b"", "person": b""}
    with monitor(enrolled) as watching, Terminal(*shell, env=environ, cwd=repository) as agent:
        agent.expect(r"agent\$ ")
        agent.type(push)
        recorded["agent"] += agent.expect("waiting up to 100 s")
        watching.sees("agent   git push -q --force origin main")
        recorded["person"] += answer("deny", "1", "not", "on", "a", "Friday")
        recorded["agent"] += agent.expect("ended with 77")
        watching.sees("1 denied")

        agent.type(push)
        recorded["agent"] += agent.expect("approvals approve 2")
        watching.sees("Waiting for approval: 1")
        recorded["person"] += answer("approve", "2")
        recorded["agent"] += agent.expect("ended with 0")

        agent.type(push)
        recorded["agent"] += agent.expect("approvals approve 3")
        watching.sees("Waiting for approval: 1")
        agent.type("\x03")
        watching.sees("3 withdrawn")
        watching.press("q")
        assert watching.finish() == 0
    for name, shown in recorded.items():
        (tmp_path / f"{name}.recording").write_bytes(shown)
    assert b"a person denied it: not on a Friday" in recorded["agent"]
    assert re.findall(rb"ended with (\d+)", recorded["agent"]) == [b"77", b"0"]
    far = ["git", "-C", str(tmp_path / "far"), "rev-parse", "main"]
    assert subprocess.run(far, capture_output=True, check=False).returncode == 0
