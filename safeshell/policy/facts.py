"""Facts by their keys, each read once and only when a row that is still open asks for it.

A request's are read of the world, others are stated. What each kind of fact is, its condition says
(`safeshell.policy.atoms`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from safeshell.errors import DistantError, UndecidedError
from safeshell.host.path_resolution import any_lies, by_names, is_under
from safeshell.host.places import HOME, SYSTEM, Region, given_region, split_place
from safeshell.policy.atoms import FACTS
from safeshell.policy.world import UNDECIDED, Fact, FactKey, RequestWorld
from safeshell.text import text

__all__ = ["UNDECIDED", "Fact", "FactKey", "Facts", "GivenFacts", "RequestFacts"]


class Facts(Protocol):
    """Where the evaluator reads facts from."""

    def read(self, key: FactKey) -> Fact:
        """The fact's value. Asked again, it answers the same."""
        ...


class RequestFacts(RequestWorld):
    """The facts of one request; made as its world is."""

    __slots__ = ()

    def read(self, key: FactKey) -> Fact:
        """The fact's value, read once."""
        seen = self.seen
        known = seen.get(key)
        if known is None and key not in seen:
            try:
                known = FACTS[key[0]].read(self, *key[1:])
            except UndecidedError:
                known = UNDECIDED
            except DistantError as error:
                return self._defer(key, error.point)
            seen[key] = known
        return known

    def _defer(self, key: FactKey, point: bytes) -> Fact:
        """What has been read of a mount that may not answer; what hasn't is undecided, and put off."""
        distant = self.distant
        assert distant is not None  # else nothing is too far
        asked = (self.place, key)
        if asked in distant.known:
            return distant.known[asked]
        distant.deferred.setdefault(point, []).append(asked)
        return UNDECIDED


class GivenFacts:
    """Facts as somebody states them: rule tests, `check --branch`, the tests' situations.

    Where a path leads is worked out by its names, unless `("place", path)` states it.
    """

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[FactKey, Fact]) -> None:
        self._given = given

    def read(self, key: FactKey) -> Fact:
        """The fact as given; files and variables that are not given are absent."""
        return FACTS[key[0]].stated(self, *key[1:])

    def given(self, *key: str, otherwise: Fact = None) -> Fact:
        """What is stated of a fact."""
        return self._given.get(key, otherwise)

    def lies(self, relation: str, places: Iterable[str], paths: Iterable[str]) -> Fact:
        """Whether a path lies so to places."""
        try:
            return any_lies(relation, paths, places, self._place, self._region)
        except UndecidedError:
            return UNDECIDED

    def path(self, path: str) -> Fact:
        """Where a path leads."""
        try:
            return text(self._place(path))
        except UndecidedError:
            return UNDECIDED

    def _place(self, path: str) -> bytes:
        stated = self._given.get(("place", path))
        directory = "/" if path.startswith("/") else self._given.get(("directory",))
        if stated is UNDECIDED or (stated is None and not isinstance(directory, str)):
            raise UndecidedError(f"{path}: not stated where it leads")
        found = by_names("/", stated) if isinstance(stated, str) else by_names(str(directory) or "/", path)
        return found.encode("utf-8", "surrogateescape")

    def _region(self, place: str) -> Region:
        name, rest = split_place(place)
        if not name:
            return Region((self._place(rest),))
        home = self._home()
        known = self._place(home) if home is not None and home.startswith("/") else None
        if name == HOME and known is not None:
            return Region((self._place(f"{home}{rest}"),))
        return given_region(name, known, self._project(known))

    def _project(self, home: bytes | None) -> bytes | None:
        """Where the project is, as stated; else the directory, where that can be one."""
        stated = self._given.get(("project",))
        if isinstance(stated, str):
            return self._place(stated)
        directory = self._given.get(("directory",))
        if not isinstance(directory, str):
            raise UndecidedError("not stated where the project is")
        found = self._place(directory)
        if self._given.get(("in_repo",)) is True:
            return found
        above_a_home = home is not None and home != b"/" and is_under(home, found)
        in_system = given_region(SYSTEM, home, None).holds(found)
        return None if found == b"/" or above_a_home or in_system else found

    def _home(self) -> str | None:
        home = self._given.get(("env", "HOME"))
        return home if isinstance(home, str) else None
