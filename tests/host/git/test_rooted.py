"""A caller with another root directory sees its own files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from host.git.repositories import (
    by_us,
    deep,
    facts_of,
    git,
    in_work_tree,
    make,
)

from safeshell.errors import UndecidedError
from safeshell.host.git.model import Repository
from safeshell.host.git.repository import branch, discover


def test_paths_below_a_prefix_are_the_callers(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "root"
    repository = make(root / "work" / "repository")
    deep(repository)
    git(repository, "checkout", "-q", "-b", "inside")
    (root / "linked").mkdir()
    (root / "linked" / ".git").symlink_to("/work/repository/.git")
    (root / "named").mkdir()
    (root / "named" / ".git").write_text("gitdir: /linked/.git\n")
    prefix = os.fsencode(root)
    expected = Repository(
        b"/work/repository/.git", b"/work/repository/.git", b"/work/repository", bare=False, prefix=prefix
    )
    assert discover(b"/work/repository/a/b", prefix=prefix) == expected
    for place in (b"/linked", b"/named"):
        found = discover(place, prefix=prefix)
        assert found is not None
        assert (found.git_dir, found.work_tree, branch(found)) == (b"/work/repository/.git", place, "inside")
    assert in_work_tree(b"/work/repository/a", prefix=prefix)
    assert not in_work_tree(b"/work", prefix=prefix)
    assert facts_of(Path("/work"), {b"GIT_DIR": b"/named/.git"}, prefix=prefix) == "inside"


@pytest.mark.parametrize(
    "target", ["../../../../../../../../..{outside}/.git", "{outside}/.git", "/proc/self/cwd/.git"]
)
def test_links_do_not_leave_the_prefix(tmp_path: Path, target: str) -> None:
    outside = make(tmp_path.resolve() / "outside")
    root = tmp_path.resolve() / "root"
    (root / "trap").mkdir(parents=True)
    (root / "trap" / ".git").symlink_to(target.replace("{outside}", str(outside)))
    with pytest.raises(UndecidedError):
        discover(b"/trap", prefix=os.fsencode(root))


def test_a_prefix_that_is_gone_is_undecided(tmp_path: Path) -> None:
    with pytest.raises(UndecidedError):
        discover(b"/", prefix=os.fsencode(tmp_path / "nowhere"))


def test_no_descriptor_is_left_open(zoo: Path) -> None:
    before = os.listdir("/proc/self/fd")
    for place in ("plain/a/b", "linked", "outside", "core-worktree"):
        by_us(zoo / place, {}, prefix=b"/proc/self/root")
        by_us(zoo / place, {})
    assert os.listdir("/proc/self/fd") == before
