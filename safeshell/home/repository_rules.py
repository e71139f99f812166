"""Which repository's rules apply in a directory, whose rules a file holds, and where their repository ends."""

from __future__ import annotations

import functools
import os
from typing import Literal

from safeshell.home.paths import Home

RULES = b"/.safeshell/rules.yaml"


@functools.lru_cache(maxsize=1024)
def levels(directory: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The directory and all above it, nearest first (the root is b""), each with where its rules would stand."""
    found = [directory.rstrip(b"/")]
    while found[-1]:
        found.append(found[-1][: found[-1].rindex(b"/")])
    return tuple([(level, level + RULES) for level in found])


def find_rules(directory: bytes, home: bytes) -> bytes | None:
    """The repository rules file for a directory, or None.

    Outside a work tree the search goes up to the root of the file system; inside one it ends at its top. The
    user's own home (`home`, a directory) never counts.
    """
    searched = levels(directory)
    for level, candidate in searched:
        if os.access(candidate, os.F_OK) and not same_place(level + b"/.safeshell", home):
            # A `.git` below the level means that the work tree ends before it is reached.
            below = searched[: searched.index((level, candidate))]
            if any(os.path.lexists(lower + b"/.git") for lower, _ in below):
                return None
            return candidate
    return None


def same_place(left: bytes, right: bytes) -> bool:
    """Whether both lead to the same file or directory; not so where one is not there."""
    try:
        return os.path.samefile(left, right)
    except OSError:
        return False


def kind_of(path: str, home: Home) -> Literal["user", "repository"]:
    """Whose rules a given file or directory holds: a repository's below a `.safeshell` that is not the home's own.

    So that what is checked before it is committed is held to what it will be held to in force.
    """
    directory = os.path.dirname(os.path.abspath(path))
    while not same_place(os.fsencode(directory), os.fsencode(home.root)):
        if os.path.basename(directory) == ".safeshell":
            return "repository"
        parent = os.path.dirname(directory)
        if parent == directory:
            break
        directory = parent
    return "user"


def repository_root(path: str) -> str:
    """The top of the repository that a rules file belongs to: the work tree's, else where `.safeshell` stands."""
    start = os.path.dirname(os.path.dirname(path))
    directory = start
    while True:
        if os.path.lexists(os.path.join(directory, ".git")):
            return directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return start
        directory = parent
