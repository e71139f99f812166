"""Each fact is compared with what the installed git itself says in the same directory and environment."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from budget import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from safeshell.errors import UndecidedError
from safeshell.host.git import repository as gitfacts
from safeshell.host.git.repository import branch, discover, in_work_tree

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


def set_config(repository: Path, text: str) -> None:
    with (repository / "config").open("a") as config:
        config.write(text)


def build(top: Path) -> None:
    """A repository of every kind, and what lies around them."""
    build_layouts(top)
    build_configured(top)
    build_heads(top)
    look_alike = deep(make(top / "look-alike")).parent
    (look_alike / "HEAD").write_text("ref: refs/heads/main\n")
    (look_alike / "refs").mkdir()
    deep(top / "outside")
    deep(top / "elsewhere")


def build_layouts(top: Path) -> None:
    plain = make(top / "plain")
    deep(plain)
    make(plain / "nested")
    git(plain, "worktree", "add", "-q", "-b", "topic/one", str(top / "linked"))
    git(plain, "worktree", "add", "-q", "--detach", str(top / "linked-detached"))
    deep(top / "linked")
    (top / "unborn").mkdir()
    git(top / "unborn", "init", "-q", "-b", "not/yet")
    git(make(top / "detached"), "checkout", "-q", "--detach")

    bare = top / "bare.git"
    git(top, "init", "-q", "--bare", "-b", "main", str(bare))
    git(plain, "push", "-q", str(bare), "main")
    git(bare, "worktree", "add", "-q", str(top / "of-bare"), "-b", "of-bare")
    deep(bare / "objects")

    super_ = make(top / "super")
    git(super_, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(plain), "sub")
    deep(super_ / "sub")

    store = make(top / "store")
    for name, target in (("relative-link", "../store/.git"), ("absolute-link", f"{store}/.git")):
        deep(top / name)
        (top / name / ".git").symlink_to(target)
    deep(top / "link-to-file")
    (top / "link-to-file" / ".git").symlink_to("../linked/.git")


def build_configured(top: Path) -> None:
    for name, text in {
        "core-worktree": "[core]\n\tworktree = ../../elsewhere\n",
        "core-worktree-absolute": f'[core]\n\tWorkTree = "{top}/elsewhere" ; there\n',
        "core-bare": "[core]\n\tbare\n",
        "core-bare-off": "[CORE] bare = 0k # no\n",
        "core-both": "[core]\n\tbare = on\n\tworktree = ../../elsewhere\n",
        "core-include": "[include]\n\tpath = other\n",
        "core-sub": '[core "x"]\n\tbare = true\n[core.y]\n\tbare = true\n',
    }.items():
        set_config(make(top / name) / ".git", text)
        deep(top / name)
    (top / "core-include" / ".git" / "other").write_text("[core]\n\tbare = true\n\tworktree = /\n")

    for name, own in (("per-tree", ""), ("per-tree-own", "[core]\n\tbare = false\n\tworktree = /usr\n")):
        main = make(top / name)
        git(main, "worktree", "add", "-q", str(top / f"{name}-linked"))
        set_config(main / ".git", "[extensions]\n\tworktreeConfig = true\n[core]\n\tbare = true\n")
        (main / ".git" / "worktrees" / f"{name}-linked" / "config.worktree").write_text(own)

    shared = make(top / "bare-with-linked")
    git(shared, "worktree", "add", "-q", str(top / "linked-of-core-bare"))
    set_config(shared / ".git", "[core]\n\tbare = true\n")


def build_heads(top: Path) -> None:
    old = make(top / "head-link")
    (old / ".git" / "HEAD").unlink()
    (old / ".git" / "HEAD").symlink_to("refs/heads/main")
    symbolic = make(top / "symbolic-branch")
    git(symbolic, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(symbolic, "symbolic-ref", "HEAD", "refs/heads/alias")
    packed = make(top / "packed")
    git(packed, "pack-refs", "--all")
    remote = make(top / "remote")
    git(remote, "symbolic-ref", "HEAD", "refs/remotes/origin/main")
    spaced = make(top / "spaced-head")
    (spaced / ".git" / "HEAD").write_text("ref: \t refs/heads/main \n\n")
    crlf = make(top / "crlf")
    config = crlf / ".git" / "config"
    config.write_bytes(
        b"\xef\xbb\xbf" + config.read_bytes().replace(b"\n", b"\r\n") + b"[core]\r\nworktree = \\\r\n..\r\n"
    )


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


@dataclass(frozen=True)
class Answer:
    """What git and gitfacts have to agree on."""

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


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("zoo").resolve()
    build(top)
    return top


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make(tmp_path.resolve() / "repository")


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


def test_a_branch_that_is_not_utf8(repository: Path) -> None:
    (repository / ".git" / "HEAD").write_bytes(b"ref: refs/heads/caf\xe9\n")
    assert facts_of(repository) == "caf\ufffd"


@pytest.mark.needs("root")
def test_another_owner_hides_nothing(repository: Path) -> None:
    os.chown(repository, NOBODY, NOBODY)
    os.chown(repository / ".git", NOBODY, NOBODY)
    assert run_git(repository, "rev-parse").returncode == 128
    assert facts_of(repository) == "main"


def facts_of(directory: Path, variables: Mapping[bytes, bytes] | None = None, prefix: bytes = b"") -> str | None:
    found = discover(os.fsencode(directory), variables or {}, prefix=prefix)
    assert found is not None
    return branch(found)


# What is broken


def replace(path: Path, content: str | bytes) -> None:
    path.unlink()
    path.write_bytes(os.fsencode(content))


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


# A caller with another root directory


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
    expected = gitfacts.Repository(
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


# Other file systems


def test_the_search_ends_where_a_file_system_does(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = deep(repository)

    def other_device(path: bytes) -> os.stat_result:
        status = os.stat(path)
        fields = list(status)
        fields[2] += path == os.fsencode(repository)
        return os.stat_result(fields, {"st_ctime_ns": status.st_ctime_ns})

    monkeypatch.setattr(gitfacts._FILES, "stat", other_device)
    assert discover(os.fsencode(below)) is None
    assert discover(os.fsencode(below), {b"GIT_DISCOVERY_ACROSS_FILESYSTEM": b"0"}) is None
    assert facts_of(below, {b"GIT_DISCOVERY_ACROSS_FILESYSTEM": b"true"}) == "main"


# What is kept


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is kept at once, however young."""
    monkeypatch.setattr(gitfacts, "_SETTLED_NS", -(10**18))
    monkeypatch.setattr(gitfacts, "_keeps_time", lambda _device: True)


