"""`safeshell check --explain`: the placement that it names is the one that a shim started alike gets."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from harness import PATH, SAFESHELL, Daemon, environment, until
from needs import need

from safeshell.cli import predict_placement as module
from safeshell.home.paths import Home
from safeshell.home.settings import Settings

RULES = """\
version: 1
rules:
  - {name: seen, commands: [ls], action: allow, message: Seen.}
  - {name: here, commands: [cat], action: allow, execution: in_place, message: Here.}
  - {name: never, commands: [rm], action: deny, message: No.}
"""

CALLERS = {
    "alike": ([], "daemon", ""),
    "nice": (["nice", "-n", "3"], "in_place", "nice"),
    "ignored": (["sh", "-c", 'trap "" USR1; exec "$@"', "sh"], "in_place", "ignored signals"),
    "limits": (["sh", "-c", 'ulimit -S -n 300; exec "$@"', "sh"], "in_place", "limits"),
    "open": (["sh", "-c", 'exec "$@" 5</dev/null', "sh"], "in_place", "open descriptors"),
    "closed": (["sh", "-c", 'exec "$@" <&-', "sh"], "in_place", "closed descriptor"),
    "unusual": (["setarch", "-R"], "in_place", "unusual attributes"),
    "confined": (["setpriv", "--no-new-privs"], "in_place", "confinement: no_new_privs"),
    "network": (["unshare", "-n"], "in_place", "confinement: another network namespace"),
}
"""What starts the command, and who then runs it and why."""

Explain = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.rules(RULES)


@pytest.fixture
def explain(home: Home) -> Explain:
    def ask(*prefix: str, name: str = "ls", **streams: Any) -> dict[str, Any]:
        done = _run(home, *prefix, SAFESHELL, "check", "--explain", "--json", "--", name, **streams)
        assert done.stderr == b""
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return ask


def _run(home: Home, *argv: str, stdin: int = subprocess.DEVNULL) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        argv,
        env=environment(home, {"PATH": PATH}),
        cwd=home.root,
        stdin=stdin,
        capture_output=True,
        start_new_session=True,
        check=False,
    )


@contextlib.contextmanager
def _placed(daemon: Daemon) -> Iterator[set[tuple[str, str]]]:
    """Afterwards holds the placements that the commands of the block got."""
    found: set[tuple[str, str]] = set()
    before = _placements(daemon)
    yield found
    until(lambda: _placements(daemon) != before, "the command to be placed")
    found |= {key for key, count in _placements(daemon).items() if count > before.get(key, 0)}


def _placements(daemon: Daemon) -> dict[tuple[str, str], int]:
    return {
        (place, reason): count
        for place, entry in daemon.status()["placement"].items()
        for reason, count in entry["reasons"].items()
    }


@pytest.mark.usefixtures("shims")
@pytest.mark.parametrize("name", CALLERS)
def test_it_is_what_the_daemon_chooses(daemon: Daemon, explain: Explain, name: str) -> None:
    prefix, *expected = CALLERS[name]
    if prefix:
        need(prefix[0])
    if prefix and _run(daemon.home, *prefix, "/bin/true").returncode:
        pytest.skip(f"needs to be let run {' '.join(prefix)}")
    with _placed(daemon) as placed:
        assert _run(daemon.home, *prefix, f"{daemon.home.shims}/ls").returncode == 0
    assert placed == {tuple(expected)}
    found = explain(*prefix)
    assert [found["placement"], found["reason"]] == expected


def test_a_terminal(daemon: Daemon, explain: Explain) -> None:
    ours, theirs = pty.openpty()
    try:
        found = explain(stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert (found["placement"], found["reason"]) == ("in_place", "terminal")
    assert daemon.status()["requests"]["total"] == 0


def test_without_a_daemon_it_is_one_that_this_caller_would_start(explain: Explain, home: Home) -> None:
    found = explain()
    assert (found["placement"], found["reason"]) == ("daemon", "")
    assert explain("nice", "-n", "3")["placement"] == "daemon"
    assert not os.path.exists(home.socket)


def test_a_rule_asks_and_a_denial_runs_nowhere(explain: Explain) -> None:
    found = explain(name="cat")
    assert (found["placement"], found["reason"]) == ("in_place", "execution: in_place")
    found = explain(name="rm")
    assert (found["placement"], found["reason"]) == (None, "denied, nothing runs")


@pytest.mark.config("execution: in_place\n")
def test_a_setting_asks(home: Home) -> None:
    done = _run(home, SAFESHELL, "check", "--explain", "--", "ls")
    assert done.stdout.endswith(b"\nplacement  in_place: execution: in_place\n")


@pytest.mark.config("shims: {client: bash}\n")
@pytest.mark.usefixtures("shims")
@pytest.mark.needs("nc|socat")
def test_the_client_that_the_settings_name(daemon: Daemon, explain: Explain) -> None:
    for prefix in ([], CALLERS["open"][0]):
        with _placed(daemon) as placed:
            assert _run(daemon.home, *prefix, f"{daemon.home.shims}/ls").returncode == 0
        found = explain(*prefix)
        assert {(found["placement"], found["reason"])} == placed


def test_a_client_that_does_not_ask(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "native_client", lambda: "/bin/true")
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    assert module.predict_placement(home, Settings(), "") == (
        None,
        "can't be told: the client did not ask within 0.1 s",
    )
    monkeypatch.setattr(module, "native_client", lambda: "/nonexistent")
    assert module.predict_placement(home, Settings(), "") == (None, "can't be told: No such file or directory")
