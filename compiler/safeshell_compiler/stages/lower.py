"""Stage 3, lower: conditions to atoms (docs/table.md), each unique question once, and what else a rule needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from safeshell.policy import patterns
from safeshell_compiler.atoms import BY_CONDITION, KINDS
from safeshell_compiler.findings.report import FindingPlace, Report
from safeshell_compiler.reading.rule_model import Condition
from safeshell_compiler.reading.source_positions import explain, point
from safeshell_compiler.reading.tree import Node, locate
from safeshell_compiler.stages.arguments import check_names, check_paths
from safeshell_compiler.stages.meaning import Effects, check_meaning
from safeshell_compiler.stages.resolve import PolicyRule, ResolvedPolicy

Atom = tuple[Any, ...]
"""`(kind, argument…)` as docs/table.md lists them."""

CONDITION_DEPTH = 64
"""Levels of `any`, `all` and `not`; deeper, nobody can say what a rule means."""

_PATTERN_KEYS = frozenset(key for kind in KINDS.values() for key in kind.patterns)


@dataclass(frozen=True, slots=True)
class Is:
    """An atom holds."""

    atom: int


@dataclass(frozen=True, slots=True)
class No:
    """A formula does not hold."""

    part: Formula


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold. `what` and `place` say which condition this is, for findings."""

    parts: tuple[Formula, ...]
    what: str
    place: FindingPlace


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds. `what` and `place` as in Every."""

    parts: tuple[Formula, ...]
    what: str
    place: FindingPlace


Formula = Is | No | Every | Some


@dataclass(frozen=True, slots=True)
class LoweredRule:
    """A rule as a formula over atoms."""

    source: PolicyRule
    effects: Effects
    formula: Every


@dataclass(frozen=True, slots=True)
class Lowered:
    """A policy as formulas.

    Attributes:
        policy: what it was.
        atoms: each question once.
        places: for each atom, where it stands first, and the rule.
        rules: in order of precedence.
    """

    policy: ResolvedPolicy
    atoms: tuple[Atom, ...]
    places: tuple[tuple[FindingPlace, str], ...]
    rules: tuple[LoweredRule, ...]


def lower(policy: ResolvedPolicy, report: Report) -> Lowered:
    """Turns each rule's conditions, directory and context into one formula."""
    lowering = Lowering(policy, report)
    rules = []
    for source in policy.rules:
        effects = check_meaning(source, report)
        formula = lowering.rule(source)
        if effects is not None and formula is not None:
            rules.append(LoweredRule(source, effects, formula))
    for file, node in policy.malformed:
        lowering.check_patterns(file, node)
    return Lowered(policy, tuple(lowering.atoms), tuple(lowering.atoms.values()), tuple(rules))


