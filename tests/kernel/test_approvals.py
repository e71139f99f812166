"""Approvals in the kernel tier: a shell waits for its command; where more would stand still, it is denied first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.terminal import Terminal
from e2e.test_hooks import PIN, person, waiting
from harness import PATH, PATIENCE_S, SAFESHELL, Daemon, enroll, environment
from kernel.conftest import Strict

from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - {name: ask, commands: [touch], conditions: [{command_contains: secret}], action: require_approval, message: Ask.}
"""

pytestmark = pytest.mark.rules(RULES)


@pytest.fixture(autouse=True)
def enrolled(keeper: str, daemon: Daemon, shims: Home) -> Home:
    """The home, with a PIN."""
    assert keeper
    assert daemon.pid
    enroll(shims, PIN)
    return shims


def start(home: Home, script: str, where: Path) -> subprocess.Popen[bytes]:
    """A shell's script in the tier."""
    return subprocess.Popen(
        [SAFESHELL, "run", "--strict", "--", "sh", "-c", script],
        env={**environment(home), "PATH": PATH},
        cwd=where,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def answer(home: Home, verdict: str) -> None:
    """A person's, at a terminal."""
    with person(home, verdict, str(waiting(home)["id"])) as terminal:
        assert terminal.process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize(("verdict", "status"), [("approve", b"0\n"), ("deny", b"126\n")])
def test_what_a_shell_starts_waits_for_a_person(enrolled: Home, tmp_path: Path, verdict: str, status: bytes) -> None:
    with start(enrolled, "touch secret; echo $?", tmp_path) as started:
        answer(enrolled, verdict)
        out, err = started.communicate(timeout=PATIENCE_S)
    assert out == status
    assert b"rule ask" in err
    assert (tmp_path / "secret").exists() == (verdict == "approve")


def test_others_go_on_meanwhile(enrolled: Home, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "done")
    with start(enrolled, "touch secret & ls >/dev/null && echo x >done; wait", tmp_path) as started:
        assert (tmp_path / "done").read_text(encoding="ascii") == "x\n"
        answer(enrolled, "deny")
        started.communicate(timeout=PATIENCE_S)


def test_where_more_would_stand_still_it_is_denied_with_the_number_and_passes_once_approved(
    strict: Strict, enrolled: Home, place: Path
) -> None:
    script = "import subprocess; subprocess.run(['touch', 'secret'], check=False)"
    done = strict('"$PYTHON" -c "$SCRIPT"', PYTHON=sys.executable, SCRIPT=script)
    assert "PermissionError" in done.stderr
    number = done.stderr.partition("approvals approve ")[2].split("`", 1)[0].split()[0]
    with person(enrolled, "approve", number) as terminal:
        assert terminal.process.wait(PATIENCE_S) == 0
    assert not (place / "secret").exists()
    assert strict('"$PYTHON" -c "$SCRIPT"', PYTHON=sys.executable, SCRIPT=script).returncode == 0
    assert (place / "secret").exists()
    (place / "secret").unlink()
    assert strict('"$PYTHON" -c "$SCRIPT"', PYTHON=sys.executable, SCRIPT=script).returncode == 1  # it was for once


@pytest.mark.needs("bash")
def test_a_key_ends_the_wait(enrolled: Home, tmp_path: Path) -> None:
    env = {**environment(enrolled), "PATH": PATH, "PS1": "$ ", "HOME": str(tmp_path)}
    with Terminal(SAFESHELL, "run", "--strict", "--", "bash", "--norc", "-i", env=env, cwd=str(tmp_path)) as terminal:
        terminal.expect(r"\$ ")
        terminal.type("touch secret\r")
        terminal.expect(r"waiting up to")
        terminal.type("\x03")
        terminal.expect(r"\$ ")
        terminal.type("echo still $((1 + 1))\r")
        terminal.expect(r"still 2")
        terminal.type("exit\r")
        assert terminal.process.wait(PATIENCE_S) in (0, 130)
    assert not (tmp_path / "secret").exists()
