"""Kind of condition about the files that are written or read: two modules of `safeshell_compiler.atoms` are of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from safeshell.host.path_resolution import RELATIONS, lies_key
from safeshell.host.places import HOME, PROJECT, SYSTEM, TEMPORARY, split_place
from safeshell.policy import patterns
from safeshell.policy.facts import GivenFacts
from safeshell.policy.lies import MATCHES, used_text
from safeshell.policy.world import UNDECIDED, Fact, FactKey
from safeshell_compiler.condition_kind import ConditionKind, Filled, Paths, Searched, Text, Texts, list_implied

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import Leaf, View
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Atom, Formula, Lowering
    from safeshell_compiler.witnesses.situation import Situation

_ANN: Mapping[FactKey, Fact] = {("env", "HOME"): "/home/ann", ("project",): "/home/ann/work", ("directory",): "/"}
"""The world in which a file is looked for that conditions hold of."""

_TRIED = ("/home/ann/work/file", "/home/ann/file", "/tmp/file", "/etc/file", "/elsewhere/file", "/")  # noqa: S108


class FilesKind(ConditionKind):
    """Files of one use.

    Args:
        use: "writes" or "reads": the kind, and how its conditions' names begin.
        order, turning: as of any kind.
        stated: keys of a rule's test.
    """

    def __init__(self, use: str, *, order: int, turning: int, stated: Mapping[str, Any]) -> None:
        names = {f"{use}_{relation}": relation for relation in (*RELATIONS, MATCHES)}
        self.kind = use  # type: ignore[misc] # one class for both
        self.order = order  # type: ignore[misc]
        self.turning = turning  # type: ignore[misc]
        self.stated = stated  # type: ignore[misc]
        self.conditions = {  # type: ignore[misc]
            name: Text if relation == MATCHES else Paths for name, relation in names.items()
        }
        self.empty = {name: "no path could hold one" for name, one in names.items() if one != MATCHES}  # type: ignore[misc]
        self.patterns = (f"{use}_{MATCHES}",)  # type: ignore[misc]
        self._relations = names

    def lower(self, lowering: Lowering, name: str, value: Any, node: Node) -> Formula | None:
        relation = self._relations[name]
        if relation == MATCHES:
            return lowering.pattern(value, node, (self.kind, value, relation))
        valid = lowering.paths(value, node, absolute=True)
        return lowering.atom((self.kind, tuple(sorted(set(value))), relation), node) if valid else None

    def given(self, case: Any) -> Mapping[FactKey, Fact]:
        paths = getattr(case, self.kind)
        given: dict[FactKey, Fact] = {} if paths is None else {(self.kind,): used_text(paths)}
        if "project" in self.stated and case.project is not None:
            given["project",] = case.project
        return given

    def text(self, name: str, value: Any, node: Node) -> Searched | None:
        # No subject: one file may have what another lacks, so two patterns never exclude each other.
        return Searched(value, node, "", value, may_name_files=True) if self._relations[name] == MATCHES else None

    def excludes(self, one: Leaf, other: Leaf, *, negated: bool, other_negated: bool) -> str:
        same = other.kind == one.kind and one.value == other.value
        return "SS329" if same and negated != other_negated else ""

    def implied(self, _: View, known: Sequence[tuple[Atom, bool]], arguments: Sequence[Any], *, negated: bool) -> bool:
        value, relation = arguments
        if relation not in ("under", "covers"):
            return False
        return list_implied(self.kind, known, value, [relation], negated=negated)

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        return _truth(self.kind, arguments, situation.facts)

    def facts(
        self, required: Collection[Sequence[Any]], forbidden: Collection[Sequence[Any]]
    ) -> Mapping[FactKey, Fact] | None:
        if not required:
            return {}
        found = next((path for path in _candidates(required) if self._fits(path, required, forbidden)), None)
        if found is None:
            return {}  # one that can't be thought of here
        stated = {key: _ANN[key] for key in _needed(required)}
        return {(self.kind,): used_text([found]), **stated}

    def _fits(self, path: str, required: Collection[Sequence[Any]], forbidden: Collection[Sequence[Any]]) -> bool:
        facts = GivenFacts({**_ANN, (self.kind,): used_text([path])})
        wanted = ((atom, True) for atom in required), ((atom, False) for atom in forbidden)
        return all(_truth(self.kind, atom, facts) is side for atoms in wanted for atom, side in atoms)

    def needs_home(self, arguments: Sequence[Any]) -> bool:
        value, relation = arguments
        return relation != MATCHES and any(split_place(path)[0] == HOME for path in value)


def _truth(use: str, arguments: Sequence[Any], facts: GivenFacts) -> Fact:
    """Asked file by file."""
    value, relation = arguments
    used = facts.read((use,))
    if used is UNDECIDED:
        return UNDECIDED
    truths: list[Fact] = []
    for path in str(used).split("\0")[:-1] if used else ():
        if relation == MATCHES:
            leads = facts.read(("leads", path))
            truths.append(leads if leads is UNDECIDED else _found(value, str(leads)))
        else:
            truths.append(facts.read(lies_key(relation, value, [path])))
    return True if True in truths else UNDECIDED if UNDECIDED in truths else False


def _found(pattern: str, leads: str) -> bool:
    return any(patterns.search(pattern, one) for one in leads.split("\0"))


def _candidates(required: Collection[Sequence[Any]]) -> Iterator[str]:
    """Files that conditions may hold of."""
    for value, relation in required:
        if relation == MATCHES:
            plain = "".join([char for char in value.replace("\\", "") if char not in "^$()?*+|[]{}"])
            yield from (f"/{plain.lstrip('/')}", f"/home/ann/work/{plain.strip('/')}/file")
            continue
        for place in value:
            name, rest = split_place(place)
            top = {HOME: "/home/ann", PROJECT: "/home/ann/work", TEMPORARY: "/tmp", SYSTEM: "/etc"}.get(name, "")  # noqa: S108
            yield from (f"{top}{rest}", f"{top}{rest}".rstrip("/") + "/file")
    yield from _TRIED


def _needed(required: Collection[Sequence[Any]]) -> Iterator[FactKey]:
    for value, relation in required:
        if relation != MATCHES and PROJECT in value:
            yield ("project",)


WRITES_STATED: Mapping[str, Any] = {"writes": (Texts | None, None), "project": (Filled | None, None)}
READS_STATED: Mapping[str, Any] = {"reads": (Texts | None, None)}
