"""Repositories made with git, and what git says of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safeshell.host.git.repository import branch, discover, is_inside

OBJECT = "1" * 40
NOBODY = 65534


def environment(home: Path) -> dict[str, str]:
    """Git without the user's configuration."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }


def run_git(directory: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["git", *words],
        cwd=directory,
        env={**environment(directory), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )


def git(directory: Path, *words: str, **variables: str) -> bytes:
    done = run_git(directory, *words, **variables)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout.removesuffix(b"\n")


def make(directory: Path, *words: str) -> Path:
    """A repository on `main` with a commit."""
    directory.mkdir(parents=True, exist_ok=True)
    git(directory, "init", "-q", "-b", "main", *words)
    git(directory, "commit", "-q", "--allow-empty", "-m", "x")
    return directory


def deep(directory: Path) -> Path:
    below = directory / "a" / "b"
    below.mkdir(parents=True, exist_ok=True)
    return below


@dataclass(frozen=True)
class Answer:
    """What git and this reader have to agree on."""

    git_dir: bytes
    common_dir: bytes
    top: bytes | None
    inside: bool
    bare: bool
    branch: str | None


def by_git(directory: Path, variables: Mapping[str, str]) -> Answer | None:
    """Git's own answer, None outside a repository."""

    def ask(*words: str) -> bytes:
        return git(directory, "rev-parse", *words, **variables)

    if run_git(directory, "rev-parse", "--git-dir", **variables).returncode:
        return None
    top = run_git(directory, "rev-parse", "--show-toplevel", **variables)
    head = run_git(directory, "symbolic-ref", "-q", "--short", "HEAD", **variables)
    assert head.returncode in (0, 1), head.stderr
    return Answer(
        git_dir=ask("--absolute-git-dir"),
        common_dir=os.path.realpath(os.path.join(os.fsencode(directory), ask("--git-common-dir"))),
        top=None if top.returncode else top.stdout.removesuffix(b"\n"),
        inside=ask("--is-inside-work-tree") == b"true",
        bare=ask("--is-bare-repository") == b"true",
        branch=head.stdout.decode().removesuffix("\n") if head.returncode == 0 else None,
    )


def by_us(directory: Path, variables: Mapping[str, str], prefix: bytes = b"") -> Answer | None:
    place = os.fsencode(directory)
    block = {os.fsencode(name): os.fsencode(value) for name, value in variables.items()}
    repository = discover(place, block, prefix=prefix)
    if repository is None:
        assert not in_work_tree(place, block, prefix=prefix)
        return None
    return Answer(
        git_dir=repository.git_dir,
        common_dir=repository.common_dir,
        top=repository.work_tree,
        inside=in_work_tree(place, block, prefix=prefix),
        bare=repository.bare,
        branch=branch(repository),
    )


def in_work_tree(directory: bytes, variables: Mapping[bytes, bytes] | None = None, *, prefix: bytes = b"") -> bool:
    return is_inside(discover(directory, variables or {}, prefix=prefix), directory)


def facts_of(directory: Path, variables: Mapping[bytes, bytes] | None = None, prefix: bytes = b"") -> str | None:
    found = discover(os.fsencode(directory), variables or {}, prefix=prefix)
    assert found is not None
    return branch(found)


def replace(path: Path, content: str | bytes) -> None:
    path.unlink()
    path.write_bytes(os.fsencode(content))


def pass_tick(directory: Path) -> None:
    """Returns once the file system's clock has moved on."""
    probe = directory / "probe"
    probe.touch()
    first = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == first:
        probe.touch()
    probe.unlink()
