"""Facts and conditions of how paths lie to places, and of the files that somebody writes or reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from safeshell.host.path_resolution import RELATIONS, lies_key, split_lies
from safeshell.policy.atom import AtomKind, FactKind, Truth
from safeshell.policy.patterns import EngineError, PatternSet
from safeshell.policy.world import UNDECIDED, Fact, FactKey, RequestWorld

if TYPE_CHECKING:
    from safeshell.policy.evaluator import Judge
    from safeshell.policy.facts import GivenFacts
    from safeshell.policy.units import Unit

PATHS_SHOWN = 8
"""Paths that the fact in words lists; a command can have thousands."""

MATCHES = "matches"
"""The relation of a path to a pattern."""

USES = ("writes", "reads")
"""What may be done with a file."""

_SAID = {"under": "under", "covers": "at or above", "outside": "outside of"}


class Lies(FactKind):
    """Whether a path lies so to places: `(relation, place…, "", path…)`, bytes not UTF-8 as surrogates.

    Args:
        relation: one of `RELATIONS`.
    """

    def __init__(self, relation: str) -> None:
        self.kind = relation  # type: ignore[misc] # one class for three kinds
        self._said = _SAID[relation]

    def read(self, world: RequestWorld, *arguments: str) -> Fact:
        return world.lies(self.kind, *split_lies(arguments))

    def stated(self, given: GivenFacts, *arguments: str) -> Fact:
        return given.lies(self.kind, *split_lies(arguments))

    def words(self, arguments: Sequence[str], value: Fact) -> str:
        return self._say(arguments, "one lies" if value else "none lies")

    def undecided(self, arguments: Sequence[str]) -> str:
        return self._say(arguments, "undecided whether one lies")

    def about(self, arguments: Sequence[str]) -> str:
        return f"paths {self._said} {' '.join(split_lies(tuple(arguments))[0])}"

    def record(self, held: dict[str, Any], arguments: Sequence[str], value: Any) -> None:
        places, paths = split_lies(tuple(arguments))
        entry = {"paths": list(places), "operands": list(paths), "value": value}
        entries = held.setdefault(self.kind, [])
        if entry not in entries:
            entries.append(entry)

    def recall(self, value: Any) -> Iterator[tuple[FactKey, Any]]:
        for entry in value:
            yield lies_key(self.kind, entry["paths"], entry["operands"]), entry["value"]

    def _say(self, arguments: Sequence[str], lies: str) -> str:
        places, paths = split_lies(tuple(arguments))
        shown = [repr(path) for path in paths[:PATHS_SHOWN]]
        if len(paths) > PATHS_SHOWN:
            shown.append(f"{len(paths) - PATHS_SHOWN} more")
        return f"of {', '.join(shown)} {lies} {self._said} {' or '.join(places)}"


class Leads(FactKind):
    """Where a path leads: `("leads", path)`. By its names, and where links make another of it, a NUL and that."""

    kind = "leads"
    named = True

    def read(self, world: RequestWorld, *arguments: str) -> Fact:
        return world.path(arguments[0])

    def stated(self, given: GivenFacts, *arguments: str) -> Fact:
        return given.path(arguments[0])

    def words(self, arguments: Sequence[str], value: Fact) -> str:
        return f"{arguments[0]!r} is {' and '.join(map(repr, str(value).split(chr(0))))}"

    def undecided(self, arguments: Sequence[str]) -> str:
        return f"undecided where {arguments[0]!r} leads"


class Used(FactKind):
    """The files that are written, or read: a text, each ended by a NUL; None where none is told of.

    Args:
        use: one of `USES`.
    """

    def __init__(self, use: str) -> None:
        self.kind = use  # type: ignore[misc] # one class for both

    def read(self, world: RequestWorld, *_: str) -> Fact:
        return world.files(self.kind)

    def words(self, _: Sequence[str], value: Fact) -> str:
        return (
            f"{self.kind} {', '.join(map(repr, used_paths(value)))}" if value else f"{self.kind} no file that is told"
        )

    def undecided(self, _: Sequence[str]) -> str:
        return f"undecided what it {self.kind}"

    def record(self, held: dict[str, Any], _: Sequence[str], value: Any) -> None:
        held[self.kind] = used_paths(value) if isinstance(value, str) else value

    def recall(self, value: Any) -> Iterator[tuple[FactKey, Any]]:
        yield (self.kind,), used_text(value) if isinstance(value, list) else value


def used_text(paths: Sequence[str]) -> str | None:
    """The value of the fact for these files."""
    return "".join([f"{path}\0" for path in dict.fromkeys(paths)]) or None


def used_paths(value: Fact) -> list[str]:
    """The files in a value of the fact."""
    return str(value).split("\0")[:-1]


class Files(AtomKind):
    """Files that are written, or read, and lie so to places or match a pattern: `[kind, value, relation]`.

    Args:
        use: one of `USES`, which is the kind.
        facts: that belong to it alone, of those of this module.
    """

    cost = 8
    of_directory = True

    def __init__(self, use: str, facts: tuple[FactKind, ...]) -> None:
        self.kind = use  # type: ignore[misc] # one class for both
        self.facts = facts  # type: ignore[misc]

    def bind(self, _: int, arguments: Sequence[Any]) -> Truth:
        value, relation = arguments
        key = (self.kind,)
        asked = _matches(value) if relation == MATCHES else _lies(relation, value)

        def truth(judge: Judge, _: Unit) -> bool | None:
            found = judge.read(key)
            if found is UNDECIDED:
                return None
            return asked(judge, used_paths(found)) if found else False

        return truth

    def plain(self, arguments: Sequence[Any]) -> str:
        value, relation = arguments
        return f"{self.kind}_{relation}: {value if relation == MATCHES else '[' + ', '.join(value) + ']'}"


def _lies(relation: str, places: Sequence[str]) -> Any:
    assert relation in RELATIONS

    def asked(judge: Judge, paths: Sequence[str]) -> bool | None:
        value = judge.read(lies_key(relation, places, paths))
        return None if value is UNDECIDED else bool(value)

    return asked


def _matches(pattern: str) -> Any:
    made: list[PatternSet] = []  # when it is first asked for: many units are never

    def asked(judge: Judge, paths: Sequence[str]) -> bool | None:
        if not made:
            made.append(pattern_set([pattern]))
        undecided = False
        for path in paths:
            value = judge.read(("leads", path))
            if value is UNDECIDED:
                undecided = True
            elif any(made[0].match(one) for one in str(value).split("\0")):
                return True
        return None if undecided else False

    return asked


def pattern_set(patterns: Sequence[str]) -> PatternSet:
    """The automaton of patterns that compiled when their table was made.

    Raises:
        EngineError: memory is short.
    """
    try:
        return PatternSet(patterns, range(len(patterns)))
    except ValueError as error:
        raise EngineError from error
