"""A home: where it is, and whether it is the user's own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from safeshell.errors import SafeShellError
from safeshell.home.paths import SOCKET_PATH_MAX, Home


def test_the_environment_names_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("SAFESHELL_HOME", "relative/../here")
    assert Home.find().root == str(tmp_path / "here")
    for unset in ("", None):
        monkeypatch.delenv("SAFESHELL_HOME") if unset is None else monkeypatch.setenv("SAFESHELL_HOME", unset)
        assert Home.find().root == "/home/ann/.safeshell"


def test_a_home_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(str(tmp_path / "a/b"))
    home.create()
    home.create()
    assert stat.S_IMODE(os.stat(home.root).st_mode) == 0o700


def test_a_home_that_others_may_write_is_refused(tmp_path: Path) -> None:
    home = Home(str(tmp_path / "h"))
    home.create()
    os.chmod(home.root, 0o770)
    with pytest.raises(SafeShellError, match="is writable by others") as caught:
        home.check()
    assert caught.value.hint == f"chmod go-w {home.root}"


@pytest.mark.needs("root")
def test_another_users_home_is_refused(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    os.chown(home.root, 12345, -1)
    with pytest.raises(SafeShellError, match="belongs to uid 12345, not to you"):
        home.create()


def test_a_home_that_is_not_there_or_a_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SafeShellError, match="No such file") as caught:
        Home(str(tmp_path / "none")).check()
    assert caught.value.hint == "run `safeshell init`"
    (tmp_path / "file").touch()
    with pytest.raises(SafeShellError, match="can't make"):
        Home(str(tmp_path / "file")).create()


def test_a_socket_path_that_does_not_fit_is_said() -> None:
    room = SOCKET_PATH_MAX - len("/daemon.sock")
    assert len(Home("/" + "x" * (room - 1)).socket) == SOCKET_PATH_MAX
    with pytest.raises(SafeShellError, match="108 bytes, a Unix socket takes 107") as caught:
        _ = Home("/" + "x" * room).socket
    assert caught.value.hint == "set SAFESHELL_HOME to a shorter path"
