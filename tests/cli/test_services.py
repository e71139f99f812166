"""What the daemon does beside deciding, and doesn't do as it should: said by `daemon status` and by `doctor`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Cli, Daemon, make_home, run, running_daemon, sync_shims, temporary_directory, until, write

from safeshell.cli.probes import services
from safeshell.cli.probes.configuration import probe_repositories
from safeshell.cli.probes.model import Probe
from safeshell.cli.probes.services import (
    probe_audit,
    probe_front,
    probe_lines,
    probe_notify,
    probe_services,
    probe_upkeep,
)
from safeshell.home.paths import Home
from safeshell.shell.limits import unjudged

AUDIT = {"seq": 3, "failures": 0, "lost": 0, "last_error": None}
LOST = {"seq": 3, "failures": 2, "last_error": "/h/audit.jsonl: No space left on device"}


def test_u11_the_audit_log(home: Home) -> None:
    assert probe_audit(home, AUDIT).ok
    failing = probe_audit(home, {**LOST, "lost": 1})
    assert (failing.ok, failing.found) == (False, f"it can't be written: {LOST['last_error']}")
    over = probe_audit(home, {**LOST, "lost": 0})
    assert (over.ok, over.found) == (True, f"2 records were lost earlier: {LOST['last_error']}")
    denied = {**AUDIT, "last_error": "/h/audit.jsonl: Permission denied"}
    assert probe_audit(home, denied).ok is False  # nothing lost yet
    assert probe_audit(home, LOST).ok is False  # an older daemon's


def test_u11_a_log_that_the_next_record_could_not_be_written_to(home: Home) -> None:
    os.mkdir(home.audit)
    found = probe_audit(home, AUDIT)
    assert (found.ok, found.found) == (False, f"it can't be written: {home.audit}: Is a directory")
    os.rmdir(home.audit)
    os.symlink("/dev/full/x", home.audit)
    assert probe_audit(home, AUDIT).ok is False


def test_lines_are_judged_or_said_not_to_be(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    assert probe_lines(daemon.home) == Probe("lines", True, "a shell line is judged")
    answer = unjudged("true", "its parser ended before it began", is_ai=False, tables=())
    monkeypatch.setattr(services, "evaluate_line", lambda *_, **__: answer)
    found = probe_lines(daemon.home)
    assert (found.name, found.ok) == ("lines", False)
    assert found.found.startswith("none is judged: This line can't be judged: its parser ended before it began.")
    assert "daemon restart" in found.hint


def test_u11_notify() -> None:
    failed = {"command": ["sh", "-c", "x"], "failures": 2, "error": "ended with 1"}
    assert probe_notify({"command": [], "failures": 0, "error": None}).ok is None
    assert probe_notify({**failed, "failures": 0, "error": None}).ok
    assert probe_notify({**failed, "error": None}).ok  # it has done its work since
    assert probe_notify(failed).found == "sh failed 2 times, last: ended with 1"
    for program in ("/nonexistent/tell", "not-there-either", "/etc/passwd"):
        assert probe_notify({"command": [program], "failures": 0, "error": None}).ok is False


@pytest.mark.parametrize(("built", "ok"), [("/x/front.so", False), (None, None)])
def test_u11_the_front(monkeypatch: pytest.MonkeyPatch, built: str | None, ok: bool | None) -> None:
    monkeypatch.setattr(services, "native_front", lambda: built)
    assert probe_front({"native": True, "kept": 1, "answered": 2}).ok
    found = probe_front({"native": False, "reason": "it is of another version"})
    assert found.ok is ok
    assert found.found.endswith("it is of another version")
    assert "daemon restart" in found.hint


def test_u4_the_shims() -> None:
    fine = {"sync": "automatic", "count": 3, "lacking": [], "unread": [], "error": None}
    assert probe_upkeep(fine).ok
    assert probe_upkeep({**fine, "sync": "manual"}).ok is None
    assert probe_upkeep({**fine, "error": "no room"}).found == "no room"
    hung = probe_upkeep({**fine, "unread": ["/mnt/bin"]})
    assert (hung.ok, hung.found.endswith(": /mnt/bin")) == (False, True)


def test_u11_an_older_daemon_says_less(home: Home) -> None:
    front = {"native": True, "kept": 0, "answered": 0}
    notify = {"command": [], "failures": 0, "error": None}
    status = {"audit": AUDIT, "notify": notify, "front": front}
    assert [probe.name for probe in probe_services(home, status)] == ["audit log", "notify", "front"]


CONFIG = "notify: [sh, -c, 'exit 3']\napproval_timeout: 1s\n"


@pytest.fixture(scope="module")
def troubled() -> Iterator[tuple[Home, Daemon, str]]:
    """A daemon to whose log nothing can be written, whose `notify` fails, and a repository with broken rules."""
    with temporary_directory() as root:
        home = make_home(os.path.join(root, "h"), config=CONFIG)
        sync_shims(home)
        os.mkdir(home.audit)
        work = os.path.join(root, "work")
        subprocess.run(["git", "init", "-q", work], check=True)
        os.mkdir(os.path.join(work, ".safeshell"), 0o700)
        write(os.path.join(work, ".safeshell/rules.yaml"), "version: 1\nrules: nonsense\n")
        with running_daemon(home) as daemon:
            assert run(home, "rm", "precious").returncode == 126
            assert run(home, "touch", "secret").returncode == 77
            run(home, "ls", cwd=work)
            until(lambda: daemon.status()["notify"]["error"], "notify to fail")
            until(lambda: daemon.status()["audit"]["failures"], "a record to be lost")
            yield home, daemon, work


def test_u11_u6_status_has_a_line_for_each(
    troubled: tuple[Home, Daemon, str], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _, work = troubled
    monkeypatch.setenv("SAFESHELL_HOME", home.root)
    lines = dict(line.split(None, 1) for line in cli("daemon", "status").out.splitlines())
    assert lines["audit"].startswith("log ")
    assert " can't be written, " in lines["audit"]
    assert lines["audit"].endswith(f"{home.audit}: Is a directory")
    assert lines["notify"].endswith("times, last: ended with 3")
    assert f"{work}/.safeshell/rules.yaml:2:8: " in lines["skipped"]


def test_u11_u6_doctor_fails_for_each(
    troubled: tuple[Home, Daemon, str], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = troubled[0]
    monkeypatch.setenv("SAFESHELL_HOME", home.root)
    monkeypatch.setenv("PATH", f"{home.shims}:{os.environ['PATH']}")
    monkeypatch.setattr("safeshell.cli.probes.examine.probe_cost", lambda _: ())
    monkeypatch.setattr("safeshell.cli.doctor.ways_in", lambda *_: ())
    done = cli("doctor", "--json")
    probes: dict[str, dict[str, Any]] = {probe["name"]: probe for probe in json.loads(done.out)["probes"]}
    assert done.status == 1
    assert {name for name, probe in probes.items() if probe["ok"] is False} == {
        "audit log",
        "notify",
        "repositories",
    }
    assert all(probes[name]["hint"] for name in ("audit log", "notify", "repositories"))


def test_u6_what_was_mended_since_is_no_failure(
    troubled: tuple[Home, Daemon, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home, daemon, work = troubled
    (entry,) = [entry for entry in daemon.status()["repositories"] if entry["error"]]
    assert entry["rules"] == f"{work}/.safeshell/rules.yaml"
    (tmp_path / ".safeshell").mkdir(0o700)
    rules = str(tmp_path / ".safeshell/rules.yaml")
    write(rules, "version: 1\nrules: []\n")
    mended = {**entry, "rules": rules, "error": entry["error"].replace(entry["rules"], rules)}

    def is_ok(*entries: dict[str, Any]) -> bool | None:
        monkeypatch.setattr(
            "safeshell.cli.probes.configuration.control", lambda *_, **__: {"repositories": list(entries)}
        )
        probe = probe_repositories(home)
        return None if probe is None else probe.ok

    monkeypatch.chdir("/")
    assert is_ok(entry) is False
    assert is_ok(mended, {"rules": "/nonexistent/rules.yaml", "error": "x"}) is True
    assert is_ok({**mended, "error": f"{rules} is writable by others"}) is False
