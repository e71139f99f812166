"""Each fact is compared with what the installed git itself says in the same directory and environment."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from host.git.contents import CONFIGS, FUZZ, REFERENCES
from host.git.repositories import (
    NOBODY,
    OBJECT,
    by_git,
    by_us,
    deep,
    facts_of,
    git,
    in_work_tree,
    make,
    replace,
    run_git,
)
from hypothesis import given
from hypothesis import strategies as st

from safeshell.errors import UndecidedError
from safeshell.host.git import files
from safeshell.host.git.repository import discover

PLAIN = {"GIT_DIR": "{top}/plain/.git"}
CASES: list[tuple[str, dict[str, str]]] = [
    *(
        (name, {})
        for name in (
            "plain", "plain/a/b", "plain/nested", "plain/.git", "plain/.git/refs/heads", "plain/.git/worktrees/linked",
            "linked", "linked/a/b", "linked-detached", "unborn", "detached", "bare.git", "bare.git/objects/a/b",
            "of-bare", "super", "super/sub", "super/sub/a/b", "super/.git/modules/sub", "super/.git/modules/sub/refs",
            "relative-link", "relative-link/a/b", "absolute-link/a", "link-to-file", "link-to-file/a/b",
            "core-worktree", "core-worktree/a", "core-worktree/.git", "core-worktree-absolute", "core-bare",
            "core-bare/a", "core-bare/.git", "core-bare-off/a", "core-both", "core-both/.git", "core-include/a",
            "core-sub/a", "per-tree", "per-tree-linked", "per-tree-own", "per-tree-own-linked", "bare-with-linked",
            "linked-of-core-bare", "head-link", "symbolic-branch", "packed", "remote", "spaced-head", "crlf",
            "look-alike/a", "look-alike/a/b", "outside", "outside/a/b", "elsewhere/a",
        )
    ),
    *(
        (place, variables)
        for place in ("outside/a", "plain/a/b", "plain/.git", "bare.git", "linked")
        for variables in (
            PLAIN,
            {"GIT_DIR": "{top}/bare.git"},
            {"GIT_DIR": "{top}/linked/.git"},
            {"GIT_DIR": "{top}/super/sub/.git"},
            {"GIT_DIR": "{top}/core-worktree/.git"},
            {"GIT_DIR": "{top}/core-worktree-absolute/.git"},
            {"GIT_DIR": "{top}/relative-link/.git"},
            PLAIN | {"GIT_WORK_TREE": "{top}/plain"},
            PLAIN | {"GIT_WORK_TREE": ".."},
            PLAIN | {"GIT_WORK_TREE": "not-there"},
            PLAIN | {"GIT_IMPLICIT_WORK_TREE": "0"},
            {"GIT_DIR": "{top}/bare.git", "GIT_WORK_TREE": "."},
            {"GIT_DIR": "{top}/plain/.git/worktrees/linked", "GIT_COMMON_DIR": "{top}/plain/.git"},
            {"GIT_DIR": "{top}/core-bare/.git", "GIT_COMMON_DIR": "{top}/core-bare/.git"},
            {"GIT_WORK_TREE": "{top}/elsewhere"},
            {"GIT_WORK_TREE": "."},
            {"GIT_COMMON_DIR": "{top}/store/.git"},
            {"GIT_OBJECT_DIRECTORY": "{top}/store/.git/objects"},
        )
    ),
    ("plain", {"GIT_DIR": ".git"}),
    ("plain/a/b", {"GIT_DIR": "../../.git"}),
    ("core-both/a", {"GIT_WORK_TREE": ".."}),
    *(
        (place, {"GIT_CEILING_DIRECTORIES": ceiling})
        for place in ("plain", "plain/a", "plain/a/b", "bare.git/objects/a", "outside/a")
        for ceiling in (
            "/", "{top}", "{top}/plain", "{top}/plain/a", "{top}/plain/", "/nowhere:{top}/plain:/usr", "plain", ":",
            ":{top}/plain",
            ":{top}/linked/../plain",
            "{top}/linked/../plain", "{top}/relative-link/.git/..", "{top}/plain/a/b", "{top}/pla",
        )
    ),
    *(("plain/a/b", {"GIT_DISCOVERY_ACROSS_FILESYSTEM": value}) for value in ("1", "false", "", "no")),
]  # fmt: skip


def filled(variables: Mapping[str, str], top: Path) -> dict[str, str]:
    return {name: value.replace("{top}", str(top)) for name, value in variables.items()}


@pytest.mark.parametrize(("place", "variables"), CASES, ids=lambda value: str(value).replace("{top}/", ""))
def test_agrees_with_git(zoo: Path, place: str, variables: dict[str, str]) -> None:
    given_ = filled(variables, zoo)
    expected = by_git(zoo / place, given_)
    try:
        found = by_us(zoo / place, given_)
    except UndecidedError:
        found = None  # git gives up, or passes over what looks like a repository and is none
        assert given_
        assert expected is None
    assert found == expected
    if found is not None:
        assert by_us(zoo / place, given_, prefix=b"/proc/self/root") == found


def test_git_finds_most_of_them(zoo: Path) -> None:
    answers = [by_us(zoo / place, {}) for place, variables in CASES if not variables]
    assert sum(answer is not None for answer in answers) > 40
    assert {answer.branch for answer in answers if answer} >= {"main", "topic/one", "not/yet", "of-bare", None}


def test_a_tag_does_not_lengthen_the_branch(repository: Path) -> None:
    git(repository, "tag", "main")
    assert git(repository, "symbolic-ref", "--short", "HEAD") == b"heads/main"
    assert facts_of(repository) == "main"


@pytest.mark.needs("root")
def test_another_owner_hides_nothing(repository: Path) -> None:
    os.chown(repository, NOBODY, NOBODY)
    os.chown(repository / ".git", NOBODY, NOBODY)
    assert run_git(repository, "rev-parse").returncode == 128
    assert facts_of(repository) == "main"


def replace_tree(repository: Path, act: Callable[[Path], object]) -> None:
    shutil.rmtree(repository / ".git")
    act(repository / ".git")


def put(path: Path, act: Callable[[Path], object]) -> None:
    shutil.copy(path, path.parent / "ORIG_HEAD")
    path.unlink()
    act(path)


BROKEN: dict[str, Callable[[Path], object]] = {
    "no HEAD": lambda top: (top / ".git/HEAD").unlink(),
    "empty HEAD": lambda top: replace(top / ".git/HEAD", ""),
    "garbage HEAD": lambda top: replace(top / ".git/HEAD", "garbage\n"),
    "short object": lambda top: replace(top / ".git/HEAD", OBJECT[:39] + "\n"),
    "long object": lambda top: replace(top / ".git/HEAD", OBJECT + "1\n"),
    "HEAD outside refs": lambda top: replace(top / ".git/HEAD", "ref: heads/main\n"),
    "bad name": lambda top: replace(top / ".git/HEAD", "ref: refs/heads/a..b\n"),
    "climbing name": lambda top: replace(top / ".git/HEAD", "ref: refs/../../../x\n"),
    "lock": lambda top: replace(top / ".git/HEAD", "ref: refs/heads/x.lock\n"),
    "two lines": lambda top: replace(top / ".git/HEAD", "ref: refs/heads/main\nref: refs/heads/x\n"),
    "NUL in HEAD": lambda top: replace(top / ".git/HEAD", b"ref: refs/heads/main\0x\n"),
    "HEAD is a directory": lambda top: put(top / ".git/HEAD", Path.mkdir),
    "HEAD is a FIFO": lambda top: put(top / ".git/HEAD", os.mkfifo),
    "HEAD links elsewhere": lambda top: put(top / ".git/HEAD", lambda path: path.symlink_to("ORIG_HEAD")),
    "no objects": lambda top: shutil.rmtree(top / ".git/objects"),
    "no refs": lambda top: shutil.rmtree(top / ".git/refs"),
    "broken branch": lambda top: replace(top / ".git/refs/heads/main", "x\n"),
    "endless symbolic branch": lambda top: replace(top / ".git/refs/heads/main", "ref: refs/heads/main\n"),
    "broken config": lambda top: replace(top / ".git/config", "[core\n"),
    "bad boolean": lambda top: replace(top / ".git/config", "[core]\nbare = maybe\n"),
    "worktree without value": lambda top: replace(top / ".git/config", "[core]\nworktree\n"),
    "worktree to nowhere": lambda top: replace(top / ".git/config", "[core]\nworktree = ../nowhere\n"),
    "unknown format": lambda top: replace(top / ".git/config", "[core]\nrepositoryformatversion = 99\n"),
    "commondir to nowhere": lambda top: (top / ".git/commondir").write_text("../nowhere\n"),
    "empty commondir": lambda top: (top / ".git/commondir").write_text(""),
    "empty .git": lambda top: replace_tree(top, Path.mkdir),
    ".git file to nowhere": lambda top: replace_tree(top, lambda path: path.write_text("gitdir: ../nowhere\n")),
    ".git file without path": lambda top: replace_tree(top, lambda path: path.write_text("gitdir: \n")),
    ".git file of garbage": lambda top: replace_tree(top, lambda path: path.write_text("garbage")),
    ".git file too large": lambda top: replace_tree(top, lambda path: path.write_bytes(b"gitdir: " + bytes(1 << 20))),
    ".git links to nowhere": lambda top: replace_tree(top, lambda path: path.symlink_to("nowhere")),
    ".git links to itself": lambda top: replace_tree(top, lambda path: path.symlink_to(".git")),
    ".git is a FIFO": lambda top: replace_tree(top, os.mkfifo),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_is_undecided(repository: Path, name: str) -> None:
    below = deep(repository)
    assert facts_of(below) == "main"
    BROKEN[name](repository)
    for prefix in (b"", b"/proc/self/root"):
        with pytest.raises(UndecidedError, match=r".") as caught:
            facts_of(below, prefix=prefix)
        assert "\n" not in caught.value.reason


@pytest.mark.parametrize("name", ["garbage HEAD", ".git file to nowhere", "no objects", "HEAD is a directory"])
def test_broken_leaves_the_work_tree_undecided_too(repository: Path, name: str) -> None:
    BROKEN[name](repository)
    with pytest.raises(UndecidedError):
        in_work_tree(os.fsencode(repository))


@pytest.mark.parametrize(
    "variables",
    [
        {b"GIT_DIR": b"/nowhere"},
        {b"GIT_DIR": b""},
        {b"GIT_DIR": b"."},
        {b"GIT_DIR": b"/proc/self/cwd"},
        {b"GIT_WORK_TREE": b""},
        {b"GIT_WORK_TREE": b"no/where"},
        {b"GIT_COMMON_DIR": b"/nowhere"},
        {b"GIT_OBJECT_DIRECTORY": b"/nowhere"},
        {b"GIT_DISCOVERY_ACROSS_FILESYSTEM": b"perhaps"},
    ],
    ids=str,
)
def test_variables_that_lead_nowhere_are_undecided(repository: Path, variables: dict[bytes, bytes]) -> None:
    with pytest.raises(UndecidedError):
        discover(os.fsencode(repository), variables)


@pytest.mark.parametrize("directory", [b"", b"relative", b"/no/such/directory", b"/nul\0byte", b"/etc/passwd"])
def test_a_directory_that_is_none_is_undecided(directory: bytes) -> None:
    for variables in ({}, {b"GIT_DIR": b"/nowhere"}):
        with pytest.raises(UndecidedError):
            discover(directory, variables)


def test_a_directory_called_head_or_git_elsewhere_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "HEAD").mkdir()
    (tmp_path / "git").mkdir()
    assert discover(os.fsencode(tmp_path.resolve())) is None


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root could read everything; its uid is lent to nobody meanwhile."""
    if os.geteuid():
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def readable() -> Iterator[Path]:
    """A directory that another user may enter, which tmp_path is not."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name).resolve()
        path.chmod(0o755)
        yield path


@pytest.mark.parametrize(
    ("path", "reason"),
    [(".git/HEAD", "HEAD"), (".git/config", "config"), (".git/refs/heads/main", "main"), (".git", "git"), ("a", "a")],
)
def test_without_permission_it_is_undecided(readable: Path, path: str, reason: str) -> None:
    below = deep(make(readable / "repository"))
    with unprivileged():
        assert facts_of(below) == "main"
    (readable / "repository" / path).chmod(0)
    with unprivileged(), pytest.raises(UndecidedError, match=reason):
        facts_of(below)
    (readable / "repository" / path).chmod(0o755)


def test_a_directory_that_cannot_be_searched_is_undecided(readable: Path) -> None:
    (readable / "closed").mkdir(mode=0o600)
    with unprivileged(), pytest.raises(UndecidedError, match="searched"):
        discover(os.fsencode(readable / "closed"))


def test_the_search_ends_where_a_file_system_does(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = deep(repository)

    def other_device(path: bytes) -> os.stat_result:
        status = os.stat(path)
        fields = list(status)
        fields[2] += path == os.fsencode(repository)
        return os.stat_result(fields, {"st_ctime_ns": status.st_ctime_ns})

    monkeypatch.setattr(files.FILES, "stat", other_device)
    assert discover(os.fsencode(below)) is None
    assert discover(os.fsencode(below), {b"GIT_DISCOVERY_ACROSS_FILESYSTEM": b"0"}) is None
    assert facts_of(below, {b"GIT_DISCOVERY_ACROSS_FILESYSTEM": b"true"}) == "main"


@pytest.mark.parametrize("path", ["HEAD", "config", "commondir", "refs/heads/main"])
@given(content=st.one_of(CONFIGS, REFERENCES))
@FUZZ
def test_any_content_gives_an_answer_or_is_undecided(zoo: Path, path: str, content: bytes) -> None:
    target = zoo / "fuzz"
    if not target.exists():
        make(target)
    file = target / ".git" / path
    kept = file.read_bytes() if file.exists() else None
    file.write_bytes(content)
    try:
        with suppress(UndecidedError):
            facts_of(target)
    finally:
        if kept is None:
            file.unlink()
        else:
            file.write_bytes(kept)


@given(content=REFERENCES)
@FUZZ
def test_any_git_file_gives_an_answer_or_is_undecided(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".git").write_bytes(content)
    with suppress(UndecidedError):
        facts_of(tmp_path.resolve())


def test_reasons_say_what_and_why() -> None:
    with pytest.raises(UndecidedError) as caught:
        discover(b"/no/such/directory")
    assert caught.value.reason == f"'/no/such/directory': {os.strerror(errno.ENOENT)}"