def pass_tick(directory: Path) -> None:
    """Returns once the file system's clock has moved on."""
    probe = directory / "probe"
    probe.touch()
    first = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == first:
        probe.touch()
    probe.unlink()


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
    assert os.fsencode(below) in gitfacts._FILES.marks
    assert os.fsencode(repository / ".git/HEAD") in gitfacts._FILES._parsed
    pass_tick(repository)
    CHANGES[name](repository)
    after = by_us(below, {})
    assert after == by_git(below, {})
    assert after != before


def test_what_has_just_changed_is_not_kept(repository: Path) -> None:
    below = deep(repository)
    facts_of(below)
    assert os.fsencode(below) not in gitfacts._FILES.marks
    assert os.fsencode(repository / ".git/HEAD") not in gitfacts._FILES._parsed


def test_only_known_file_systems_are_relied_on(tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["stat", "-f", "-c", "%T", tmp_path], capture_output=True, text=True, check=True
    ).stdout.strip()
    device = tmp_path.stat().st_dev
    if mounted in ("ext2/ext3", "tmpfs", "xfs", "overlayfs") and os.major(device):
        assert gitfacts._keeps_time(device)
    assert not gitfacts._keeps_time(Path("/proc").stat().st_dev)
    assert not gitfacts._keeps_time(os.makedev(0, 0))


@pytest.mark.usefixtures("eager")
def test_what_is_kept_is_bounded(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gitfacts, "_KEPT_MAX", 4)
    gitfacts._FILES.marks.clear()
    for number in range(20):
        below = repository / str(number)
        below.mkdir()
        facts_of(below)
        assert 0 < len(gitfacts._FILES.marks) <= 4


# Reftables


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
    monkeypatch.setattr(gitfacts, "_GIT", fake_git(tmp_path, "echo refs/heads/topic/x"))
    assert [facts_of(top) for _ in range(3)] == ["topic/x"] * 3
    assert (tmp_path / "calls").read_text() == f"{top}/.git symbolic-ref -q HEAD\n"
    pass_tick(top)
    replace(top / ".git/reftable/tables.list", "0x01-0x03-00.ref\n")
    monkeypatch.setattr(gitfacts, "_GIT", fake_git(tmp_path, "exit 1"))
    assert facts_of(top) is None
    assert in_work_tree(os.fsencode(top))