@dataclass(slots=True)
class Lowering:
    """Makes formulas of conditions, and reports what is wrong with them.

    Attributes:
        taken: the options that the rule says take an argument, sorted.
    """

    policy: ResolvedPolicy
    report: Report
    atoms: dict[Atom, tuple[FindingPlace, str]] = field(default_factory=dict)
    ids: dict[Atom, int] = field(default_factory=dict)
    complaints: dict[str, str | None] = field(default_factory=dict)
    file: str = ""
    name: str = ""
    taken: tuple[str, ...] = ()
    commands: tuple[str, ...] | None = None

    def rule(self, source: PolicyRule) -> Every | None:
        """The formula of a rule; None where a finding says what is wrong with it."""
        rule = source.rule
        self.file, self.name = source.file, rule.name
        self.commands = rule.commands
        taken = locate(source.node, ("takes_argument",))
        named = rule.takes_argument or ()
        valid = check_names(named, taken, source.file, None, self.report, rule.name)
        self.taken = tuple(sorted(set(named)))
        parts: list[Formula | None] = [] if valid else [None]
        if rule.context != "all":
            ai = self.atom(("ai",), source.node)
            parts.append(ai if rule.context == "ai_only" else No(ai))
        if rule.directory is not None:
            node = locate(source.node, ("directory",))
            parts.append(self.pattern(rule.directory, node, ("directory", f"^(?:{rule.directory})")))
        if rule.conditions is not None:
            parts.extend(self._all(rule.conditions, locate(source.node, ("conditions",)), 1))
        for exemption in source.unless:
            self.file = exemption.file
            lifted = self._all(exemption.conditions, exemption.node, 1)
            kept = tuple(part for part in lifted if part is not None)
            broken = len(kept) < len(lifted)
            parts.append(None if broken else No(Every(kept, "`unless`", exemption.node.place(exemption.file))))
        whole = tuple(part for part in parts if part is not None)
        return Every(whole, "the rule as a whole", source.place) if len(whole) == len(parts) else None

    def check_patterns(self, file: str, node: Node) -> None:
        """Looks at the patterns of what is otherwise malformed, so that one run shows every error."""
        name = locate(node, ("name",)).value
        self.file, self.name = file, name if isinstance(name, str) else ""
        waiting = [node]
        while waiting:
            value = waiting.pop().value
            children = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
            waiting.extend(children)
            for key in value.keys() & _PATTERN_KEYS if isinstance(value, dict) else ():
                if isinstance(value[key].value, str):
                    self._complain(value[key].value, value[key])

    def _all(self, conditions: tuple[Condition, ...], node: Node, depth: int) -> list[Formula | None]:
        """The formula of each condition; None where one is invalid, so that the rest is still looked at."""
        return [self._condition(item, locate(node, (index,)), depth) for index, item in enumerate(conditions)]

    def _condition(self, condition: Condition, node: Node, depth: int) -> Formula | None:
        if depth > CONDITION_DEPTH:
            self.report.add("SS408", node.place(self.file), self.name, limit=CONDITION_DEPTH)
            return None
        kind, value = condition.kind, condition.value
        inner = locate(node, (kind,))
        if kind == "not":
            part = self._condition(value, inner, depth + 1)
            return None if part is None else No(part)
        if kind in ("all", "any"):
            found = self._all(value, inner, depth + 1)
            parts = tuple(part for part in found if part is not None)
            join = Every if kind == "all" else Some
            return join(parts, f"this `{kind}`", node.place(self.file)) if len(parts) == len(found) else None
        return BY_CONDITION[kind].lower(self, kind, value, inner)

    def names(self, names: Sequence[str], node: Node) -> bool:
        """Reports what can't name an option; whether all can."""
        return check_names(names, node, self.file, self.commands, self.report, self.name)

    def paths(self, paths: Sequence[str], node: Node, *, absolute: bool = False) -> bool:
        """Reports what names no place, as `check_paths` has it; whether there is nothing of that kind."""
        return check_paths(paths, node, self.file, self.report, self.name, absolute=absolute)

    def add(self, code: str, node: Node, **values: object) -> None:
        """Reports a finding about what stands at a node."""
        self.report.add(code, node.place(self.file), self.name, **values)

    def negation(self, formula: Formula) -> Formula:
        """That a formula does not hold."""
        return No(formula)

    def pattern(self, pattern: str, node: Node, atom: Atom) -> Is | None:
        """The atom that searches for a pattern; None with a finding where it does not compile."""
        return None if self._complain(pattern, node) else self.atom(atom, node)

    def _complain(self, pattern: str, node: Node) -> bool:
        """Reports a pattern that does not compile."""
        if pattern not in self.complaints:
            self.complaints[pattern] = patterns.check(pattern)
        reason = self.complaints[pattern]
        if reason is not None:
            complaint = explain(pattern, reason)
            place = point(node, self.file, self.policy.texts[self.file], pattern, complaint)
            self.report.add("SS306", place, self.name, reason=reason, remedy=complaint.hint)
        return reason is not None

    def atom(self, atom: Atom, node: Node) -> Is:
        """That an atom holds; the node is where it stands."""
        known = self.ids.get(atom)
        if known is None:
            known = self.ids[atom] = len(self.ids)
            self.atoms[atom] = (node.place(self.file), self.name)
        return Is(known)
