"""Grounds of a decision: the rules of the place that a command is about, as they are when it runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Cli, Daemon, run, safeshell, write

from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - {name: known, commands: [git, env, sh], action: allow, message: Seen.}
"""
TAGS = """\
version: 1
rules:
  - {name: no-tags, commands: [git], conditions: [{command_matches: '\\btag\\b'}], action: deny, message: No tags here.}
"""

pytestmark = pytest.mark.rules(RULES)

AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@b")


def git(top: Path, *words: str) -> None:
    subprocess.run(["/usr/bin/git", "-C", str(top), *AUTHOR, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository that denies tags."""
    top = tmp_path / "guarded"
    subprocess.run(["/usr/bin/git", "init", "-q", "-b", "main", str(top)], check=True)
    git(top, "commit", "-q", "--allow-empty", "-m", "x")
    (top / ".safeshell").mkdir(mode=0o755)
    write(str(top / ".safeshell/rules.yaml"), TAGS, 0o644)
    return top


ELSEWHERE: dict[str, Callable[[str], tuple[list[str], dict[str, str]]]] = {
    "git -C": lambda top: (["git", "-C", top, "tag", "x"], {}),
    "env -C": lambda top: (["env", "-C", top, "git", "tag", "x"], {}),
    "git --git-dir": lambda top: (["git", f"--git-dir={top}/.git", "tag", "x"], {}),
    "git --git-dir, a word more": lambda top: (["git", "--git-dir", f"{top}/.git", "tag", "x"], {}),
    "GIT_DIR": lambda top: (["git", "tag", "x"], {"GIT_DIR": f"{top}/.git"}),
    "GIT_DIR by env": lambda top: (["env", f"GIT_DIR={top}/.git", "git", "tag", "x"], {}),
    "git --work-tree": lambda top: (["git", f"--work-tree={top}", f"--git-dir={top}/.git", "tag", "x"], {}),
    "both": lambda top: (["env", "-C", "/", "git", "-C", top, "tag", "x"], {}),
}


@pytest.mark.shared
@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize("way", ELSEWHERE)
def test_a_repositorys_rules_hold_from_elsewhere(shims: Home, repository: Path, tmp_path: Path, way: str) -> None:
    words, env = ELSEWHERE[way](str(repository))
    for _ in range(3):  # the fast path has it from the third time on, if it may
        done = run(shims, *words, env=env, cwd=str(tmp_path))
        assert (done.returncode, b"No tags here." in done.stderr) == (126, True), done.stderr
    git(repository, "log", "-1")
    assert not list((repository / ".git/refs/tags").iterdir())


@pytest.mark.shared
@pytest.mark.usefixtures("daemon")
def test_another_repository_is_not_judged_by_them(shims: Home, repository: Path, tmp_path: Path) -> None:
    free = tmp_path / "free"
    subprocess.run(["/usr/bin/git", "init", "-q", str(free)], check=True)
    git(free, "commit", "-q", "--allow-empty", "-m", "x")
    assert run(shims, "git", "-C", str(free), "tag", "x", cwd=str(tmp_path)).returncode == 0
    assert run(shims, "git", "-C", str(free), "tag", "y", cwd=str(repository)).returncode == 126  # its own spelling


@pytest.mark.parametrize("way", [way for way in ELSEWHERE if way != "GIT_DIR"])
def test_check_says_the_same(cli: Cli, repository: Path, tmp_path: Path, way: str) -> None:
    words, _ = ELSEWHERE[way](str(repository))
    done = cli("check", "--cwd", str(tmp_path), "--", *words)
    assert done.status == 3
    assert "No tags here." in done.out


LINES: dict[str, Callable[[str], str]] = {
    "cd": lambda top: f"cd {top} && git tag x",
    "cd, a link": lambda top: f"ln -sf {top} here; cd {top}/../link/sub/.. && git tag x",
    "a subshell": lambda top: f"(cd {top}; true) && git -C {top}/sub tag x",
    "git -C": lambda top: f"ls; git -C {top} tag x",
    "GIT_DIR": lambda top: f"GIT_DIR={top}/.git git tag x",
    "env -C": lambda top: f"env -C {top} git tag x | cat",
    "another shell": lambda top: f"bash -c 'git -C {top} tag x'",
}


@pytest.mark.parametrize("way", LINES)
def test_s4_check_says_the_same_of_a_line(cli: Cli, repository: Path, tmp_path: Path, way: str) -> None:
    (repository / "sub").mkdir()
    (tmp_path / "link").symlink_to(repository)
    line = LINES[way](str(repository))
    done = cli("check", "--cwd", str(tmp_path), "-c", line)
    assert done.status == 3, done
    assert "No tags here." in done.out
    assert (
        cli("check", "--cwd", str(tmp_path), "-c", line.replace("git tag", "git log").replace(" tag x", " log")).status
        == 0
    )
    assert cli("check", "--cwd", str(repository), "-c", f"cd {tmp_path} && git tag x").status == 0


def test_s1_a_command_that_brings_the_first_rules_runs_to_its_end(
    daemon: Daemon, shims: Home, repository: Path
) -> None:
    git(repository, "add", ".safeshell")
    git(repository, "commit", "-q", "-m", "rules")
    git(repository, "branch", "with")
    git(repository, "branch", "without", "HEAD~1")
    for number in range(30):
        done = run(shims, "git", "checkout", "-q", "without" if number % 2 else "with", cwd=str(repository))
        assert (done.returncode, done.stderr) == (0, b"")
    assert not os.path.exists(os.path.join(daemon.home.root, "daemon.log"))


MOVES: dict[str, Callable[[Path, str], list[str]]] = {
    "removes": lambda top, _: ["rm", "-r", f"{top}/.safeshell"],
    "moves": lambda top, aside: ["mv", f"{top}/.safeshell", aside],
    "hides": lambda top, _: ["chmod", "0", f"{top}/.safeshell/rules.yaml"],
    "breaks": lambda top, _: ["sh", "-c", f"echo ']' >{top}/.safeshell/rules.yaml"],
    "is another's to write": lambda top, _: ["chmod", "-R", "a+w", f"{top}/.safeshell"],
    "ends above": lambda top, _: ["mkdir", f"{top}/sub/.git"],
    "begins below": lambda top, _: ["cp", "-r", f"{top}/.safeshell", f"{top}/sub"],
    "changes the user's": lambda _top, aside: ["touch", f"{aside}/rules.yaml"],
}


@pytest.mark.rules(RULES.replace("sh]", "sh, rm, mv, chmod, mkdir, cp, touch]"))
@pytest.mark.parametrize("how", MOVES)
def test_s1_a_command_that_changes_what_it_was_judged_by_runs_to_its_end(
    daemon: Daemon, shims: Home, repository: Path, how: str
) -> None:
    (repository / "sub").mkdir()
    aside = shims.root if "user" in how else str(repository / "aside")
    words = MOVES[how](repository, aside)
    for _ in range(2):  # the second time its answer may be kept
        done = run(shims, *words, cwd=str(repository / "sub"))
        assert b"bug" not in done.stderr
        assert done.returncode in (0, 1), done.stderr  # 1: what it was about has gone
    assert run(shims, "git", "--version", cwd=str(repository / "sub")).returncode == 0
    assert not os.path.exists(os.path.join(daemon.home.root, "daemon.log"))


def test_s2_rules_that_were_away_count_again_once_they_are_back(daemon: Daemon, shims: Home, repository: Path) -> None:
    rules, away = repository / ".safeshell", repository / "away"
    file = rules / "rules.yaml"
    for source, target in ((rules, away), (rules, away), (file, rules / "away.yaml"), (file, repository / "x.yaml")):
        source.rename(target)
        for _ in range(4):
            assert run(shims, "git", "tag", cwd=str(repository)).returncode == 0
        target.rename(source)
        assert run(shims, "git", "tag", cwd=str(repository)).returncode == 126
    assert daemon.status()["front"]["native"]


@pytest.mark.usefixtures("daemon")
def test_status_names_what_is_in_force(shims: Home, repository: Path) -> None:
    assert run(shims, "git", "tag", cwd=str(repository)).returncode == 126
    shown = safeshell(shims, "daemon", "status").stdout
    assert str(repository) in shown
