"""Repository rules: which apply in a directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safeshell.home.paths import Home
from safeshell.home.repository_rules import (
    NESTED_MAX,
    UnseenRulesError,
    find_rules,
    kind_of,
    levels,
    repository_root,
)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return tmp_path / "top"


def rules(directory: Path) -> Path:
    path = directory / ".safeshell/rules.yaml"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def find(directory: Path, home: Path = Path("/nonexistent"), prefix: str = "") -> list[Path]:
    directory.mkdir(parents=True, exist_ok=True)
    found = find_rules(os.fsencode(directory), os.fsencode(home), os.fsencode(prefix))
    return [Path(os.fsdecode(each)) for each in found]


def test_all_above_a_directory_are_in_force_together(top: Path) -> None:
    outer, inner = rules(top), rules(top / "a/b")
    assert find(top / "a/b/c") == [outer, inner]
    assert find(top / "a/b") == [outer, inner]
    assert find(top / "a") == [outer]
    assert find(top) == [outer]


def test_too_many_are_refused(top: Path) -> None:
    directory = top
    for _ in range(NESTED_MAX):
        rules(directory)
        directory /= "a"
    assert len(find(directory)) == NESTED_MAX
    rules(directory)
    with pytest.raises(UnseenRulesError, match=f"more than {NESTED_MAX} rules files"):
        find(directory)


# Who asks sees another tree below a prefix, as below /proc/PID/root.


def test_a_file_that_both_see_counts(top: Path, tmp_path: Path) -> None:
    own = rules(top)
    for directory in (top, top / "a"):
        seen = tmp_path / f"root{directory}"
        seen.mkdir(parents=True)
    (tmp_path / f"root{top}/.safeshell").mkdir()
    os.link(own, tmp_path / f"root{own}")
    assert find(top / "a", prefix=f"{tmp_path}/root") == [own]


def test_s3_a_file_that_only_one_sees_does_not_count_or_cannot_be_told(top: Path, tmp_path: Path) -> None:
    rules(top)
    prefix = f"{tmp_path}/root"
    with pytest.raises(UnseenRulesError, match="who asks is gone, or its files can't be looked at"):
        find(top, prefix=prefix)
    os.mkdir(prefix)
    assert find(top, prefix=prefix) == []
    hidden = rules(Path(f"{prefix}{top}/a"))
    with pytest.raises(UnseenRulesError, match="is another file here than for who asks"):
        find(top / "a", prefix=prefix)
    hidden.unlink()
    hidden.symlink_to("/rules/of/another/root")
    with pytest.raises(UnseenRulesError, match="is a link"):
        find(top / "a", prefix=prefix)


def test_s3_that_it_cannot_be_told_is_not_that_there_is_none(top: Path, tmp_path: Path) -> None:
    seen = tmp_path / f"root{top}"
    (seen / "a").mkdir(parents=True)
    (seen / ".safeshell").symlink_to(".safeshell")  # what can be looked at by nobody, root neither
    with pytest.raises(UnseenRulesError, match="can't be looked at as who asks sees it: Too many levels"):
        find(top / "a", prefix=f"{tmp_path}/root")


def test_s3_what_a_caller_has_hidden_in_a_directory_that_both_see_counts(top: Path, tmp_path: Path) -> None:
    own = rules(top)
    seen = tmp_path / "root"
    (seen / str(top.parent)[1:]).mkdir(parents=True)
    seen_top = Path(f"{seen}{top}")
    seen_top.symlink_to(top)  # the same directory, and the same rules in it
    assert find(top / "a", prefix=str(seen)) == [own]
    seen_top.unlink()
    seen_top.mkdir()  # another one, without
    assert find(top / "a", prefix=str(seen)) == []


def test_s16_a_rules_file_that_cannot_be_looked_at_counts(top: Path) -> None:
    own = rules(top)
    own.unlink()
    assert find(top) == []
    own.symlink_to("nothing")
    assert find(top) == []
    own.unlink()
    own.symlink_to("rules.yaml")  # as good as a directory that may not be searched, which root may
    assert find(top) == [own]


def test_a_work_tree_ends_where_it_does_for_who_asks(top: Path, tmp_path: Path) -> None:
    own = rules(top)
    seen = tmp_path / f"root{top}"
    (seen / "a").mkdir(parents=True)
    (seen / ".safeshell").mkdir()
    os.link(own, seen / ".safeshell/rules.yaml")
    (top / "a").mkdir()
    (top / "a/.git").mkdir()
    assert find(top / "a", prefix=f"{tmp_path}/root") == [own]
    (seen / "a/.git").touch()
    assert find(top / "a", prefix=f"{tmp_path}/root") == []


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
    assert find(top / "repository/a") == []
    assert find(top / "repository") == []
    own, inner = rules(top / "repository"), rules(top / "repository/a/b")
    assert find(top / "repository/a") == [own]
    assert find(top / "repository/a/b") == [own, inner]


def test_outside_a_work_tree_the_search_goes_up_to_the_root(top: Path) -> None:
    outer = rules(top)
    assert find(top / "a/b/c/d/e") == [outer]


def test_the_users_home_never_counts_however_it_is_spelled(top: Path) -> None:
    outer = rules(top)
    rules(top / "user")
    linked = top / "linked"
    linked.symlink_to("user/.safeshell")
    for home in (top / "user/.safeshell", linked, top / "user/../user/.safeshell"):
        assert find(top / "user/work", home) == [outer]
    assert find(top / "user/work", top / "other") == [outer, top / "user/.safeshell/rules.yaml"]


def test_a_directory_without_rules_is_passed_over(top: Path) -> None:
    outer = rules(top)
    (top / "a/.safeshell").mkdir(parents=True)
    assert find(top / "a") == [outer]


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
