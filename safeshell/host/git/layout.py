"""Layout of one repository: its parts, whether it is bare, where its work tree is."""

from __future__ import annotations

import stat
from collections.abc import Mapping

from safeshell.host.git.config import boolean, last_values
from safeshell.host.git.files import Files
from safeshell.host.git.model import Repository
from safeshell.host.git.paths import join, real, show, under
from safeshell.host.git.refs import read_reference

GIT_FILE_MAX = 1 << 20  # git's own limit

_Format = tuple[bool | None, bytes | None, bool]
"""core.bare, core.worktree, extensions.worktreeConfig."""


def common_directory(
    files: Files, git_dir: bytes, directory: bytes, environment: Mapping[bytes, bytes]
) -> bytes | None:
    """The common directory of a repository, None where this is none (HEAD aside)."""
    named = environment.get(b"GIT_COMMON_DIR")
    if named is not None:
        common = real(files, join(directory, named))
    elif files.exists(under(git_dir, b"commondir")):
        content = files.read(under(git_dir, b"commondir"), GIT_FILE_MAX).rstrip(b"\r\n")
        common = real(files, join(git_dir, content))
    else:
        common = git_dir
    named = environment.get(b"GIT_OBJECT_DIRECTORY")
    objects = under(common, b"objects") if named is None else join(directory, named)
    return common if files.usable(objects) and files.usable(under(common, b"refs")) else None


def read_repository(
    files: Files,
    git_dir: bytes,
    directory: bytes,
    environment: Mapping[bytes, bytes],
    *,
    tree: bytes | None,
    explicit: bool = False,
) -> Repository:
    """The repository at `git_dir`, whose work tree is `tree` unless something says otherwise."""
    common = common_directory(files, git_dir, directory, environment)
    if common is None:
        raise ValueError(f"{show(git_dir)}: no repository")
    read_reference(files, git_dir, b"HEAD")
    linked = common is not git_dir  # even where the two are the same directory, as git has it
    bare, configured = _format(files, git_dir, common, linked=linked)
    named = environment.get(b"GIT_WORK_TREE")
    if named is not None:
        tree = real(files, join(directory, named), may_miss_last=True)
    elif bare:
        tree = None
    elif configured is not None:
        tree = _configured_tree(files, git_dir, configured)
    elif explicit and not boolean(environment.get(b"GIT_IMPLICIT_WORK_TREE", b"true")):
        tree = None
    return Repository(git_dir, common, tree, tree is None and bare is not False, files.prefix)


def _configured_tree(files: Files, git_dir: bytes, configured: bytes) -> bytes:
    if configured.startswith(b"/"):
        return real(files, configured, may_miss_last=True)
    tree = real(files, join(git_dir, configured))
    if not stat.S_ISDIR(files.stat(tree).st_mode):
        raise ValueError(f"{show(tree)}: core.worktree is no directory")
    return tree


def _format(files: Files, git_dir: bytes, common: bytes, *, linked: bool) -> tuple[bool | None, bytes | None]:
    """core.bare and core.worktree as they hold for this work tree."""
    bare, tree, per_work_tree = files.parsed(under(common, b"config"), _parse_format) or (None, None, False)
    if per_work_tree:
        own = files.parsed(under(git_dir, b"config.worktree"), _parse_format)
        if own is not None:
            bare = bare if own[0] is None else own[0]
            tree = tree if own[1] is None else own[1]
    elif linked:
        return (False if bare is False else None), None  # the main work tree's; "not bare" is said of the repository
    return bare, tree


def _parse_format(content: bytes) -> _Format:
    found = last_values(content, (b"core.", b"extensions."))
    version = found.get(b"core.repositoryformatversion", b"0")
    if version not in (b"0", b"1"):
        raise ValueError("a repository format that isn't known")
    tree = found.get(b"core.worktree", b"")
    if tree is None or (not tree and b"core.worktree" in found):
        raise ValueError("core.worktree has no value")
    bare = boolean(found[b"core.bare"]) if b"core.bare" in found else None
    return bare, tree or None, boolean(found.get(b"extensions.worktreeconfig", b"false"))
