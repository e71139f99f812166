"""The guarded shell's copy in a home, and the links to it."""

from __future__ import annotations

import os

import pytest

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.install import guarded_shell


@pytest.fixture
def home(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home of an installation that has built the program."""
    with open(f"{tmp_path}/built", "wb") as stream:
        stream.write(b"\x7fELF")
    os.chmod(f"{tmp_path}/built", 0o755)
    monkeypatch.setattr(guarded_shell, "native_shell", lambda: f"{tmp_path}/built")
    return Home(f"{tmp_path}/home")


def test_the_copy_stays_where_it_is_current(home: Home) -> None:
    path = guarded_shell.install(home)
    before = os.stat(path)
    assert guarded_shell.install(home, "bash") == f"{home.hooks}/bash"
    assert os.stat(path).st_ino == before.st_ino == os.stat(f"{home.hooks}/bash").st_ino
    assert os.stat(home.hooks).st_mode & 0o777 == 0o700


def test_what_stands_in_a_links_place_goes(home: Home) -> None:
    guarded_shell.install(home)
    with open(f"{home.hooks}/bash", "w", encoding="ascii"):
        pass
    assert os.path.islink(guarded_shell.install(home, "bash"))


def test_remove_takes_what_is_ours(home: Home) -> None:
    assert not guarded_shell.remove(home)
    guarded_shell.install(home, "zsh")
    with open(f"{home.hooks}/bash", "w", encoding="ascii"):
        pass
    assert guarded_shell.remove(home)
    assert os.listdir(home.hooks) == ["bash"]


def test_an_installation_without_one_says_why(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_shell, "native_shell", lambda: None)
    assert not guarded_shell.renew(home)
    with pytest.raises(SafeShellError, match="no safeshell-sh: it is built at installation"):
        guarded_shell.install(home)
