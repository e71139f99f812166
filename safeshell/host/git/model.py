"""Model of a repository as git sees it from one directory."""

from __future__ import annotations

from typing import NamedTuple


class Repository(NamedTuple):
    """A repository as git sees it from one directory. All paths are absolute, links resolved.

    Attributes:
        git_dir: the repository, or a linked work tree's part of it: where HEAD is.
        common_dir: where branches and configuration are; `git_dir` but for linked work trees.
        work_tree: the top of the work tree; None in a bare repository and inside `.git`.
        bare: as `git rev-parse --is-bare-repository` says.
        prefix: where the caller's root directory is, as `discover` was told.
    """

    git_dir: bytes
    common_dir: bytes
    work_tree: bytes | None
    bare: bool
    prefix: bytes = b""
