"""What is kept of a file counts until the file changes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from host.git.repositories import (
    by_git,
    by_us,
    deep,
    facts_of,
    git,
    make,
    pass_tick,
)

from safeshell.host.git import change_times, files

CHANGES: dict[str, Callable[[Path], object]] = {
    "checkout": lambda top: git(top, "checkout", "-q", "-b", "other"),
    "HEAD written in place": lambda top: (top / ".git/HEAD").write_text("ref: refs/heads/m2in\n"),
    "detached": lambda top: git(top, "checkout", "-q", "--detach"),
    "nested repository": lambda top: make(top / "a"),
    "nested bare repository": lambda top: git(top / "a", "init", "-q", "--bare", "-b", "inner"),
    "no repository": lambda top: shutil.rmtree(top / ".git"),
    "bare": lambda top: git(top, "config", "core.bare", "true"),
    "work tree": lambda top: git(top, "config", "core.worktree", str(top / "a")),
    "branch made symbolic": lambda top: git(top, "symbolic-ref", "refs/heads/main", "refs/heads/there"),
    "moved down": lambda top: (top / ".git").rename(top / "a" / ".git"),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.usefixtures("eager")
def test_a_change_is_seen_at_once(repository: Path, name: str) -> None:
    below = deep(repository)
    before = by_us(below, {})
    assert before == by_git(below, {})
    assert os.fsencode(below) in files.FILES.marks
    assert os.fsencode(repository / ".git/HEAD") in files.FILES._parsed
    pass_tick(repository)
    CHANGES[name](repository)
    after = by_us(below, {})
    assert after == by_git(below, {})
    assert after != before


def test_what_has_just_changed_is_not_kept(repository: Path) -> None:
    below = deep(repository)
    facts_of(below)
    assert os.fsencode(below) not in files.FILES.marks
    assert os.fsencode(repository / ".git/HEAD") not in files.FILES._parsed


def test_only_known_file_systems_are_relied_on(tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["stat", "-f", "-c", "%T", tmp_path], capture_output=True, text=True, check=True
    ).stdout.strip()
    device = tmp_path.stat().st_dev
    if mounted in ("ext2/ext3", "tmpfs", "xfs", "overlayfs") and os.major(device):
        assert change_times._keeps_time(device)
    assert not change_times._keeps_time(Path("/proc").stat().st_dev)
    assert not change_times._keeps_time(os.makedev(0, 0))


@pytest.mark.usefixtures("eager")
def test_what_is_kept_is_bounded(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_KEPT_MAX", 4)
    files.FILES.marks.clear()
    for number in range(20):
        below = repository / str(number)
        below.mkdir()
        facts_of(below)
        assert 0 < len(files.FILES.marks) <= 4
