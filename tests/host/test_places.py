"""Places that rules name, on this machine and where somebody states the world."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safeshell.errors import UndecidedError
from safeshell.host import places
from safeshell.host.path_resolution import Resolver
from safeshell.host.places import Places, Region, given_region, homes, split_place


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The account's home, in a directory that is no place's."""
    made = tmp_path / "ann"
    made.mkdir()
    monkeypatch.setattr(places, "account_home", lambda: os.fsencode(made))
    monkeypatch.setattr(places, "_TEMPORARY", (b"/tmp/no-such-directory",))
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(places, "_directories_at_the_root", lambda: [b"/etc", b"/usr", b"/var"])
    return made


def at(directory: Path | str, variable: str | None = None) -> Places:
    where = os.fsencode(os.path.realpath(directory))
    return Places(Resolver().resolve, None if variable is None else os.fsencode(variable), lambda: where)


def tops(region: Region) -> list[str]:
    return [os.fsdecode(top) for top in region.tops]


def test_the_home_is_the_accounts_and_the_one_of_the_variable(home: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("ann")
    assert tops(at("/").region("@home")) == [str(home)]
    assert tops(at("/", str(tmp_path / "link")).region("@home")) == [str(home)]
    assert tops(at("/", "/elsewhere").region("@home")) == [str(home), "/elsewhere"]
    assert tops(at("/", "relative").region("@home")) == [str(home)]


def test_without_any_home_it_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "account_home", lambda: None)
    with pytest.raises(UndecidedError):
        homes(b"relative")
    assert homes(b"/h") == (b"/h",)


@pytest.mark.parametrize("dot_git", ["directory", "file", "broken link"])
def test_the_project_is_the_work_tree_around_the_directory(home: Path, dot_git: str) -> None:
    top, inner = home / "work", home / "work" / "a" / "b"
    inner.mkdir(parents=True)
    if dot_git == "directory":
        (top / ".git").mkdir()
    elif dot_git == "file":
        (top / ".git").write_text("gitdir: elsewhere\n")
    else:
        (top / ".git").symlink_to("nowhere")
    assert tops(at(inner).region("@project")) == [str(top)]
    assert tops(at(top).region("@project")) == [str(top)]


def test_outside_of_a_work_tree_it_is_the_directory_unless_that_is_too_much(home: Path, tmp_path: Path) -> None:
    (home / "notes").mkdir()
    assert tops(at(home / "notes").region("@project")) == [str(home / "notes")]
    for none in (home, tmp_path, Path("/"), Path("/etc"), Path("/usr/lib")):
        assert at(none).region("@project") == Region()
    assert at(home / "notes", str(home / "notes")).region("@project") == Region()  # that is a home, too


def test_a_work_tree_may_be_anywhere(home: Path) -> None:
    (home / ".git").mkdir()
    (home / "notes").mkdir()
    assert tops(at(home / "notes").region("@project")) == [str(home)]


def test_a_repositorys_settings_do_not_move_the_project(home: Path) -> None:
    (home / "work" / ".git").mkdir(parents=True)
    (home / "work" / ".git" / "config").write_text("[core]\n\tworktree = /\n")
    assert tops(at(home / "work").region("@project")) == [str(home / "work")]


@pytest.mark.usefixtures("home")
def test_the_system_is_what_is_at_the_root_but_for_other_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_TEMPORARY", (b"/tmp", b"/var/tmp"))
    root = [b"/etc", b"/home", b"/root", b"/tmp", b"/usb", b"/var"]
    monkeypatch.setattr(places, "_directories_at_the_root", lambda: root)
    monkeypatch.setattr(places, "_mounts_of_the_user", lambda: [b"/usb", b"/var/lib/mine"])
    found = at("/").region("@system")
    assert tops(found) == ["/etc", "/var"]
    assert found.holds(b"/var/lib/x")
    for out in (b"/var/tmp", b"/var/tmp/x", b"/var/lib/mine/x", b"/usb/x", b"/home/ann/x", b"/etcetera", b"/"):
        assert not found.holds(out)
    assert found.is_covered_by(b"/")
    assert not found.is_covered_by(b"/etc/hosts")


def test_the_system_of_this_machine_has_its_programs_and_no_temporary_files() -> None:
    found = at("/").region("@system")
    assert found.holds(os.fsencode(os.path.realpath("/usr/bin/env")))
    assert not found.holds(b"/tmp/x")
    assert not found.holds(b"/var/tmp/x")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("named", "counts"), [("scratch", True), ("ann/tmp", False), ("", False), ("/etc/tmp", False), ("/", False)]
)
def test_a_tmpdir_counts_where_it_lies_in_no_other_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, counts: bool
) -> None:
    path = str(tmp_path / named) if named and not named.startswith("/") else named
    monkeypatch.setenv("TMPDIR", path)
    assert (path in tops(at("/").region("@temporary"))) is counts


def test_mounts_are_the_users_by_their_owner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = [
        b"1 0 8:1 / / rw - ext4 /dev/sda rw",
        b"2 1 8:2 / %s rw shared:1 - ext4 /dev/sdb rw" % os.fsencode(tmp_path),
        b"3 1 8:3 / /mnt/two\\040words rw - fuse.sshfs a: rw,user_id=1234,group_id=1",
        b"4 1 8:4 / /mnt/theirs rw - fuse.sshfs a: rw,user_id=12345,group_id=1",
        b"5 1 8:5 / /mnt/far rw - nfs4 a:/ rw",
        b"6 1 8:6 / /proc/x rw - tmpfs x rw",
    ]
    content = tmp_path / "mountinfo"
    content.write_bytes(b"\n".join(lines) + b"\n")
    monkeypatch.setattr("builtins.open", _instead_of("/proc/self/mountinfo", str(content)))
    monkeypatch.setattr(os, "getuid", lambda: 1234)
    monkeypatch.setattr(places, "_owner", lambda path: 1234 if path == os.fsencode(tmp_path) else 0)
    assert list(places._mounts_of_the_user()) == [os.fsencode(tmp_path), b"/mnt/two words"]
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert list(places._mounts_of_the_user()) == []


def _instead_of(path: str, other: str) -> object:
    real = open

    def opened(name: object, *arguments: object, **more: object) -> object:
        return real(other if name == path else name, *arguments, **more)  # type: ignore[call-overload]

    return opened


def test_what_may_not_be_touched_is_not_looked_at() -> None:
    def spare(_: bytes) -> None:
        raise UndecidedError("far away")

    found = Places(Resolver().resolve, None, lambda: b"/far/away", spare)
    with pytest.raises(UndecidedError, match="far away"):
        found.region("@project")


@pytest.mark.parametrize(
    ("path", "place", "rest"),
    [
        ("~", "@home", ""),
        ("~/a", "@home", "/a"),
        ("~ann", "", "~ann"),
        ("@project", "@project", ""),
        ("@projects", "", "@projects"),
        ("/a", "", "/a"),
    ],
)
def test_a_rules_path_names_a_place_or_is_one(path: str, place: str, rest: str) -> None:
    assert split_place(path) == (place, rest)


def test_a_stated_world_has_places_of_its_own() -> None:
    assert given_region("@home", b"/home/ann", None) == Region((b"/home/ann",))
    assert given_region("@project", None, b"/w") == Region((b"/w",))
    assert given_region("@project", None, None) == Region()
    assert not given_region("@system", None, None).holds(b"/var/tmp/x")
    with pytest.raises(UndecidedError):
        given_region("@home", None, None)
