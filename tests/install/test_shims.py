"""The shim directory: exactly what the tables ask for, and never a file that is not ours."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import PATH, run, sync_shims, write

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.host.path_lookup import SHIM_MARKER
from safeshell.install.shims import list_shims, remove

RULES = """\
version: 1
rules:
  - {name: a, commands: [one, absent], action: deny, message: m}
  - {name: b, commands: ['mk*', '[tu]wo'], action: deny, message: m}
"""

pytestmark = pytest.mark.rules(RULES)


@pytest.fixture
def installed(tmp_path: Path) -> str:
    """A PATH of two directories."""
    for name in ("a/one", "a/mk1", "b/mk2", "b/two", "b/other", "b/one"):
        write(str(tmp_path / name), "#!/bin/sh\n", mode=0o755)
    write(str(tmp_path / "a/mk-plain"), "", mode=0o644)
    (tmp_path / "a/mk-directory").mkdir()
    (tmp_path / "a/mk-dangling").symlink_to("nothing")
    return f"{tmp_path}/a:{tmp_path}/none:{tmp_path}/b"


def visible(home: Home) -> list[str]:
    """What is in the directory but for our own notes."""
    return sorted(name for name in os.listdir(home.shims) if not name.startswith("."))


def test_what_is_dispatched_on_and_installed_is_shimmed(home: Home, installed: str) -> None:
    synced = sync_shims(home, installed)
    assert synced.added == ("mk1", "mk2", "one", "two")
    assert (synced.removed, synced.kept) == ((), ())
    assert list_shims(home) == ["mk1", "mk2", "one", "two"]
    assert visible(home) == ["mk1", "mk2", "one", "two"]


def test_a_shim_is_a_copy_of_the_client_that_runs(home: Home, installed: str) -> None:
    synced = sync_shims(home, installed)
    states = [os.stat(os.path.join(home.shims, name)) for name in synced.added]
    assert len({state.st_ino for state in states} | {os.stat(synced.client).st_ino}) == len(states) + 1
    assert {state.st_nlink for state in states} == {1}
    assert {state.st_mode & 0o777 for state in states} == {0o555}
    assert os.stat(home.shims).st_mode & 0o777 == 0o700
    assert SHIM_MARKER in Path(home.shims, "one").read_bytes()


def test_what_comes_and_goes_is_followed(home: Home, installed: str, tmp_path: Path) -> None:
    sync_shims(home, installed)
    (tmp_path / "b/two").unlink()
    write(str(tmp_path / "b/mk3"), "#!/bin/sh\n", mode=0o755)
    synced = sync_shims(home, installed)
    assert (synced.added, synced.removed, synced.kept) == (("mk3",), ("two",), ("mk1", "mk2", "one"))


def test_shims_of_this_home_or_another_are_not_installed_programs(home: Home, installed: str, tmp_path: Path) -> None:
    write(str(tmp_path / "other/two2"), f"#!/bin/sh\n# {SHIM_MARKER.decode()}\n", mode=0o755)
    write(str(tmp_path / "other/mk9"), f"#!/bin/sh\n# {SHIM_MARKER.decode()}\n", mode=0o755)
    for _ in range(2):
        sync_shims(home, f"{home.shims}:{tmp_path}/other:{installed}")
        assert list_shims(home) == ["mk1", "mk2", "one", "two"]


@pytest.mark.config("shims: {extra: [other, /usr/bin/nothing], except: [mk1, one]}\n")
def test_settings_add_and_take_away(home: Home, installed: str) -> None:
    assert sync_shims(home, installed).added == ("mk2", "other", "two")


def test_foreign_files_are_never_touched(home: Home, installed: str) -> None:
    os.makedirs(home.shims, mode=0o700)
    mine = Path(home.shims, "notes")
    mine.write_text("mine")
    os.mkfifo(os.path.join(home.shims, "pipe"))
    sync_shims(home, installed)
    assert remove(home) == ["mk1", "mk2", "one", "two"]
    assert visible(home) == ["notes", "pipe"]
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_a_foreign_file_in_the_way_is_said_and_nothing_changes(home: Home, installed: str, kind: str) -> None:
    os.makedirs(home.shims, mode=0o700)
    path = os.path.join(home.shims, "one")
    if kind == "file":
        Path(path).write_text("mine")
    elif kind == "directory":
        os.mkdir(path)
    else:
        os.symlink("/nonexistent", path)
    with pytest.raises(SafeShellError, match="is no shim of SafeShell"):
        sync_shims(home, installed)
    assert visible(home) == ["one"]


def test_a_running_shim_keeps_its_file_when_it_is_replaced(home: Home, installed: str) -> None:
    sync_shims(home, installed)
    with open(os.path.join(home.shims, "one"), "rb") as running:
        before = running.read()
        os.chmod(running.name, 0o755)  # is not as it should be
        assert sync_shims(home, installed).mended == ("one",)
        running.seek(0)
        assert running.read() == before
        assert os.fstat(running.fileno()).st_nlink == 0


def test_a_directory_that_cannot_be_written_is_said(home: Home, installed: str) -> None:
    Path(home.shims).touch()
    with pytest.raises(SafeShellError, match="can't write"):
        sync_shims(home, installed)


def test_only_shims_can_be_removed(home: Home, installed: str) -> None:
    sync_shims(home, installed)
    Path(home.shims, "notes").write_text("mine")
    for name in ("notes", "absent", "../rules.yaml"):
        with pytest.raises(SafeShellError, match="is not shimmed"):
            remove(home, ["one", name])
    assert "one" in list_shims(home)
    assert remove(home, ["one"]) == ["one"]
    assert remove(Home(os.path.join(home.root, "none"))) == []


def test_installed_wrappers_are_shimmed_too_where_anything_is(home: Home, installed: str, tmp_path: Path) -> None:
    for name in ("env", "time", "exec-not"):
        write(str(tmp_path / "wrappers" / name), "#!/bin/sh\n", mode=0o755)
    assert sync_shims(home, f"{tmp_path}/wrappers").added == ()
    assert sync_shims(home, f"{tmp_path}/wrappers:{installed}").added == ("env", "mk1", "mk2", "one", "time", "two")


DAMAGE: dict[str, Callable[[str], None]] = {
    "emptied": lambda path: _overwrite(path, b""),
    "cut short": lambda path: _overwrite(path, Path(path).read_bytes()[:100]),
    "changed": lambda path: _overwrite(path, b"#!/bin/sh\nexit 0\n"),
    "changed in one byte": lambda path: _overwrite(path, Path(path).read_bytes()[:-1] + b"!"),
    "made writable": lambda path: os.chmod(path, 0o755),
    "made to be no program": lambda path: os.chmod(path, 0o444),
    "a link to the program": lambda path: _replace_by_link(path, "/bin/true"),
    "a link to nothing": lambda path: _replace_by_link(path, "/nonexistent"),
    "one file with another": lambda path: os.link(path, f"{path}2"),
    "gone": os.unlink,
}


def _overwrite(path: str, content: bytes) -> None:
    os.chmod(path, 0o755)
    with open(path, "wb") as stream:
        stream.write(content)


def _replace_by_link(path: str, target: str) -> None:
    os.unlink(path)
    os.symlink(target, path)


@pytest.mark.parametrize("how", DAMAGE)
def test_u15_sync_mends_one_and_the_others_are_untouched(home: Home, installed: str, how: str) -> None:
    sync_shims(home, installed)
    path = os.path.join(home.shims, "one")
    before = {name: os.stat(os.path.join(home.shims, name)).st_ino for name in ("mk1", "mk2", "two")}
    whole = Path(path).read_bytes()
    DAMAGE[how](path)
    synced = sync_shims(home, installed)
    assert (synced.mended, synced.added) == (() if how == "gone" else ("one",), ("one",) if how == "gone" else ())
    assert Path(path).read_bytes() == whole
    status = os.lstat(path)
    assert (status.st_mode, status.st_nlink) == (0o100555, 1)
    assert {name: os.stat(os.path.join(home.shims, name)).st_ino for name in before} == before
    assert sync_shims(home, installed).mended == ()


def test_u15_who_is_no_longer_asked_for_goes_damaged_or_not(home: Home, installed: str, tmp_path: Path) -> None:
    sync_shims(home, installed)
    _overwrite(os.path.join(home.shims, "two"), b"")
    _overwrite(os.path.join(home.shims, "mk1"), b"x")
    for name in ("a/mk1", "b/two"):
        (tmp_path / name).unlink()
    assert sync_shims(home, installed).removed == ("mk1", "two")
    assert visible(home) == ["mk2", "one"]


def test_u15_shims_of_before_are_mended_too(home: Home, installed: str) -> None:
    """Made as hard links to one file, emptied through one, and nothing remembered."""
    sync_shims(home, installed)
    os.unlink(os.path.join(home.shims, ".memory.json"))
    for name in ("mk1", "mk2", "two"):
        path = os.path.join(home.shims, name)
        os.unlink(path)
        os.link(os.path.join(home.shims, "one"), path)
    _overwrite(os.path.join(home.shims, "one"), b"")
    assert list_shims(home) == []
    assert sync_shims(home, installed).mended == ("mk1", "mk2", "one", "two")
    assert list_shims(home) == ["mk1", "mk2", "one", "two"]


@pytest.mark.rules("version: 1\nrules:\n  - {name: a, commands: [echo], action: deny, message: m}\n")
def test_u15_each_shim_skips_itself_and_every_other_one(home: Home, tmp_path: Path) -> None:
    """They are told by what is in them: one inode is not there to go by any more."""
    sync_shims(home)
    other = tmp_path / "other"
    other.mkdir()
    for name in ("echo", "env"):
        (other / name).write_bytes(Path(home.shims, name).read_bytes())
        (other / name).chmod(0o555)
    path = f"{other}:{home.shims}:{PATH}"
    done = run(home, "env", "A=1", "echo", "x", env={"PATH": path, "SAFESHELL_HOME": str(tmp_path)})
    assert (done.returncode, done.stdout) == (0, b"x\n")  # unguarded, for there is no daemon
