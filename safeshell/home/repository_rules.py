"""Repository rules: which files apply in a directory, whose rules a file holds, and where their repository ends."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Sequence
from typing import Literal

from safeshell.errors import DistantError, SafeShellError, UndecidedError
from safeshell.home.paths import Home
from safeshell.host.distant_mounts import Mounts
from safeshell.host.mounts import own_path
from safeshell.text import text

INSIDE = b"/.safeshell"
RULES = INSIDE + b"/rules.yaml"

NESTED_MAX = 32
"""Rules files in force together in one directory."""


class UnseenRulesError(SafeShellError):
    """It can't be told which repository's rules apply."""


@functools.lru_cache(maxsize=1024)
def levels(directory: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The directory and all above it, nearest first (the root is b""), each with where its rules would stand."""
    found = [directory.rstrip(b"/")]
    while found[-1]:
        found.append(found[-1][: found[-1].rindex(b"/")])
    return tuple([(level, level + RULES) for level in found])


def find_rules(directory: bytes, home: bytes, prefix: bytes = b"") -> tuple[bytes, ...]:
    """The repository rules files for a directory, the outermost first.

    All up to the top of the work tree; outside of one, up to the root of the file system. The user's own home never
    counts.

    Args:
        directory: absolute.
        home: the home's directory.
        prefix: the root of whoever runs a command there, `/proc/PID/root`, where it sees other files than this process.
            What it doesn't see in a directory that both see counts all the same: it may have hidden it.

    Returns:
        Their paths, as this process reaches them: with a prefix, the very files that are seen below it.

    Raises:
        UnseenRulesError: it can't be told whether there are any, this process doesn't see one of them, or there are too
            many.
    """
    searched = levels(directory)
    if prefix:
        return _find_seen(searched, home, prefix)
    found = [at for at, (level, _) in enumerate(searched) if _has_rules(level, home)]
    if not found:  # as nearly always
        return ()
    for at, (level, _) in enumerate(searched[: found[-1]]):
        if os.path.lexists(level + b"/.git"):  # the work tree ends here
            found = [each for each in found if each <= at]
            break
    if len(found) > NESTED_MAX:
        raise _too_many(directory)
    return tuple([searched[at][1] for at in reversed(found)])


def _too_many(directory: bytes) -> UnseenRulesError:
    return UnseenRulesError(f"more than {NESTED_MAX} rules files are about {text(directory)}")


def check_rules(directory: bytes, mounts: Mounts, prefix: bytes = b"") -> None:
    """Looks whether `find_rules` would touch a mount that may not answer.

    Raises:
        DistantError: it would, or that can't be told.
    """
    point = mounts.over(directory)
    if prefix or point is not None:
        raise DistantError(point or b"")
    for level, rules in levels(directory):
        if _has_link(level):
            with contextlib.suppress(UndecidedError):
                mounts.check(rules)


def _has_rules(level: bytes, home: bytes) -> bool:
    inside = level + INSIDE
    return os.access(inside, os.F_OK) and is_there(level + RULES) and not same_place(inside, home)


def _find_seen(searched: Sequence[tuple[bytes, bytes]], home: bytes, prefix: bytes) -> tuple[bytes, ...]:
    """As `find_rules`, for whoever sees the files below a prefix."""
    found = []
    for level, _ in searched:
        rules = _seen(level, home, prefix)
        if rules is not None:
            found.append(rules)
        if os.path.lexists(prefix + level + b"/.git"):
            break
    if not found:
        _look_at_root(prefix)
    if len(found) > NESTED_MAX:
        raise _too_many(searched[0][0])
    return tuple(dict.fromkeys(reversed(found)))


def _seen(level: bytes, home: bytes, prefix: bytes) -> bytes | None:
    """Where this process reaches the rules that are seen below a prefix, or None where there are none."""
    rules = level + RULES
    try:
        os.stat(prefix + rules)
    except (FileNotFoundError, NotADirectoryError):
        if _has_link(prefix + level):
            raise UnseenRulesError(f"{text(rules)} is a link, which leads elsewhere for who asks") from None
        return rules if same_place(prefix + level + b"/", level + b"/") and _has_rules(level, home) else None
    except OSError as error:
        raise UnseenRulesError(f"{text(rules)} can't be looked at as who asks sees it: {error.strerror}") from error
    if same_place(prefix + level + INSIDE, home):
        return None
    if same_place(prefix + rules, rules):
        return rules
    elsewhere = own_path(rules, prefix)
    if elsewhere is None or not elsewhere.endswith(RULES):
        raise UnseenRulesError(f"{text(rules)} is another file here than for who asks")
    return elsewhere


def _look_at_root(prefix: bytes) -> None:
    """Where not even the root can be looked at, that nothing is there says nothing."""
    try:
        os.stat(prefix)
    except OSError as error:
        raise UnseenRulesError(f"who asks is gone, or its files can't be looked at: {error.strerror}") from error


def is_there(rules: bytes) -> bool:
    """Whether a rules file can be reached; one that can't be looked at is there, for all that can be told."""
    try:
        os.stat(rules)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass
    return True


def _has_link(level: bytes) -> bool:
    """Whether a link stands in the way, absolute ones of which lead from another root than its own."""
    return os.path.islink(level + INSIDE) or os.path.islink(level + RULES)


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
