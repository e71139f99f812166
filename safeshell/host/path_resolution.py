"""Path resolution: where paths lead once `.`, `..` and links are resolved, and what lies under what."""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Callable, Iterable
from typing import AnyStr, Protocol

from safeshell.errors import DistantError, UndecidedError
from safeshell.text import text

PATH_MAX = 4095
"""Bytes of a path that the kernel takes, without its NUL (path_resolution(7))."""

LINKS_MAX = 40
"""Links on one way that the kernel follows."""

_OWN = (b"/proc/self", b"/proc/thread-self")
"""Links that lead elsewhere for each process that follows them."""

_STREAMS = (b"/dev/stdin", b"/dev/stdout", b"/dev/stderr", b"/dev/fd")
"""Ways to what is open already; they lead nowhere by themselves."""


class Distant(Protocol):
    """Knows which paths lie on mounts that may not answer (`safeshell.host.distant_mounts`)."""

    def over(self, path: bytes) -> bytes | None:
        """Where such a mount is that a path lies on by its names, or None."""


class Resolver:
    """Resolves paths as they are now; what is met twice on the way is read once.

    Args:
        distant: whose paths aren't touched.
    """

    __slots__ = ("_distant", "_links")

    def __init__(self, distant: Distant | None = None) -> None:
        self._links: dict[bytes, bytes | None] = {}
        self._distant = distant

    def resolve(self, path: bytes) -> bytes:
        """The absolute path without links, `.` and `..`.

        Args:
            path: absolute. What does not exist is taken for a directory to be: its tail is worked out by its names.

        Raises:
            UndecidedError: the file system does not say (no permission on the way, links in a circle, too long).
            DistantError: the way leads to a mount that isn't to be touched.
        """
        if len(path) > PATH_MAX:
            raise UndecidedError(f"{text(path[:40])}…: too long for a path")
        done = b""
        links = 0
        waiting = path.split(b"/")[::-1]
        while waiting:
            name = waiting.pop()
            if name in (b"", b"."):
                continue
            if name == b"..":
                done = done[: max(done.rfind(b"/"), 0)]
                continue
            done += b"/" + name
            target = self._link(done)
            if target is None:
                continue
            links += 1
            if links > LINKS_MAX:
                raise UndecidedError(f"{text(path)}: {os.strerror(errno.ELOOP)}")
            done = b"" if target.startswith(b"/") else done[: done.rfind(b"/")]
            waiting.extend(target.split(b"/")[::-1])
        return done or b"/"

    def spare(self, entry: bytes) -> None:
        """Raises DistantError for an entry that isn't to be touched."""
        if self._distant is not None and (point := self._distant.over(entry)) is not None:
            raise DistantError(point)

    def _link(self, entry: bytes) -> bytes | None:
        """What an entry links to, None for anything but a link."""
        if entry not in self._links:
            self.spare(entry)
            self._links[entry] = _read_link(entry)
        return self._links[entry]


def _read_link(entry: bytes) -> bytes | None:
    if entry in _OWN:
        raise UndecidedError(f"{text(entry)} leads elsewhere for each process")
    if entry in _STREAMS:
        return None
    try:
        return os.readlink(entry)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            return None
        raise UndecidedError(f"{text(entry)}: {error.strerror}") from error


def by_names(directory: AnyStr, path: AnyStr) -> AnyStr:
    """Where a path leads from a directory, worked out by its names alone, without a look at the file system."""
    found = posixpath.normpath(posixpath.join(directory, path))
    return found[1:] if found[:2] in ("//", b"//") else found  # POSIX gives two leading slashes a meaning of their own


def is_under(path: bytes, top: bytes) -> bool:
    """Whether a resolved path is another or lies below it."""
    return path == top or path.startswith(top if top == b"/" else top + b"/")


class Region(Protocol):
    """Directories with all that lies below them (`safeshell.host.places.Region`)."""

    def holds(self, path: bytes) -> bool:
        """Whether a resolved path is one of them, or lies in one."""

    def is_covered_by(self, path: bytes) -> bool:
        """Whether a resolved path is one of them, or lies above one."""


RELATIONS = ("under", "covers", "outside")
"""How a path may lie to places."""


def any_lies(
    relation: str,
    paths: Iterable[str],
    places: Iterable[str],
    resolve: Callable[[str], bytes],
    region: Callable[[str], Region],
) -> bool:
    """Whether a path lies so to places: in one (`under`), at or above one (`covers`), in none of them (`outside`).

    Args:
        relation: one of `RELATIONS`.
        paths: what is looked at; an empty one names nothing.
        places: as a rule names them.
        resolve: where a path leads, or raises UndecidedError.
        region: what a place is, or raises UndecidedError.

    Raises:
        UndecidedError: none certainly does, and one can't be told.
    """
    named = [path for path in paths if path]
    if not named:
        return False
    unsure: UndecidedError | None = None
    untold: UndecidedError | None = None
    regions = []
    for place in places:
        try:
            regions.append(region(place))
        except UndecidedError as error:
            untold = error
    for path in named:
        try:
            found = resolve(path)
        except UndecidedError as error:
            unsure = error
            continue
        if relation == "covers":
            lies = any(each.is_covered_by(found) for each in regions)
        else:
            lies = any(each.holds(found) for each in regions) is (relation == "under")
        if lies and (relation != "outside" or untold is None):
            return True
        if lies or relation != "outside":
            unsure = unsure or untold
    if unsure is not None:
        raise unsure
    return False


def lies_key(relation: str, places: Iterable[str], paths: Iterable[str]) -> tuple[str, ...]:
    """The fact `a path lies so to places` (`safeshell.policy.lies`)."""
    return (relation, *places, "", *paths)


def split_lies(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Places and paths of such a fact; no place is empty."""
    middle = words.index("")
    return words[:middle], words[middle + 1 :]
