"""Which repository's rules apply in a directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safeshell.home.paths import Home
from safeshell.home.repository_rules import find_rules, kind_of, levels, repository_root


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return tmp_path / "top"


def rules(directory: Path) -> Path:
    path = directory / ".safeshell/rules.yaml"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def find(directory: Path, home: Path = Path("/nonexistent")) -> Path | None:
    directory.mkdir(parents=True, exist_ok=True)
    found = find_rules(os.fsencode(directory), os.fsencode(home))
    return None if found is None else Path(os.fsdecode(found))


def test_the_nearest_wins(top: Path) -> None:
    outer, inner = rules(top), rules(top / "a/b")
    assert find(top / "a/b/c") == inner
    assert find(top / "a/b") == inner
    assert find(top / "a") == outer
    assert find(top) == outer


@pytest.mark.parametrize("kind", ["directory", "file", "dangling link"])
def test_a_work_tree_ends_the_search_whatever_its_git_is(top: Path, kind: str) -> None:
    rules(top)
    (top / "repository").mkdir(parents=True)
    git = top / "repository/.git"
    if kind == "directory":
        git.mkdir()
    elif kind == "file":
        git.touch()
    else:
        git.symlink_to("nothing")
    assert find(top / "repository/a") is None
    assert find(top / "repository") is None
    own = rules(top / "repository")
    assert find(top / "repository/a") == own


def test_outside_a_work_tree_the_search_goes_up_to_the_root(top: Path) -> None:
    outer = rules(top)
    assert find(top / "a/b/c/d/e") == outer


def test_the_users_home_never_counts_however_it_is_spelled(top: Path) -> None:
    outer = rules(top)
    rules(top / "user")
    linked = top / "linked"
    linked.symlink_to("user/.safeshell")
    for home in (top / "user/.safeshell", linked, top / "user/../user/.safeshell"):
        assert find(top / "user/work", home) == outer
    assert find(top / "user/work", top / "other") == top / "user/.safeshell/rules.yaml"


def test_a_directory_without_rules_is_passed_over(top: Path) -> None:
    outer = rules(top)
    (top / "a/.safeshell").mkdir(parents=True)
    assert find(top / "a") == outer


def test_the_root_has_ancestors_too() -> None:
    assert [level for level, _ in levels(b"/")] == [b""]
    assert [level for level, _ in levels(b"/a/b")] == [b"/a/b", b"/a", b""]


def test_whose_rules_a_file_holds(tmp_path: Path) -> None:
    home = Home(str(tmp_path / ".safeshell"))
    os.makedirs(tmp_path / "repo/.safeshell/rules.d")
    os.mkdir(home.root)
    assert kind_of(str(tmp_path / "repo/.safeshell/rules.yaml"), home) == "repository"
    assert kind_of(str(tmp_path / "repo/.safeshell/rules.d/a.yaml"), home) == "repository"
    assert kind_of(str(tmp_path / "repo/rules.yaml"), home) == "user"
    assert kind_of(home.rules, home) == "user"


def test_where_a_repository_ends(tmp_path: Path) -> None:
    rules = str(tmp_path / "repo/part/.safeshell/rules.yaml")
    assert repository_root(rules) == str(tmp_path / "repo/part")
    os.makedirs(tmp_path / "repo/.git")
    assert repository_root(rules) == str(tmp_path / "repo")