@pytest.mark.parametrize(
    "text", ["exit 128", "echo", "echo x", "kill -9 $$", "exec sleep 60", "exec sleep 60 >&-", "yes"]
)
def test_a_git_that_fails_leaves_it_undecided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    top = make_reftable(tmp_path.resolve() / "reftable")
    monkeypatch.setattr(gitfacts, "_GIT", fake_git(tmp_path, text))
    monkeypatch.setattr(gitfacts, "_GIT_TIMEOUT", 0.5)
    started = record_children(monkeypatch)
    with pytest.raises(UndecidedError):
        facts_of(top)
    (child,) = started
    with pytest.raises(ChildProcessError):
        os.waitpid(child, os.WNOHANG)


def test_without_git_reftables_are_undecided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = make_reftable(tmp_path.resolve() / "reftable")
    monkeypatch.setattr(gitfacts, "_GIT", (b"/nowhere/git",))
    with pytest.raises(UndecidedError, match="no git"):
        facts_of(top)
    with pytest.raises(UndecidedError, match="another root"):
        facts_of(top, prefix=b"/proc/self/root")


# Whatever the files hold

FUZZ = settings(examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
CONFIG_PIECES = st.sampled_from(
    [b"[core]", b"[Core]\n", b'[core "a\\"b"]', b"[core.x]", b"[extensions]", b"bare", b"worktree", b"BARE", b"a-1"]  # noqa: RUF005 - one piece a line is a screen
    + [b" ", b"\t", b"\n", b"\r\n", b"\\\n", b"=", b" = ", b"true", b"/a/b", b"0", b'"', b"\\", b"\\n", b'\\"', b"\\q"]
    + [b"#", b";", b"x", b"a b", b"[", b"]", b".", b"-", b"\xff", b"\xef\xbb\xbf", b"\r"]
)
CONFIGS = st.lists(CONFIG_PIECES, max_size=14).map(b"".join)
REFERENCES = st.binary(max_size=60) | st.builds(
    lambda start, pieces, end: start + b"".join(pieces) + end,
    st.sampled_from([b"ref: refs/heads/", b"ref:refs/", b"ref:", b"gitdir: ", b"gitdir: /", OBJECT.encode(), b""]),
    st.lists(st.sampled_from([b"a", b"/", b".", b"..", b"@", b"{", b".lock", b"\\", b" ", b"\0", b"\xff", b"~"])),
    st.sampled_from([b"", b"\n", b"\r\n", b" \n"]),
)


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


@given(content=REFERENCES)
@FUZZ
@example(content=b"ref: refs/heads/a./b\n")
@example(content=b"ref: refs/heads/a.\n")
@example(content=b"ref: refs/heads/@\n")
@example(content=OBJECT.encode() + b" x\n")
def test_any_head_reads_as_git_reads_it(repository: Path, content: bytes) -> None:
    if b"\0" in content:
        return  # git's strings end there; here that is undecided
    (repository / ".git" / "HEAD").write_bytes(content)
    head = run_git(repository, "symbolic-ref", "-q", "HEAD")
    try:
        found: str | bool | None = facts_of(repository)
    except UndecidedError:
        found = False
    if head.returncode == 0:
        assert found
        assert head.stdout.decode(errors="replace").endswith(f"/{found}\n")
    else:
        assert found is (None if head.returncode == 1 else False)


@given(content=CONFIGS)
@FUZZ
@example(content=b'[core]\nworktree = " a "b\\\n  c ; d\nbare')
@example(content=b"[core]bare=true[core]")
@example(content=b"[core]bare=[core]\r[core]")
def test_any_configuration_reads_as_git_reads_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config").write_bytes(content)
    listed = run_git(tmp_path, "config", "--no-includes", "-f", "config", "-z", "--list")
    try:
        values = gitfacts._values(content)
    except ValueError:
        assert listed.returncode or content.endswith(b"\\")
        return
    assert listed.returncode == 0, listed.stderr
    expected: dict[bytes, bytes | None] = {}
    for entry in listed.stdout.split(b"\0")[:-1]:
        key, newline, value = entry.partition(b"\n")
        if key.startswith((b"core.", b"extensions.")) and key.count(b".") == 1:
            expected[key] = value if newline else None
    # Blanks within a value are kept as they are by some versions of git and become spaces in others.
    spaces = bytes.maketrans(b"\t\r", b"  ")
    found, asked = (
        {key: value and value.translate(spaces) for key, value in read.items()} for read in (values, expected)
    )
    assert found == asked


def test_reasons_say_what_and_why() -> None:
    with pytest.raises(UndecidedError) as caught:
        discover(b"/no/such/directory")
    assert caught.value.reason == f"'/no/such/directory': {os.strerror(errno.ENOENT)}"
