"""Repositories with reftables are read by git."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from host.git.repositories import (
    facts_of,
    git,
    in_work_tree,
    make,
    pass_tick,
    replace,
    run_git,
)

from safeshell.errors import UndecidedError
from safeshell.host.git import reftable


def make_reftable(top: Path) -> Path:
    """A repository as git writes it with reftables, as far as is read without git."""
    make(top)
    (top / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
    (top / ".git" / "reftable").mkdir()
    (top / ".git" / "reftable" / "tables.list").write_text("0x01-0x02-00.ref\n")
    return top


def fake_git(directory: Path, text: str) -> tuple[bytes]:
    program = directory / "git"
    program.write_text(f'#!/bin/sh\necho "$GIT_DIR $*" >>{directory}/calls\n{text}\n')
    program.chmod(0o755)
    return (os.fsencode(program),)


def record_children(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The children that are started from now on, and no others that this process may have."""
    started: list[int] = []
    real = os.posix_spawn

    def spawn(*arguments: Any, **options: Any) -> int:
        started.append(real(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(os, "posix_spawn", spawn)
    return started


def test_reftables_are_read_by_git(tmp_path: Path) -> None:
    top = tmp_path.resolve() / "reftable"
    top.mkdir()
    if run_git(top, "init", "-q", "-b", "topic", "--ref-format=reftable").returncode:
        make_reftable(top)
        with pytest.raises(UndecidedError, match="reftables"):
            facts_of(top)
        return
    assert facts_of(top) == "topic"
    git(top, "commit", "-q", "--allow-empty", "-m", "x")
    git(top, "checkout", "-q", "--detach")
    assert facts_of(top) is None


@pytest.mark.usefixtures("eager")
def test_git_is_asked_again_when_the_tables_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = make_reftable(tmp_path.resolve() / "reftable")
    monkeypatch.setattr(reftable, "_GIT", fake_git(tmp_path, "echo refs/heads/topic/x"))
    assert [facts_of(top) for _ in range(3)] == ["topic/x"] * 3
    assert (tmp_path / "calls").read_text() == f"{top}/.git symbolic-ref -q HEAD\n"
    pass_tick(top)
    replace(top / ".git/reftable/tables.list", "0x01-0x03-00.ref\n")
    monkeypatch.setattr(reftable, "_GIT", fake_git(tmp_path, "exit 1"))
    assert facts_of(top) is None
    assert in_work_tree(os.fsencode(top))


@pytest.mark.parametrize(
    "text", ["exit 128", "echo", "echo x", "kill -9 $$", "exec sleep 60", "exec sleep 60 >&-", "yes"]
)
def test_a_git_that_fails_leaves_it_undecided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    top = make_reftable(tmp_path.resolve() / "reftable")
    monkeypatch.setattr(reftable, "_GIT", fake_git(tmp_path, text))
    monkeypatch.setattr(reftable, "_TIMEOUT", 0.5)
    started = record_children(monkeypatch)
    with pytest.raises(UndecidedError):
        facts_of(top)
    (child,) = started
    with pytest.raises(ChildProcessError):
        os.waitpid(child, os.WNOHANG)


def test_without_git_reftables_are_undecided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = make_reftable(tmp_path.resolve() / "reftable")
    monkeypatch.setattr(reftable, "_GIT", (b"/nowhere/git",))
    with pytest.raises(UndecidedError, match="no git"):
        facts_of(top)
    with pytest.raises(UndecidedError, match="another root"):
        facts_of(top, prefix=b"/proc/self/root")
