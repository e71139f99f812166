"""`safeshell trash`."""

from __future__ import annotations

import json
import os

import pytest
from harness import PATH, SAFESHELL, Cli, reap, write
from trash.bins import trash

from safeshell.home.paths import Home


@pytest.fixture
def place(home: Home) -> str:
    directory = os.path.join(home.root, "work")
    os.mkdir(directory)
    return directory


def remove(home: Home, place: str, *names: str) -> None:
    for name in names:
        if not os.path.lexists(os.path.join(place, name)):
            write(os.path.join(place, name), name)
        assert trash(home.root, place, "-r", name).status == 0


def read(path: str) -> str:
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def test_list_shows_what_was_removed(cli: Cli, home: Home, place: str) -> None:
    assert cli("trash", "list") == (0, "", "the trash is empty\n")
    assert cli("trash", "list", "--json").out == "[]\n"
    remove(home, place, "a", "it's", "a")
    done = cli("trash", "list")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["DELETED", "SIZE", "NAME", "PATH"]
    assert [line.split("  ")[-1].strip() for line in lines[1:]] == [f"{place}/a", f'"{place}/it\'s"', f"{place}/a"]
    found = json.loads(cli("trash", "list", "--json").out)
    assert [(entry["name"], entry["path"]) for entry in found] == [
        ("a", f"{place}/a"),
        ("it's", f"{place}/it's"),
        ("a.2", f"{place}/a"),
    ]
    assert {entry["trash"] for entry in found} == {home.trash}
    assert all(entry["size"] > 0 and entry["deleted"].endswith("+00:00") for entry in found)


def test_restore_by_name_and_by_path(cli: Cli, home: Home, place: str) -> None:
    for text in ("one", "two", "three"):
        write(os.path.join(place, "a"), text)
        remove(home, place, "a")
    assert cli("trash", "restore", f"{place}/a") == (0, f"restored {place}/a\n", "")
    assert read(f"{place}/a") == "three"
    done = cli("trash", "restore", "a")
    assert (done.status, done.out) == (1, "")
    assert done.err == f"safeshell: can't restore {place}/a: it exists\n  hint: give another place, --to DIR\n"
    assert read(f"{place}/a") == "three"
    assert cli("trash", "restore", "a", "--to", "other") == (0, f"restored {home.root}/other/a\n", "")
    assert read(f"{home.root}/other/a") == "one"
    assert [entry["name"] for entry in json.loads(cli("trash", "list", "--json").out)] == ["a.2"]


def test_restore_all_brings_parents_first(cli: Cli, home: Home, place: str) -> None:
    os.makedirs(f"{place}/d")
    write(f"{place}/d/a", "first")
    remove(home, place, "d/a", "d")
    assert cli("trash", "restore", "--all").status == 0
    assert read(f"{place}/d/a") == "first"
    remove(home, place, "d")
    assert cli("trash", "restore", "d").out == f"restored {place}/d\n"


def test_restore_makes_the_directory_that_is_gone(cli: Cli, home: Home, place: str) -> None:
    os.makedirs(f"{place}/d")
    write(f"{place}/d/a", "first")
    remove(home, place, "d/a")
    os.rmdir(f"{place}/d")
    assert cli("trash", "restore", "a").status == 0
    assert read(f"{place}/d/a") == "first"


def test_restore_says_what_is_wrong(cli: Cli, home: Home, place: str) -> None:
    done = cli("trash", "restore", "nothing")
    assert (done.status, done.out) == (1, "")
    assert done.err == "safeshell: there is no nothing in the trash\n  hint: see `safeshell trash list`\n"
    assert cli("trash", "restore").status == 2
    assert cli("trash", "restore", "--all", "x").status == 2
    remove(home, place, "a")
    os.unlink(os.path.join(home.trash, "info", "a.trashinfo"))
    done = cli("trash", "restore", "a")
    assert done.err == "safeshell: the trash does not know where a was\n  hint: say where to, with --to DIR\n"
    assert cli("trash", "restore", "a", "--to", place).out == f"restored {place}/a\n"
    remove(home, place, "a")
    write(f"{home.root}/file", "")
    done = cli("trash", "restore", "a", "--to", f"{home.root}/file/x")
    assert (done.status, done.err) == (1, f"safeshell: can't restore {home.root}/file/x/a: Not a directory\n")


def test_empty_takes_all_or_some(cli: Cli, home: Home, place: str) -> None:
    remove(home, place, "a", "b", "c", "d")
    done = cli("trash", "empty")
    assert (done.status, "say --yes" in done.err) == (2, True)
    assert cli("trash", "empty", "--yes", "a", f"{place}/b").err.startswith("deleted 2 things, ")
    path = os.path.join(home.trash, "info", "c.trashinfo")
    text = read(path)
    at = text.index("X-SafeShell-Time=")
    write(path, text[:at] + "X-SafeShell-Time=1000000000" + text[text.index("\n", at) :])
    assert cli("trash", "empty", "--yes", "--older-than", "30d").err.startswith("deleted 1 thing, ")
    assert [entry["name"] for entry in json.loads(cli("trash", "list", "--json").out)] == ["d"]
    assert cli("trash", "empty", "--yes").err.startswith("deleted 1 thing, ")
    assert cli("trash", "empty", "--yes").err == "deleted 0 things, 0 B\n"
    assert os.listdir(os.path.join(home.trash, "expunged")) == []
    done = cli("trash", "empty", "--older-than", "soon")
    assert (done.status, "no age" in done.err) == (2, True)


@pytest.mark.parametrize(("answer", "left"), [(b"n\n", ["a"]), (b"y\n", [])])
def test_empty_asks_on_a_terminal(cli: Cli, home: Home, place: str, answer: bytes, left: list[str]) -> None:
    remove(home, place, "a")
    master, slave = os.openpty()
    os.write(master, answer)
    pid = os.posix_spawn(
        SAFESHELL,
        [SAFESHELL, "trash", "empty"],
        {"SAFESHELL_HOME": home.root, "PATH": PATH, "LC_ALL": "C.UTF-8"},
        file_actions=[(os.POSIX_SPAWN_DUP2, slave, number) for number in range(3)],
    )
    os.close(slave)
    assert reap(pid) == (0 if not left else 130)
    os.close(master)
    assert [entry["name"] for entry in json.loads(cli("trash", "list", "--json").out)] == left


def test_names_of_any_bytes(cli: Cli, home: Home, place: str) -> None:
    with open(os.path.join(os.fsencode(place), b"\xff\n"), "wb"):
        pass
    assert trash(home.root, place, b"\xff\n").status == 0
    assert "''$'\\377\\n'" in cli("trash", "list").out
    assert json.loads(cli("trash", "list", "--json").out)[0]["name"] == "\udcff\n"
    assert cli("trash", "restore", "\udcff\n").status == 0
    assert os.listdir(os.fsencode(place)) == [b"\xff\n"]
