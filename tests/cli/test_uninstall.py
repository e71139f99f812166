"""`safeshell uninstall`: what guards is taken back, what is the user's stays, and it takes a person."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from harness import MARKER, Cli, Daemon, enroll, until, wait_for, write

from safeshell.client import control
from safeshell.errors import UnreachableError
from safeshell.home.paths import Home
from safeshell.install.shims import list_shims
from safeshell.protocol import Type


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", "/bin/sh")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / ".bashrc").write_text("alias a=b\n", encoding="utf-8")
    return tmp_path


def is_up(home: Home) -> bool:
    try:
        return not control(Type.STATUS, home=home)["stopping"]
    except UnreachableError:
        return False


def test_what_guards_is_taken_back_and_rules_and_log_stay(daemon: Daemon, shims: Home, cli: Cli, user: Path) -> None:
    assert cli("init", "--shell").status == 0
    assert cli("daemon", "install").status == 0
    settings = user / ".claude/settings.json"
    settings.parent.mkdir()
    settings.write_text('{"model": "x"}\n', encoding="utf-8")
    assert cli("hook", "install", "claude-code", "gemini").status == 0
    assert "safeshell-hook" in settings.read_text(encoding="utf-8")
    units = user / ".config/systemd/user"
    (units / "sockets.target.wants").mkdir()
    (units / "sockets.target.wants/safeshell.socket").symlink_to("../safeshell.socket")
    done = cli("uninstall")
    assert done.status == 0, done.err
    assert f"Claude Code: taken out of {settings}\n" in done.out
    assert settings.read_text(encoding="utf-8") == '{"model": "x"}\n'
    assert not (user / ".gemini").exists()
    assert not os.path.exists(os.path.join(shims.root, "hooks"))
    assert f"took the lines out of {user}/.bashrc\n" in done.out
    assert "stopped the daemon\n" in done.out
    assert (user / ".bashrc").read_text(encoding="utf-8") == "alias a=b\n"
    assert not (user / ".profile").exists()
    assert not [path for path in units.rglob("*") if not path.is_dir()]
    assert not os.path.exists(shims.shims)
    assert not os.path.exists(shims.shell)
    assert os.path.exists(shims.rules)
    assert os.path.exists(shims.audit)
    assert wait_for(daemon.pid)
    assert not is_up(shims)


def test_a_second_time_there_is_nothing_to_do_and_init_sets_it_up_again(shims: Home, cli: Cli, user: Path) -> None:
    assert cli("uninstall").status == 0
    done = cli("uninstall")
    assert (done.status, done.out) == (0, "")
    assert cli("init", "--shell").status == 0
    assert list_shims(shims)
    assert "safeshell" in (user / ".bashrc").read_text(encoding="utf-8")


@pytest.mark.usefixtures("user")
def test_all_takes_the_home_but_nothing_that_the_user_put_there(daemon: Daemon, shims: Home, cli: Cli) -> None:
    write(os.path.join(shims.root, "team.yaml"), "version: 1\n")
    write(os.path.join(shims.trash, "files/thing"), "")
    assert daemon.pid
    done = cli("uninstall", "--all")
    assert done.status == 0
    assert sorted(os.listdir(shims.root)) == ["team.yaml", "trash"]
    assert "team.yaml, trash" in done.err
    assert os.path.exists(os.path.join(shims.trash, "files/thing"))
    assert not is_up(shims)


@pytest.mark.usefixtures("user")
def test_units_of_another_home_stay(home: Home, cli: Cli, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Home(str(user / "other"))
    other.create()
    monkeypatch.setenv("SAFESHELL_HOME", other.root)
    assert cli("daemon", "install").status == 0
    monkeypatch.setenv("SAFESHELL_HOME", home.root)
    assert cli("uninstall").status == 0
    assert (user / ".config/systemd/user/safeshell.socket").exists()


def test_what_cannot_be_taken_back_is_said_and_keeps_its_note(
    shims: Home, cli: Cli, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(user)
    assert cli("init", "--shell").status == 0
    (user / ".bashrc").unlink()
    (user / ".bashrc").mkdir()
    done = cli("uninstall", "--all")
    assert done.status == 1
    assert f"can't write {user}/.bashrc: no regular file" in done.err
    assert os.path.exists(shims.rules)
    (user / ".bashrc").rmdir()
    assert cli("uninstall", "--all").status == 0
    assert not os.path.exists(shims.root)


def test_inside_an_agent_it_takes_the_pin(
    daemon: Daemon, shims: Home, cli: Cli, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("init", "--shell").status == 0
    enroll(shims, "correct horse")
    monkeypatch.setenv(MARKER, "1")
    done = cli("uninstall", "--all")
    assert (done.status, done.out) == (77, "")
    assert "takes a person" in done.err
    assert list_shims(shims)
    assert "safeshell" in (user / ".bashrc").read_text(encoding="utf-8")
    until(lambda: is_up(shims), "the daemon, which goes on")
    assert daemon.pid
