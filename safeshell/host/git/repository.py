"""Git facts without running git: the repository around a directory, its work tree, its branch.

As git's own setup finds them (setup.c, and t1510 in its test suite), read afresh for each question. What is parsed is
kept only as long as the file or directory it came from has the same inode and change time. Where this differs from git:

- git passes over a `.git` that is no repository and goes on upwards; here that is undecided.
- Who owns a repository (`safe.directory`, `safe.bareRepository`) and which extensions it uses hide nothing.
- A branch is `main` where a tag of that name makes `git symbolic-ref --short` say `heads/main`.

`[include]` is not followed, and by git neither: it takes core.bare and core.worktree from the repository's file alone.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from types import MappingProxyType

from safeshell.errors import UndecidedError
from safeshell.host.git.config import boolean
from safeshell.host.git.files import DOT_GIT, HEAD, REAL_DIRECTORY, Files
from safeshell.host.git.layout import GIT_FILE_MAX, common_directory, read_repository
from safeshell.host.git.model import Repository
from safeshell.host.git.paths import join, plain, real, show, under
from safeshell.host.git.refs import read_branch
from safeshell.host.git.rooted import look

_EMPTY: Mapping[bytes, bytes] = MappingProxyType({})


def discover(
    directory: bytes, environment: Mapping[bytes, bytes] = _EMPTY, *, prefix: bytes = b""
) -> Repository | None:
    """The repository that git finds from a working directory, or None.

    Args:
        directory: absolute, links resolved: what the kernel calls the working directory.
        environment: the caller's; GIT_DIR, GIT_WORK_TREE, GIT_COMMON_DIR, GIT_OBJECT_DIRECTORY,
            GIT_CEILING_DIRECTORIES, GIT_DISCOVERY_ACROSS_FILESYSTEM and GIT_IMPLICIT_WORK_TREE count.
        prefix: the caller's root directory where it differs (`/proc/PID/root`). Every path is read below it, with
            links resolved as the caller would; all paths given and returned are the caller's.

    Raises:
        UndecidedError: something on the way can't be read, or is no repository though it looks like one.
    """
    return look(prefix, _find, directory, environment)


def branch(repository: Repository) -> str | None:
    """The branch that HEAD names now, in short, also one without commits yet; None where HEAD is detached.

    Raises:
        UndecidedError: HEAD, or the branch it names, can't be read or is broken.
    """
    return look(repository.prefix, read_branch, repository)


def is_inside(repository: Repository | None, directory: bytes) -> bool:
    """Whether a directory lies in a repository's work tree."""
    if repository is None or repository.work_tree is None:
        return False
    return (plain(directory) + b"/").startswith(under(repository.work_tree, b""))


def enter(directory: bytes, path: bytes, *, prefix: bytes = b"") -> bytes | None:
    """The working directory after `cd PATH` in a directory, links resolved; None where that fails.

    Args:
        directory: absolute.
        path: relative to it, or absolute.
        prefix: as for `discover`.
    """
    try:
        return look(prefix, _enter, directory, path)
    except UndecidedError:
        return None


def _enter(files: Files, directory: bytes, path: bytes) -> bytes | None:
    found = real(files, join(directory, path))
    return found if stat.S_ISDIR(files.stat(found).st_mode) and files.usable(found) else None


def _find(files: Files, directory: bytes, environment: Mapping[bytes, bytes]) -> Repository | None:
    if not directory.startswith(b"/"):
        raise ValueError(f"not an absolute directory: {show(directory)}")
    directory = plain(directory)
    named = environment.get(b"GIT_DIR")
    if named is not None:
        files.mark(directory, files.stat(directory))  # it must be there, or git fails
        git_dir = _git_dir(files, join(directory, named))
        return read_repository(files, git_dir, directory, environment, tree=directory, explicit=True)

    ceiling = _ceiling(files, directory, environment)
    one_device = not boolean(environment.get(b"GIT_DISCOVERY_ACROSS_FILESYSTEM", b"false"))
    device = None
    level = directory
    marks = files.marks
    while True:
        status = files.stat(level)
        if device is None:
            device = status.st_dev
        elif device != status.st_dev and one_device:
            return None
        known = marks.get(level)
        if (
            known is not None
            and known[0] == status.st_ctime_ns
            and known[1] == status.st_ino
            and known[2] == status.st_dev
        ):
            mark = known[3]
        else:
            mark = files.mark(level, status)
        if mark & DOT_GIT:
            git_dir = under(level, b".git")
            if not mark & REAL_DIRECTORY:
                git_dir = _git_dir(files, git_dir)
            return read_repository(files, git_dir, directory, environment, tree=level)
        if mark & HEAD and common_directory(files, level, directory, environment) is not None:
            return read_repository(files, level, directory, environment, tree=None)
        parent = level.rfind(b"/")
        if parent <= ceiling or level == b"/":
            return None
        level = level[:parent] or b"/"


def _ceiling(files: Files, directory: bytes, environment: Mapping[bytes, bytes]) -> int:
    """The length of the longest directory above that isn't searched any more, -1 where there is none."""
    entries = environment.get(b"GIT_CEILING_DIRECTORIES")
    longest = -1
    if not entries or directory == b"/":
        return longest
    resolve = True
    for entry in entries.split(b":"):
        ceiling = entry
        if not entry:
            resolve = False  # git(1): entries after an empty one are taken as they stand
        if not entry.startswith(b"/"):
            continue
        if resolve:
            try:
                ceiling = real(files, entry, may_miss_last=True)
            except (OSError, ValueError):
                continue  # as git does
        if ceiling == b"/":
            longest = max(longest, 0)
        elif directory.startswith(ceiling + b"/"):
            longest = max(longest, len(ceiling))
    return longest


def _git_dir(files: Files, path: bytes) -> bytes:
    """The repository that a `.git` or GIT_DIR stands for: a directory, a link to one, or a file that names one."""
    parent, _, name = path.rpartition(b"/")
    path = under(real(files, parent), name)
    if not stat.S_ISREG(files.stat(path).st_mode):
        return real(files, path)
    content = files.read(path, GIT_FILE_MAX).rstrip(b"\r\n")
    if not content.startswith(b"gitdir: ") or len(content) < 9:
        raise ValueError(f"{show(path)}: names no repository")
    return real(files, join(path[: -len(name) - 1] or b"/", content[8:]))
