"""Conditions that always hold, never hold, or can't hold together."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from safeshell.command.names import is_glob
from safeshell.policy import patterns
from safeshell_compiler.atoms import BY_CONDITION
from safeshell_compiler.findings.report import FindingPlace
from safeshell_compiler.lint.samples import composed, head, shortest, tested
from safeshell_compiler.lint.view import Leaf, Name, UnknownError, View, condition_lists, leaf, leaves
from safeshell_compiler.reading.rule_model import Condition
from safeshell_compiler.reading.tree import Node, locate
from safeshell_compiler.stages.flatten import RuleRows
from safeshell_compiler.stages.resolve import PolicyRule

NAMES = 8
"""Command names of one rule that are searched one by one; a rule for more is left alone."""

ROWS = 8
"""Rows of one rule whose every contradiction is searched for."""

_ANY_BRANCH = ("", ".", ".*", ".+", "^", "^.", "^.*", "^.+", "^.*$", "^.+$")
"""How rules say `on a branch at all`."""

_ODD = re.compile(r"[^\w/.-]|//|.[/.]$|\.\.")
"""What a directory or a branch may not have, or seldom has."""

_SUBJECTS = {"line": "command line", "directory": "working directory", "branch": "branch"}

Literal = tuple[Leaf, bool]
"""A leaf, and whether it is negated."""


def check_conditions(view: View) -> None:
    """Reports them."""
    ids = {(atom[0], atom[1]): number for number, atom in enumerate(view.atoms) if len(atom) > 1}
    for found in view.rules:
        source = found.rule.source
        if source.rule.conditions is not None or source.rule.directory is not None or source.unless:
            _Rule(view, found, ids).check()


@dataclass(slots=True)
class _Rule:
    view: View
    found: RuleRows
    ids: dict[tuple[object, object], int]
    names: tuple[Name, ...] = ()
    reported: int = 0
    seen: set[int] = field(default_factory=set)
    """Line atoms that were found in some sample."""

    @property
    def source(self) -> PolicyRule:
        return self.found.rule.source

    def check(self) -> None:
        self.names = self.found.rule.effects.commands or (None,)
        alive = self._look_at_samples()
        top: list[Literal] = []
        if self.source.rule.directory is not None:
            directory = next(leaves(self.source))
            self._leaf(directory)
            top.append((directory, False))
        for conditions, node, file in condition_lists(self.source):
            children = [(item, locate(node, (index,))) for index, item in enumerate(conditions)]
            literals = list(_literals(children, file))
            if node is self.source.node.value.get("conditions"):
                literals = [*top, *literals]
                self._check_context(literals)
            for condition, place in children:
                self._never(condition, place, file)
            self._check_pairs(literals, lines=not alive)
        if not alive and not self.reported:
            self._check_rows()

    def _add(self, code: str, place: FindingPlace, **values: object) -> None:
        self.reported += 1
        self.view.add(code, place, self.source, **values)

    def _look_at_samples(self) -> bool:
        """Whether some sample satisfies what some row asks of the command line."""
        for row in self.found.rows:
            required = {
                literal >> 1 for literal in row if not literal & 1 and self.view.atoms[literal >> 1][0] == "line"
            }
            forbidden = {literal >> 1 for literal in row if literal & 1 and self.view.atoms[literal >> 1][0] == "line"}
            if not required and not forbidden:
                return True
            for name, line in self._samples(row):
                found = self.view.found(name, line)
                self.seen |= found
                if required <= found and forbidden.isdisjoint(found):
                    break
            else:
                continue
            return True
        return not self.found.rows  # without rows it is reported already

    def _samples(self, row: frozenset[int]) -> Iterator[tuple[Name, str]]:
        for name, line in tested(self.found.rule.source):
            if name in self.names or self.names == (None,):
                yield (None if self.names == (None,) else name), line
        line_ = composed(self.view, self.names[0], row)
        if line_ is not None:
            yield self.names[0], line_

    # What a condition comes to

    def _never(self, condition: Condition, node: Node, file: str, *, negated: bool = False) -> bool:
        """Whether a condition never holds; what is found on the way is reported."""
        kind, value = condition.kind, condition.value
        inner = locate(node, (kind,))
        if kind == "not":
            if self._never(value, inner, file, negated=True):
                self._add("SS328", node.place(file))
            return False
        if kind in ("all", "any"):
            children = [(part, locate(inner, (index,))) for index, part in enumerate(value)]
            never = [self._never(part, place, file) for part, place in children]
            if kind == "any":
                return all(never)
            return any(never) or self._check_pairs(list(_literals(children, file)), lines=True)
        return self._leaf(leaf(condition, node, file), negated=negated)

    def _leaf(self, one: Leaf, *, negated: bool = False) -> bool:
        if not one.subject:
            return False
        try:
            if self._always_found(one):
                self._report_always(one)
            elif self._never_found(one):
                if not negated:
                    self._report_never(one)
                return True
        except UnknownError:
            pass
        return False

    def _always_found(self, one: Leaf) -> bool:
        if one.subject == "line":
            if self.ids.get(("line", one.pattern)) in self.seen and not self._in_head(one):
                return False
            return self._in_head(one) and self._for_all_names([], [one.pattern])
        if one.subject == "directory":
            return patterns.search(one.pattern, "/") and self.view.text("directory", [], [one.pattern]) is None
        # Without a branch no pattern is found, so one that takes every branch still asks for something.
        odd = one.value not in _ANY_BRANCH and patterns.search(one.pattern, "")
        return odd and self.view.text("branch", [], [one.pattern]) is None

    def _in_head(self, one: Leaf) -> bool:
        """Whether the bare command has it, which what every line has must be found in."""
        number = self.ids.get(("line", one.pattern))
        line = head(self.names[0])
        return number in self.view.found(self.names[0], line) if number is not None else False

    def _never_found(self, one: Leaf) -> bool:
        if one.subject == "line" and self.ids.get(("line", one.pattern)) in self.seen:
            return False
        text = shortest(one.pattern)
        if one.subject == "line":
            start = head(self.names[0])
            if text is not None and any(patterns.search(one.pattern, line) for line in _lines(start, text)):
                return False
            return self._for_all_names([one.pattern], [])
        if text is not None:
            tries = (text, "a" + text) if one.subject == "branch" else (text, "/" + text)
            fits = [t for t in tries if t.startswith("/") == (one.subject == "directory")]
            if any(patterns.search(one.pattern, t) for t in fits if not _ODD.search(t)):
                return False
        return self.view.text(one.subject, [one.pattern], []) is None

    def _for_all_names(self, required: Sequence[str], forbidden: Sequence[str]) -> bool:
        """Whether no command line of the rule's commands has what is required and not what is forbidden."""
        if len(self.names) > NAMES:
            return False
        return all(self.view.line(name, required, forbidden) is None for name in self.names)

    def _report_always(self, one: Leaf) -> None:
        if patterns.search(one.pattern, ""):
            self._add("SS324", one.place, subject=_SUBJECTS[one.subject])
            return
        everywhere = one.subject != "line" or self.view.line(None, [], [one.pattern]) is None
        why = f"it is found in every {_SUBJECTS[one.subject]}"
        why += "" if everywhere else f" of {self._named()}, which `commands` says"
        self._add("SS325", one.place, why=why, remedy="remove it, or ask for what sets the commands apart")

    def _report_never(self, one: Leaf) -> None:
        if one.subject == "line" and self.names != (None,) and self.view.line(None, [one.pattern], []) is not None:
            self._add("SS327", one.place, names=self._named(), example=_example(self.names[0]))
            return
        remedy = ""
        if one.subject == "directory":
            remedy = "a working directory is absolute: it starts with /, and ends with one only where it is /"
        elif one.subject == "line":
            remedy = "a command line begins with a command's name, without its directory, and has each word quoted"
        self._add("SS326", one.place, why=f"it is found in no {_SUBJECTS[one.subject]}", remedy=remedy)

    def _named(self) -> str:
        return "any command" if self.names == (None,) else " or ".join(f"`{name}`" for name in self.names)

    # What conditions come to together

    def _check_context(self, literals: list[Literal]) -> None:
        if self.source.rule.context != "human_only":
            return
        for one, negated in literals:
            if one.kind in BY_CONDITION and not negated and BY_CONDITION[one.kind].needs_agent(one.value):
                line = locate(self.source.node, ("context",)).line + 1
                self._add("SS329", one.place, other="`context: human_only`", line=line)

    def _check_pairs(self, literals: list[Literal], *, lines: bool) -> bool:
        """Reports literals of one conjunction that exclude each other; whether there are any."""
        before = self.reported
        if len(literals) > 1 and len(literals) <= 32:
            for first, second in combinations(literals, 2):
                try:
                    code = self._excluded(first, second, lines=lines)
                except UnknownError:
                    continue
                if code:
                    self._add(code, second[0].place, other=f"`{first[0].kind}`", line=first[0].node.line + 1)
                    break
        return self.reported > before

    def _excluded(self, first: Literal, second: Literal, *, lines: bool) -> str:
        (one, no_one), (other, no_other) = first, second
        if one.subject and one.subject == other.subject:
            if (no_one and no_other) or (one.subject == "line" and (not lines or one.pattern == other.pattern)):
                return ""  # the same pattern both ways is SS314
            return "SS329" if self._no_text(first, second) else ""
        return _excludes(first, second) or _excludes(second, first)

    def _no_text(self, first: Literal, second: Literal) -> bool:
        required = [one.pattern for one, negated in (first, second) if not negated]
        forbidden = [one.pattern for one, negated in (first, second) if negated]
        if len(required) == 2 and not all(pattern.startswith(("^", "(")) for pattern in required):
            return False  # what may stand anywhere can stand beside the other
        if first[0].subject == "line":
            return self._for_all_names(required, forbidden)
        return self.view.text(first[0].subject, required, forbidden) is None

    def _check_rows(self) -> None:
        """Reports a rule no row of which any command line satisfies."""
        if len(self.found.rows) > ROWS or not self.found.rows:
            return
        try:
            if not all(self._for_all_names(*self.view.line_parts(row)) for row in self.found.rows):
                return
        except UnknownError:
            return
        place = locate(self.source.node, ("conditions",)).place(self.source.file)
        self._add("SS330", place, name=self.source.rule.name, names=self._named())


def _lines(start: str, text: str) -> Iterator[str]:
    if text == start or text.startswith(f"{start} "):
        yield text
    yield f"{start} {text}"


def _literals(children: Sequence[tuple[Condition, Node]], file: str) -> Iterator[Literal]:
    """The leaves among the parts of a conjunction, and those that one `not` stands before."""
    for condition, node in children:
        if condition.kind == "all":
            inner = locate(node, ("all",))
            yield from _literals([(part, locate(inner, (i,))) for i, part in enumerate(condition.value)], file)
        elif condition.kind == "not" and condition.value.kind not in ("all", "any", "not"):
            yield leaf(condition.value, locate(node, ("not",)), file), True
        elif condition.kind not in ("any", "not"):
            yield leaf(condition, node, file), False


def _excludes(first: Literal, second: Literal) -> str:
    (one, negated), (other, other_negated) = first, second
    if one.kind not in BY_CONDITION:  # the rule's `directory`
        return ""
    return BY_CONDITION[one.kind].excludes(one, other, negated=negated, other_negated=other_negated)


def _example(name: Name) -> str:
    shown = "name" if name is None else name if is_glob(name) else shlex.quote(name)
    return f"`{shown} …`"
