"""Whose rules hold: of all levels, of the place that a command is about, as whoever runs it sees them."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import MARKER, PATH, Daemon, environment, run, safeshell, sync_shims, temporary_directory, write
from needs import need

from safeshell.client import evaluate, execute
from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - {name: known, commands: [git, env, sh, ls, cat], action: allow, message: Seen.}
"""
TAGS = """\
version: 1
rules:
  - {name: no-tags, commands: [git], conditions: [{command_matches: '\\btag\\b'}], action: deny, message: No tags here.}
"""
LS = "version: 1\nrules:\n  - {name: no-ls, commands: [ls], action: deny, message: No.}\n"
BROKEN = "version: 1\nrules:\n  - {name: no-cat, commands: [cat], actoin: deny, message: No.}\n"

pytestmark = pytest.mark.rules(RULES)


def git(top: Path | str, *words: str) -> None:
    author = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["/usr/bin/git", "-C", str(top), *author, *words], check=True, capture_output=True)


def put_rules(directory: Path, text: str) -> Path:
    """A repository's rules in a directory."""
    (directory / ".safeshell").mkdir(mode=0o755, parents=True, exist_ok=True)
    write(str(directory / ".safeshell/rules.yaml"), text, 0o644)
    return directory / ".safeshell/rules.yaml"


def decided(home: Home, *words: str, cwd: Path | str, **env: str) -> str:
    """What the daemon decides about a command in a directory."""
    before = os.getcwd()
    os.chdir(cwd)
    try:
        return str(evaluate(words, env={"PATH": PATH, "HOME": home.root, **env}, home=home)["decision"])
    finally:
        os.chdir(before)


# S4: the place that a command is about


@pytest.fixture(scope="module")
def places() -> Iterator[Path]:
    """`guarded`, whose rules deny tags, `other`, which has none, and ways that lead from one to the other."""
    with temporary_directory() as root:
        tree = Path(root)
        for name in ("guarded", "other"):
            subprocess.run(["/usr/bin/git", "init", "-q", "-b", "main", str(tree / name)], check=True)
            git(tree / name, "commit", "-q", "--allow-empty", "-m", "x")
        put_rules(tree / "guarded", TAGS)
        (tree / "guarded/sub/deep").mkdir(parents=True)
        git(tree / "guarded", "worktree", "add", "-q", str(tree / "linked"))
        for link, target in (("link", "guarded"), ("deep", "guarded/sub/deep"), ("dot", "guarded/.git")):
            (tree / link).symlink_to(target)
        (tree / "plain").mkdir()
        (tree / "file").write_text("gitdir: guarded/.git\n")
        git(tree / "other", "config", "alias.there", "-C ../guarded tag")
        git(tree / "other", "config", "alias.bang", "!git -C ../guarded tag")
        yield tree


WAYS = """\
.       git -C link tag
.       git -Cguarded tag
.       git -C deep tag
.       git -C deep/.. tag
.       git -C deep/../.. tag
.       git -C guarded -C sub tag
.       git -C plain -C ../guarded tag
.       git -C ./guarded/./sub/../ tag
.       git --exec-path=/x --namespace n --no-pager -C guarded tag
.       git -C guarded/.git tag
.       git --git-dir=guarded/.git tag
.       git --git-dir=link/.git tag
.       git --git-dir=dot tag
.       git --git-dir=file tag
.       git --bare --git-dir guarded/.git tag
.       git --git-dir=guarded/.git/worktrees/linked tag
.       git --git-dir ../guarded/.git -C other tag
.       git -C other --git-dir ../guarded/.git tag
other   git --git-dir=../guarded/.git --work-tree=/ tag
other   git --work-tree=../link tag
other   GIT_DIR=../guarded/.git git tag
other   GIT_DIR=../guarded/.git GIT_WORK_TREE=. git tag
other   GIT_WORK_TREE=../guarded git tag
other   GIT_COMMON_DIR=../guarded/.git git tag
other   GIT_COMMON_DIR=../guarded/.git GIT_DIR=.git git tag
other   env GIT_WORK_TREE=../deep/../.. git tag
other   env -u GIT_DIR GIT_COMMON_DIR=../guarded/.git git tag
.       env -C link git tag
.       env -Cguarded git tag
.       env --chdir deep/../.. git tag
.       env -C plain env -C ../guarded git tag
.       env -C plain git -C ../guarded tag
.       env -C other GIT_DIR=../guarded/.git git tag
.       env -i -C guarded /usr/bin/git tag
.       sudo -D guarded git tag
.       sudo --chdir=link git tag
.       sudo -nD deep git tag
.       sudo GIT_DIR=guarded/.git git tag
.       sudo -u x env -C guarded nice -n 5 git -C sub tag
.       nice env -C guarded timeout 5 git tag
.       xargs git -C guarded tag
.       git -C other there
.       git -C other bang
other   git there
.       git -c alias.q='-C guarded tag' q
guarded/sub/deep  git tag
guarded/.git      git tag
"""


@pytest.mark.shared
@pytest.mark.parametrize("way", WAYS.splitlines())
def test_s4_the_rules_of_the_place_hold(daemon: Daemon, places: Path, way: str) -> None:
    cwd, *words = shlex.split(way)
    env = {}
    while "=" in words[0]:
        name, value = words.pop(0).split("=", 1)
        env[name] = value
    assert decided(daemon.home, *words, cwd=places / cwd, **env) == "deny"
    harmless = ["log" if word == "tag" else word.replace("tag", "log") for word in words]
    if "there" not in words and "bang" not in words:
        assert decided(daemon.home, *harmless, cwd=places / cwd, **env) == "allow"


