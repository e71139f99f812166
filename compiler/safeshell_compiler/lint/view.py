"""What the checks look at: rules with their leaves, and answers about texts, each asked once and within a budget."""

from __future__ import annotations

import fnmatch
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from safeshell.command.names import is_glob
from safeshell.policy.patterns import SHARD_PATTERNS, EngineError, PatternSet, quote
from safeshell_compiler.atoms import BY_CONDITION
from safeshell_compiler.findings.report import FindingPlace, Report
from safeshell_compiler.reading.rule_model import Condition
from safeshell_compiler.reading.source_positions import point_at
from safeshell_compiler.reading.tree import Node, locate
from safeshell_compiler.stages.flatten import Row, RuleRows
from safeshell_compiler.stages.lower import Atom
from safeshell_compiler.stages.prune import Pruned
from safeshell_compiler.stages.resolve import PolicyRule
from safeshell_compiler.witnesses.generate import Budget, Language, generate
from safeshell_compiler.witnesses.languages import Branches, CommandLines, Directories

SEARCH_STATES = 400
"""States of one search, some 40 ms. Counted rather than timed, so that every run says the same."""

ALL_STATES = 1_000
"""States of all searches of one compilation, a third of a second."""

STATES_A_RULE = 5
"""More of them for each rule, so that lint stays in proportion to the rest of a compilation …"""

MOST_STATES = 3_000
"""… and has an end."""

SEARCH = 20
"""What a search costs before its first state."""

Name = str | None
"""A dispatch key: a basename, a glob, or None for any command."""


class UnknownError(Exception):
    """A question that the budget does not answer."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A condition that is no `any`, `all` or `not`, where it stands, and what it asks.

    Attributes:
        kind: as in YAML; `directory` for the rule's own.
        value: as the model has it.
        node: of the value.
        file: absolute.
        subject: `line`, `directory` or `branch` where a pattern is searched, else "".
        pattern: as the table has it, or "".
        literal: whether it is no pattern as it is written.
        may_name_files: whether a dot in it may stand in a file's name.
    """

    kind: str
    value: Any
    node: Node
    file: str
    subject: str = ""
    pattern: str = ""
    literal: bool = False
    may_name_files: bool = False

    @property
    def place(self) -> FindingPlace:
        """Where the value stands."""
        return self.node.place(self.file)


def leaf(condition: Condition, node: Node, file: str) -> Leaf:
    """The leaf of a condition; `node` is the condition's."""
    kind, value = condition.kind, condition.value
    inner = locate(node, (kind,))
    text = BY_CONDITION[kind].text(kind, value, inner)
    if text is None:
        return Leaf(kind, value, inner, file)
    return Leaf(kind, text.value, text.node, file, *text[2:])


def condition_lists(source: PolicyRule) -> Iterator[tuple[tuple[Condition, ...], Node, str]]:
    """The lists of conditions of a rule: its own, and those that lift it."""
    if source.rule.conditions is not None:
        yield source.rule.conditions, locate(source.node, ("conditions",)), source.file
    for exemption in source.unless:
        yield exemption.conditions, exemption.node, exemption.file


def leaves(source: PolicyRule) -> Iterator[Leaf]:
    """All leaves of a rule."""
    if source.rule.directory is not None:
        node = locate(source.node, ("directory",))
        pattern = f"^(?:{source.rule.directory})"
        yield Leaf("directory", source.rule.directory, node, source.file, "directory", pattern, may_name_files=True)
    waiting = [
        (condition, locate(node, (index,)), file)
        for conditions, node, file in condition_lists(source)
        for index, condition in enumerate(conditions)
    ]
    while waiting:
        condition, node, file = waiting.pop()
        inner = locate(node, (condition.kind,))
        if condition.kind in ("all", "any"):
            waiting.extend((part, locate(inner, (index,)), file) for index, part in enumerate(condition.value))
        elif condition.kind == "not":
            waiting.append((condition.value, inner, file))
        else:
            yield leaf(condition, node, file)


