"""What takes the guard away takes a person: real commands, inside an agent and outside, with and without a PIN."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.terminal import Terminal
from harness import MARKER, PATH, SAFESHELL, Cli, Daemon, enroll, environment, sync_shims, until, wait_for, write

from safeshell.client import approvals, control
from safeshell.errors import UnreachableError
from safeshell.home.paths import Home
from safeshell.protocol import Type

PIN = "correct horse"

DEEDS = (
    ("daemon", "stop"),
    ("daemon", "stop", "--now"),
    ("daemon", "restart"),
    ("trash", "empty", "--yes"),
    ("trash", "empty", "--yes", "thing"),
    ("trash", "empty", "--older-than", "1s"),
    ("shims", "remove"),
    ("shims", "remove", "rm"),
)


@pytest.fixture
def guarded(daemon: Daemon) -> Iterator[Home]:
    """A home with all there is to take away."""
    home = daemon.home
    sync_shims(home)
    write(os.path.join(home.root, "w/thing"), "")
    env = {**environment(home), "PATH": PATH}
    subprocess.run([f"{SAFESHELL}-trash", "thing"], env=env, cwd=os.path.join(home.root, "w"), check=True)
    yield home
    with contextlib.suppress(UnreachableError):  # an heir, which is nobody's child any more
        pid = control(Type.STATUS, home=home)["pid"]
        if pid != daemon.pid:
            os.kill(pid, signal.SIGTERM)
            assert wait_for(pid)


def standing(home: Home) -> tuple[int, list[str], list[str], str]:
    """What guards: the daemon, the shims, what is in the trash, and how a daemon is started."""
    pid = control(Type.STATUS, home=home)["pid"]
    conf = Path(home.client_conf).read_text(encoding="utf-8")
    shims = [name for name in os.listdir(home.shims) if not name.startswith(".")]
    return pid, shims, os.listdir(os.path.join(home.trash, "files")), conf


def name_another(home: Home) -> None:
    """Has client.conf name another installation: this one's daemon is then another's."""
    conf = Path(home.client_conf)
    conf.write_text(conf.read_text(encoding="utf-8").replace("start=/", "start=/another/"), encoding="utf-8")


def recorded(home: Home) -> list[str]:
    with open(home.audit, encoding="ascii") as stream:
        return [record["approval"]["answer"] for record in map(json.loads, stream) if "approval" in record]


def test_u14_an_agent_without_a_pin_is_refused_and_told_what_sets_one(
    guarded: Home, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    name_another(guarded)
    before = standing(guarded)
    monkeypatch.setenv(MARKER, "1")
    for words in DEEDS:
        done = cli(*words)
        assert (done.status, done.out) == (77, "")
        (line,) = done.err.splitlines()
        assert "takes a person" in line
        assert "`safeshell approvals enroll`" in line
    assert standing(guarded) == before


@pytest.mark.parametrize("pin", [None, PIN])
def test_u14_an_agent_sets_no_pin_nor_changes_one(guarded: Home, pin: str | None) -> None:
    if pin:
        enroll(guarded, pin)
    before = Path(guarded.pin).read_bytes() if pin else None
    env = {**environment(guarded), "PATH": PATH, MARKER: "1"}
    with Terminal(SAFESHELL, "approvals", "enroll", env=env, cwd=guarded.root) as terminal:
        terminal.expect("`safeshell approvals enroll` takes a person")
        assert terminal.finish() == 77
    assert (Path(guarded.pin).read_bytes() if os.path.exists(guarded.pin) else None) == before


def as_agent(home: Home, script: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs a line of an agent's shell, which is not the line's last command."""
    return subprocess.run(
        ["sh", "-c", f"{script}; exit $?", "sh", *words],
        env={**environment(home), "PATH": f"{os.path.dirname(SAFESHELL)}:{PATH}", MARKER: "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )


def test_u14_an_agent_that_hides_is_known_by_its_ancestors_and_by_the_daemon(guarded: Home) -> None:
    before = standing(guarded)
    for line in (
        f"unset {MARKER}; safeshell daemon stop",
        'env -i SAFESHELL_HOME=$SAFESHELL_HOME SAFESHELL_CONTEXT=human "$(command -v safeshell)" trash empty --yes',
        # Without our command: its own word for it is none.
        f"""env -u {MARKER} python3 -c "
from safeshell.client import control
control({int(Type.STOP)}, 2)
" """,
    ):
        done = as_agent(guarded, line)
        assert done.returncode in (1, 77), done.stderr
        assert "takes a person" in done.stderr
        assert "`safeshell approvals enroll`" in done.stderr
    assert standing(guarded) == before
    until(lambda: recorded(guarded) == ["stop the daemon"], "the record of what the daemon refused")


def type_pin(home: Home, pin: str, *words: str) -> int:
    """Runs a command inside an agent, at a terminal, and types the PIN there; returns its exit status."""
    env = {**environment(home), "PATH": PATH, MARKER: "1"}
    with Terminal(SAFESHELL, *words, env=env, cwd=home.root) as terminal:
        terminal.expect("PIN: ")
        terminal.type(f"{pin}\r")
        return terminal.finish()


def test_u14_an_agents_takes_the_pin_and_is_recorded(guarded: Home) -> None:
    enroll(guarded, PIN)
    before = standing(guarded)
    assert type_pin(guarded, "wrong", "trash", "empty", "--yes") == 77
    assert standing(guarded) == before
    assert type_pin(guarded, PIN, "trash", "empty", "--yes") == 0
    assert type_pin(guarded, PIN, "shims", "remove") == 0
    assert standing(guarded)[1:3] == ([], [])
    name_another(guarded)
    assert type_pin(guarded, PIN, "daemon", "restart") == 0
    assert standing(guarded)[0] != before[0]
    assert standing(guarded)[3] == before[3]
    assert type_pin(guarded, PIN, "daemon", "stop", "--now") == 0
    assert recorded(guarded) == ["safeshell trash empty", *["permitted"] * 4]


def test_u14_without_a_terminal_the_pin_comes_by_stdin_or_not_at_all(guarded: Home) -> None:
    enroll(guarded, PIN)
    done = as_agent(guarded, "safeshell daemon stop")
    assert done.returncode == 77
    assert "no terminal to ask for the PIN at" in done.stderr
    done = as_agent(guarded, f"echo '{PIN}' | safeshell daemon stop --pin-stdin")
    assert (done.returncode, done.stderr) == (0, "stopped\n")
    done = as_agent(guarded, "safeshell daemon stop")
    assert (done.returncode, done.stderr) == (0, "not running\n")
    done = as_agent(guarded, f"echo '{PIN}' | safeshell shims remove --pin-stdin")  # starts a daemon, to check it
    assert (done.returncode, "- rm\n" in done.stdout) == (0, True)


def test_u14_the_pin_is_for_the_process_that_gave_it(guarded: Home) -> None:
    enroll(guarded, PIN)
    script = f"""
import os
from safeshell.client import approvals, control
assert approvals({{"do": "permit", "deed": "x", "pin": "{PIN}"}})["ok"]
if os.fork():
    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
control({int(Type.STOP)}, 2)
"""
    done = as_agent(guarded, f"python3 -c '{script}'")
    assert "PersonNeededError" in done.stderr
    assert control(Type.STATUS, home=guarded)["stopping"] is False


def test_u14_what_takes_nothing_away_takes_nobody(guarded: Home) -> None:
    for words in ("daemon restart", "shims list", "trash restore thing"):
        done = as_agent(guarded, f"safeshell {words}")
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("value", [{}, {"deed": ""}, {"deed": {}, "pin": PIN}, {"deed": "x" * 201, "pin": PIN}])
def test_a_permit_for_nothing_is_none(guarded: Home, value: dict[str, object]) -> None:
    said = approvals({"do": "permit", **value}, home=guarded)
    assert (said["ok"], "`deed` is a text" in said["reason"]) == (False, True)