@pytest.mark.shared
def test_s4_the_rules_of_another_place_do_not(daemon: Daemon, places: Path) -> None:
    for words in (
        ["git", "tag"],
        ["git", "-C", "../plain", "--git-dir=../other/.git", "tag"],
        ["env", "-C", ".", "git", "tag"],
    ):
        assert decided(daemon.home, *words, cwd=places / "other") == "allow"


@pytest.mark.shared
def test_s4_a_repository_that_only_git_can_read_is_asked_all_the_same(daemon: Daemon, places: Path) -> None:
    git(places / "guarded", "config", "core.repositoryformatversion", "7")
    try:
        for words, env in (
            (["--git-dir=guarded/.git"], {}),
            ([], {"GIT_DIR": "link/.git"}),
            (["--work-tree=deep"], {}),
        ):
            assert decided(daemon.home, "git", *words, "tag", cwd=places, **env) == "deny"
    finally:
        git_config = places / "guarded/.git/config"
        git_config.write_text(git_config.read_text().replace("= 7", "= 0"))


# S16: all levels


def test_s16_no_level_lifts_another(daemon: Daemon, tmp_path: Path) -> None:
    put_rules(tmp_path, TAGS)
    deepest = tmp_path / "a/b/c"
    deepest.mkdir(parents=True)
    middle = put_rules(tmp_path / "a", LS)
    inner = put_rules(tmp_path / "a/b", "version: 1\nrules: []\n")
    for text in (None, BROKEN, "rules: [", ""):
        if text is not None:
            write(str(inner), text, 0o644)
        assert decided(daemon.home, "git", "tag", cwd=deepest) == "deny"
        assert decided(daemon.home, "ls", cwd=deepest) == "deny"
        assert decided(daemon.home, "git", "-C", str(deepest), "tag", cwd="/") == "deny"
        assert decided(daemon.home, "cat", cwd=deepest) == "allow"
    middle.chmod(0o666)
    assert decided(daemon.home, "git", "tag", cwd=deepest) == "deny"
    assert decided(daemon.home, "ls", cwd=deepest) == "allow"
    assert decided(daemon.home, "ls", cwd=deepest, **{MARKER: "1"}) == "require_approval"
    inner.unlink()
    inner.mkdir()
    middle.chmod(0o644)
    assert decided(daemon.home, "git", "tag", cwd=deepest) == "deny"
    assert decided(daemon.home, "ls", cwd=deepest) == "deny"


def test_s16_the_front_says_the_same(daemon: Daemon, tmp_path: Path) -> None:
    home = daemon.home
    sync_shims(home)
    put_rules(tmp_path, LS)
    inner = tmp_path / "a"
    inner.mkdir()
    for change in (
        lambda: (inner / ".safeshell").mkdir(mode=0o755),
        lambda: put_rules(inner, TAGS),
        lambda: write(str(inner / ".safeshell/rules.yaml"), BROKEN, 0o644),
        lambda: shutil.rmtree(inner / ".safeshell"),
    ):
        for _ in range(3):
            assert run(home, "ls", cwd=str(inner)).returncode == 126
            assert run(home, "cat", cwd=str(inner)).returncode == 0
        change()
    assert run(home, "ls", cwd=str(inner)).returncode == 126
    assert daemon.status()["front"]["native"]


def test_s16_rules_that_cannot_be_read_are_said(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = put_rules(tmp_path, TAGS)
    rules.unlink()
    rules.symlink_to("rules.yaml")  # as good as a mode of 0, which holds for root too
    monkeypatch.chdir(tmp_path)
    done = execute(["cat"], env={"PATH": PATH}, home=daemon.home)
    assert (done.returncode, f"{rules}:1:1: SS101" in done.message) == (0, True)


# S3: as the caller sees them


def test_s3_rules_that_the_caller_has_hidden_hold(daemon: Daemon, tmp_path: Path) -> None:
    need("unshare")
    need("mount")
    put_rules(tmp_path, TAGS)
    sync_shims(daemon.home)
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    for hidden in (".safeshell", ".safeshell/rules.yaml"):
        source = "none -t tmpfs" if hidden == ".safeshell" else "/dev/null --bind"
        script = f'mount --make-rprivate / && mount {source} "$0/{hidden}" && cd "$0" && shift 0 && exec git tag'
        done = subprocess.run(
            ["unshare", *user, "--mount", "/bin/sh", "-c", script, str(tmp_path)],
            env=environment(daemon.home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=False,
        )
        if b"unshare:" in done.stderr:
            pytest.skip("needs to be let make a mount namespace")
        assert done.returncode in (125, 126), done
        assert b"No tags here." in done.stderr or b"is another file here than for who asks" in done.stderr


# S5: names that are no text


def test_s5_a_repository_in_a_directory_whose_name_is_no_text_ends_nothing(daemon: Daemon, tmp_path: Path) -> None:
    directory = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\x1b[31m\n"))
    sync_shims(daemon.home)
    rules = put_rules(directory, LS)
    assert run(daemon.home, "ls", cwd=str(directory)).returncode == 126
    for text, mode in ((LS, 0o666), (BROKEN, 0o644), ("rules: [", 0o644), (LS.replace("deny", "allow"), 0o644)):
        write(str(rules), text, mode)
        for env in ({}, {MARKER: "1"}):
            done = run(daemon.home, "git", "--version", cwd=str(directory), env=env)
            assert done.returncode == 0
            assert done.stderr.startswith(b"safeshell: ")
            assert b"caf\\xe9" in done.stderr
            assert b"\x1b" not in done.stderr
            assert b"\xe9" not in done.stderr
    assert decided(daemon.home, "ls", cwd=directory) == "deny"  # the last good ones
    shown = safeshell(daemon.home, "daemon", "status")
    assert "caf\\xe9" in shown.stdout
    assert not os.path.exists(os.path.join(daemon.home.root, "daemon.log"))