@dataclass(slots=True)
class View:
    """The policy as the checks see it."""

    pruned: Pruned
    report: Report
    states: int = field(init=False)
    _answers: dict[tuple[object, ...], str | UnknownError | None] = field(default_factory=dict)
    _sets: dict[Name, list[PatternSet]] | None = None
    _keys: dict[Name, tuple[Name, ...]] = field(default_factory=dict)
    _found: dict[tuple[Name, str], frozenset[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.states = min(MOST_STATES, ALL_STATES + STATES_A_RULE * len(self.pruned.rules))

    @property
    def rules(self) -> tuple[RuleRows, ...]:
        """All valid rules."""
        return self.pruned.rules

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """What rows are made of."""
        return self.pruned.lowered.atoms

    def add(self, code: str, place: FindingPlace, source: PolicyRule, **values: Any) -> None:
        """Reports a finding about a rule."""
        self.report.add(code, place, source.rule.name, **values)

    def at(self, leaf: Leaf, offset: int) -> FindingPlace:
        """The place of a character of a leaf's text."""
        return point_at(leaf.node, leaf.file, self.pruned.lowered.policy.texts[leaf.file], leaf.value, offset)

    def line(self, name: Name, required: Sequence[str], forbidden: Sequence[str]) -> str | None:
        """A command line of this command that has all required patterns and no forbidden one; None: there is none.

        Raises:
            UnknownError: finding out takes too long, or a pattern's meaning is not certain here.
        """
        if name is None:
            return self._text("line", CommandLines(), required, forbidden)
        if is_glob(name):
            return self._text("line", CommandLines(), [f"^{_glob_pattern(name)}(?: |$)", *required], forbidden)
        quoted = shlex.quote(name)
        return self._text(quoted, CommandLines(quoted), required, forbidden)

    def text(self, subject: str, required: Sequence[str], forbidden: Sequence[str]) -> str | None:
        """The same for a directory or a branch."""
        language: Language = Directories() if subject == "directory" else Branches()
        return self._text(subject, language, required, forbidden)

    def pattern_implied(self, subject: str, known: Sequence[tuple[Atom, bool]], pattern: str, *, negated: bool) -> bool:
        """Whether a directory or a branch in which known patterns are found has this one too, or never has.

        Args:
            subject: `directory` or `branch`.
            known: atoms, and whether they are negated.
            pattern: that is asked about.
            negated: whether it must not be found.

        Raises:
            UnknownError: as `text`.
        """
        required = [atom[1] for atom, forbidden in known if atom[0] == subject and not forbidden]
        if not required:
            return False
        wanted, unwanted = ([*required, pattern], []) if negated else (required, [pattern])
        return self.text(subject, wanted, unwanted) is None

    def _text(self, what: str, language: Language, required: Sequence[str], forbidden: Sequence[str]) -> str | None:
        key = (what, frozenset(required), frozenset(forbidden))
        if key not in self._answers:
            self._answers[key] = self._search(language, sorted(set(required)), sorted(set(forbidden)))
        answer = self._answers[key]
        if isinstance(answer, UnknownError):
            raise answer
        return answer

    def _search(self, language: Language, required: list[str], forbidden: list[str]) -> str | UnknownError | None:
        if self.states <= 0:
            return UnknownError()
        budget = Budget(min(SEARCH_STATES, self.states))
        allowed = budget.left
        try:
            found = generate(language, required, forbidden, budget)
        except RecursionError:  # groups within groups: RE2 takes a thousand
            return UnknownError()
        self.states -= SEARCH + allowed - budget.left
        return found if budget.exact else UnknownError()

    def keys(self, name: Name) -> tuple[Name, ...]:
        """The dispatch keys whose rules see every command that this key stands for."""
        known = self._keys.get(name)
        if known is None:
            globs = [key for key in self._pattern_sets() if key is not None and is_glob(key)]
            if name is None:
                known = (None,)
            elif is_glob(name):
                known = tuple(dict.fromkeys((name, *(["*"] if "*" in globs else []), None)))
            else:
                known = (name, *[glob for glob in globs if fnmatch.fnmatchcase(name, glob)], None)
            self._keys[name] = known
        return known

    def found(self, name: Name, line: str) -> frozenset[int]:
        """The line atoms, of all rules that see this key, that are found in a line."""
        found: set[int] = set()
        for key in self.keys(name):
            if (key, line) not in self._found:
                sets = self._pattern_sets().get(key, ())
                try:
                    self._found[(key, line)] = frozenset(atom for one in sets for atom in one.match(line))
                except EngineError:
                    self._found[(key, line)] = frozenset()
            found |= self._found[(key, line)]
        return frozenset(found)

    def _pattern_sets(self) -> dict[Name, list[PatternSet]]:
        if self._sets is None:
            members: dict[Name, set[int]] = {}
            for rule in self.rules:
                atoms = {literal >> 1 for row in rule.rows for literal in row}
                for name in rule.rule.effects.commands or (None,):
                    members.setdefault(name, set()).update(atom for atom in atoms if self.atoms[atom][0] == "line")
            self._sets = {name: list(self._fit(sorted(atoms))) for name, atoms in members.items()}
        return self._sets

    def _fit(self, atoms: list[int]) -> Iterator[PatternSet]:
        for start in range(0, len(atoms), SHARD_PATTERNS):
            shard = atoms[start : start + SHARD_PATTERNS]
            try:
                yield PatternSet([self.atoms[atom][1] for atom in shard], shard)
            except ValueError:
                if len(shard) > 1:  # what does not fit even alone is the index's to report
                    yield from self._fit(shard[: len(shard) // 2])
                    yield from self._fit(shard[len(shard) // 2 :])

    def line_parts(self, row: Row) -> tuple[list[str], list[str]]:
        """The line patterns that a row requires and those that it forbids."""
        required = [
            self.atoms[literal >> 1][1] for literal in sorted(row) if self._on_line(literal) and not literal & 1
        ]
        forbidden = [self.atoms[literal >> 1][1] for literal in sorted(row) if self._on_line(literal) and literal & 1]
        return required, forbidden

    def _on_line(self, literal: int) -> bool:
        return bool(self.atoms[literal >> 1][0] == "line")


def _glob_pattern(glob: str) -> str:
    """A glob as RE2, for names that need no quotes."""
    made = []
    index = 0
    while index < len(glob):
        char = glob[index]
        close = glob.find("]", index + 2)
        if char == "[" and close > 0:
            body = glob[index + 1 : close].replace("\\", "\\\\").replace("[", "\\[")
            made.append(f"[^ {body[1:]}]" if body.startswith("!") else f"[{body}]")
            index = close
        else:
            made.append("[^ ]*" if char == "*" else "[^ ]" if char == "?" else quote(char))
        index += 1
    return "".join(made)
