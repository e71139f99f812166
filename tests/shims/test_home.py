"""The home that a client asks: the named one, the user's, and where that is none the one that the client stands in."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
from harness import temporary_directory
from shims.conftest import Shim
from shims.fake_daemon import FakeDaemon, refused
from shims.test_unreachable import configure_start

from safeshell.policy.context import KNOWN_MARKERS

ANSWER = {True: b"refused 9 stop\n", False: refused(9, b"stop\n")}
"""Of a daemon, in the line form or not."""


def asked(shim: Shim, env: dict[str, str]) -> bool:
    """Whether the daemon of the shim's own home decided."""
    with FakeDaemon(shim.home, ANSWER[shim.speaks_lines]) as daemon:
        done = shim.run("probe", env={"SAFESHELL_HOME": "", **env})
        if done.returncode == 9:
            daemon.request()
        return done.returncode == 9


@pytest.mark.parametrize("user", ["empty", "missing", "x" * 120, "with another's leavings"])
def test_u7_another_home_directory_is_not_another_guard(any_shim: Shim, tmp_path: Path, user: str) -> None:
    root = tmp_path / "u"
    (root / "empty").mkdir(parents=True)
    (root / "with another's leavings/.safeshell/shims").mkdir(parents=True)
    (root / "with another's leavings/.safeshell/client.conf").write_text("unreachable_ai=allow\n")
    assert asked(any_shim, {"HOME": str(root / user), "OPENCODE": "1"})


def test_u7_a_home_directory_whose_daemon_serves_is_asked_first(any_shim: Shim) -> None:
    with temporary_directory() as user:
        os.mkdir(f"{user}/.safeshell")
        with FakeDaemon(f"{user}/.safeshell", ANSWER[any_shim.speaks_lines]):
            assert any_shim.run("probe", env={"SAFESHELL_HOME": "", "HOME": user}).returncode == 9


def test_u7_a_daemon_that_has_died_is_its_own_homes_affair(any_shim: Shim) -> None:
    with temporary_directory() as user:
        os.mkdir(f"{user}/.safeshell")
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(f"{user}/.safeshell/daemon.sock")
        with FakeDaemon(any_shim.home, ANSWER[any_shim.speaks_lines]):
            done = any_shim.run("probe", env={"SAFESHELL_HOME": "", "HOME": user, "AGENT": "1"})
        assert done.returncode == 125
        assert f"{user}/.safeshell/daemon.sock".encode() in done.stderr


def test_u7_a_named_home_is_the_one_that_is_meant(any_shim: Shim, tmp_path: Path) -> None:
    with FakeDaemon(any_shim.home, ANSWER[any_shim.speaks_lines]):
        done = any_shim.run("probe", env={"SAFESHELL_HOME": str(tmp_path), "HOME": any_shim.home, "CRUSH": "1"})
    assert done.returncode == 125
    assert f"{tmp_path}/daemon.sock".encode() in done.stderr


def test_u7_the_daemon_of_the_shims_home_is_started_for_its_account(shim: Shim, tmp_path: Path) -> None:
    configure_start(shim, answers=1)
    done = shim.run("probe", env={"SAFESHELL_HOME": "", "HOME": str(tmp_path)})
    assert (done.returncode, done.stderr) == (6, b"")
    seen = json.loads(Path(shim.home, "seen").read_text())
    assert seen["env"]["SAFESHELL_HOME"] == shim.home
    assert "HOME" not in seen["env"]  # the one that was given is nobody's


def test_u7_a_shim_that_stands_in_no_home_goes_by_the_users(any_shim: Shim, tmp_path: Path) -> None:
    (tmp_path / ".safeshell").mkdir()
    (tmp_path / ".safeshell/client.conf").write_text("unreachable_ai=deny\nunreachable_human=deny\n")
    done = any_shim.run("probe", env={"SAFESHELL_HOME": "", "HOME": str(tmp_path)})
    assert done.returncode == 125
    assert f"{tmp_path}/.safeshell/daemon.sock".encode() in done.stderr


@pytest.mark.parametrize("text", [None, "", "start=false\n", "unreachable_human=allow\n"])
def test_s13_without_whole_settings_every_known_agent_is_one(any_shim: Shim, text: str | None) -> None:
    if text is not None:
        Path(any_shim.home, "client.conf").write_text(text)
    for marker in KNOWN_MARKERS if text is None else KNOWN_MARKERS[::5]:
        done = any_shim.run("true", env={marker: "1"})
        assert (done.returncode, done.stdout) == (125, b""), marker
        assert done.stderr.endswith(b"; the command does not run\n")


@pytest.mark.parametrize("entry", [("CURSOR_TRACE_ID", "1"), ("AIDER_MODEL", "x"), ("OPENCODE", "")])
def test_s13_a_person_is_none(any_shim: Shim, entry: tuple[str, str]) -> None:
    done = any_shim.install("true").run("true", env=dict([entry]))
    assert (done.returncode, done.stderr.endswith(b"; running the command unguarded\n")) == (0, True)


def test_s13_settings_may_know_no_agent(any_shim: Shim) -> None:
    any_shim.configure("unreachable_ai=deny", "unreachable_human=allow")
    assert any_shim.install("true").run("true", env={"OPENCODE": "1"}).returncode == 0
