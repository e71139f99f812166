"""The block in a user's start-up files: what real shells make of it, and that taking it back leaves nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from harness import PATH, write

from safeshell.home.paths import Home
from safeshell.install.activation import activation, take_back, write_blocks

EACH = [pytest.param(shell, marks=pytest.mark.needs(shell)) for shell in ("bash", "dash", "zsh", "fish")]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with a blank and a quote in its name, of a user with a home of their own."""
    made = Home(str(tmp_path / "it's a home"))
    os.makedirs(made.shims)
    user = tmp_path / "u"
    user.mkdir()
    monkeypatch.setenv("HOME", str(user))
    monkeypatch.setenv("SHELL", "/bin/sh")
    for name in ("ZDOTDIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    return made


def user_file(name: str) -> str:
    return os.path.join(os.environ["HOME"], name)


def path_in(*argv: str, path: str = PATH) -> list[str]:
    """The PATH that a shell's child has."""
    env = {"PATH": path, "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, start_new_session=True
    )
    return next(line for line in done.stdout.splitlines() if line.startswith("PATH="))[5:].split(":")


@pytest.mark.parametrize("shell", EACH)
def test_what_is_printed_puts_them_first_once(home: Home, shell: str) -> None:
    text = activation(home, shell)
    others = PATH.split(":")
    for before in (PATH, f"{home.shims}:{PATH}", f"{PATH}:{home.shims}", f"/usr/local/bin:{home.shims}:/usr/bin:/bin"):
        assert path_in(shell, "-c", f"{text}\n{text}\nenv", path=before) == [home.shims, *others]


@pytest.mark.needs("dash")
@pytest.mark.parametrize("before", ["unset PATH", "PATH="])
def test_the_working_directory_gets_on_no_path_by_it(home: Home, before: str) -> None:
    text = activation(home, "bash")
    assert path_in("dash", "-uc", f"{before}\n{text}\n/usr/bin/env") == [home.shims]


@pytest.mark.parametrize("argv", [["bash", "-ic"], ["bash", "-lic"], ["bash", "-lc"], ["dash", "-lc"]], ids="".join)
@pytest.mark.needs("bash", "dash")
def test_shells_that_no_environment_reaches_have_them(home: Home, argv: list[str]) -> None:
    for name in (".bashrc", ".profile"):
        write(user_file(name), "PATH=/usr/bin:/bin\n")
    write_blocks(home)
    assert path_in(*argv, "env")[0] == home.shims


@pytest.mark.needs("bash")
@pytest.mark.parametrize("name", [".bash_profile", ".bash_login"])
def test_the_file_that_hides_the_profile_has_it_too(home: Home, name: str) -> None:
    write(user_file(name), "PATH=/usr/bin:/bin\n")
    write_blocks(home)
    assert path_in("bash", "-lc", "env")[0] == home.shims


@pytest.mark.needs("zsh")
@pytest.mark.parametrize("flags", ["-ic", "-lic", "-lc"])
def test_zsh_has_them(home: Home, flags: str) -> None:
    for name in (".zshrc", ".zprofile"):
        write(user_file(name), "PATH=/usr/bin:/bin\n")
    write_blocks(home)
    assert path_in("zsh", flags, "env")[0] == home.shims


@pytest.mark.needs("fish")
def test_fish_has_them(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    write_blocks(home)
    assert path_in("fish", "-c", "env")[0] == home.shims
    take_back(home)
    assert not os.path.exists(user_file(".config"))


def test_it_is_written_once(home: Home) -> None:
    write(user_file(".bashrc"), "alias a=b\n")
    assert sorted(write_blocks(home)[0]) == [user_file(".bashrc"), user_file(".profile")]
    assert write_blocks(home) == ([], {})


@pytest.mark.parametrize("text", ["", "alias a=b\n", "alias a=b", "# é\n\n\n"])
def test_taking_it_back_leaves_what_was_there(home: Home, text: str) -> None:
    write(user_file(".bashrc"), text, 0o640)
    before = os.stat(user_file(".bashrc"))
    write_blocks(home)
    during = os.stat(user_file(".bashrc"))
    assert (during.st_ino, during.st_mode, during.st_uid) == (before.st_ino, before.st_mode, before.st_uid)
    assert sorted(take_back(home)[0]) == [user_file(".bashrc"), user_file(".profile")]
    assert Path(user_file(".bashrc")).read_text(encoding="utf-8") == text
    assert os.stat(user_file(".bashrc")).st_ino == before.st_ino
    assert not os.path.exists(user_file(".profile"))
    assert take_back(home) == ([], {})


def test_what_was_added_meanwhile_stays(home: Home) -> None:
    write(user_file(".bashrc"), "one")
    write_blocks(home)
    for name in (".bashrc", ".profile"):
        with open(user_file(name), "a", encoding="utf-8") as stream:
            stream.write("two\n")
    take_back(home)
    assert Path(user_file(".bashrc")).read_text(encoding="utf-8") == "one\ntwo\n"
    assert Path(user_file(".profile")).read_text(encoding="utf-8") == "two\n"


def test_links_stay_links(home: Home) -> None:
    write(user_file("dotfiles/bashrc"), "one\n")
    os.symlink("dotfiles/bashrc", user_file(".bashrc"))
    os.link(user_file("dotfiles/bashrc"), user_file("other"))
    write_blocks(home)
    assert os.readlink(user_file(".bashrc")) == "dotfiles/bashrc"
    assert "safeshell" in Path(user_file("other")).read_text(encoding="utf-8")
    take_back(home)
    assert Path(user_file("other")).read_text(encoding="utf-8") == "one\n"
    assert os.path.islink(user_file(".bashrc"))


def test_another_homes_block_is_replaced_and_then_left_to_it(home: Home, tmp_path: Path) -> None:
    other = Home(str(tmp_path / "other"))
    write(user_file(".bashrc"), "one\n")
    write_blocks(home)
    write_blocks(other)
    text = Path(user_file(".bashrc")).read_text(encoding="utf-8")
    assert text.count(">>> safeshell") == 1
    assert take_back(home) == ([], {})
    assert Path(user_file(".bashrc")).read_text(encoding="utf-8") == text
    take_back(other)
    assert Path(user_file(".bashrc")).read_text(encoding="utf-8") == "one\n"


def test_what_cannot_be_written_is_said_and_the_rest_is_written(home: Home) -> None:
    os.symlink("/dev/null", user_file(".bashrc"))
    assert write_blocks(home) == ([user_file(".profile")], {user_file(".bashrc"): "no regular file"})
