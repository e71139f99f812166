"""Makefiles: which recipes a run of make has a shell run, and what its variables make of them.

Recipes count that the goals come to; of a makefile that stands in a line those whose targets aren't known, too. Each
arm of a conditional counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from safeshell.shell.script_files import ScriptFile
from safeshell.shell.syntax.reader import nothing
from safeshell.shell.words import Literal, Part, Unknown, Word

NEST_MAX = 16
"""Variables in one another."""

GOALS_MAX = 1024
"""Targets that making something comes to."""

PATTERNS_MAX = 64
"""Targets with `%` that are looked through for what a target is made by."""

_LINES = re.compile(r"(?:[^\n\\]|\\.|\\\Z)*\n?", re.DOTALL)
_COMMENT = re.compile(r"(?<!\\)#.*", re.DOTALL)
_ASSIGNED = re.compile(
    r"\s*(?:(?:export|override|private)\s+)*([^\s:#=!?+]+)\s*(:{0,3}=|!=|\?=|\+=)[ \t]*(.*)", re.DOTALL
)
_DEFINED = re.compile(r"\s*(?:(?:export|override)\s+)*define\s+(\S+?)\s*(?:[:?+!]?=)?\s*\n?")
_CONDITION = re.compile(r"\s*(?:(if(?:n?eq|n?def))|endif)\b")
_RULE = re.compile(r"([^:=\t][^:=]*):{1,2}(?!=)([^;]*)(?:;(.*))?", re.DOTALL)
_INCLUDED = re.compile(r"\s*[-s]?include\s+(.*)", re.DOTALL)
_REFERENCE = re.compile(r"\$(?:\$|\((?P<round>)|\{(?P<curly>)|(?P<one>.)|\Z)", re.DOTALL)
_AUTOMATIC = "@<^+*%?|"
_DEFAULTS = {"MAKE": "make", "RM": "rm -f", "CC": "cc", "CXX": "g++", "AR": "ar", "SHELL": "/bin/sh"}
"""Variables that make gives a value of its own."""


class Line(NamedTuple):
    """A line of a makefile, or what becomes of several.

    Attributes:
        text: it, as make expands it.
        place: where it stands, as `FILE:LINE`; "" where that isn't a file.
    """

    text: str
    place: str = ""


@dataclass(slots=True)
class Rule:
    """A rule.

    Attributes:
        targets: as they are written.
        needs: likewise, what they are made from.
        recipe: the commands, each a text that make expands before a shell reads it.
    """

    targets: str
    needs: str
    recipe: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Makefile:
    """What a makefile says.

    Attributes:
        rules: in order.
        variables: by name, not expanded; None for one that only the run can tell.
        texts: what is expanded when it is read, whatever is made.
        shells: shell texts whose output it reads (`!=`).
        given: variables that the command line has set; nothing in the makefile changes those.
        conditions: how many conditionals are around the line that is read.
        certain: whether only recipes count that are certainly those of a goal.
        other: reads a file that it includes.
        place: the line that is read: its file, "" where that is none, and its number.
        depth: how many files are around it that include it.
        check: raises once it took too long.
    """

    rules: list[Rule] = field(default_factory=list)
    variables: dict[str, str | None] = field(default_factory=lambda: dict(_DEFAULTS))
    texts: list[Line] = field(default_factory=list)
    shells: list[Line] = field(default_factory=list)
    given: frozenset[str] = frozenset()
    conditions: int = 0
    certain: bool = False
    other: Callable[[str], ScriptFile | None] | None = None
    place: tuple[str, int] = ("", 0)
    depth: int = 0
    check: Callable[[], None] = nothing

    def read(self, text: str, file: str = "") -> None:
        """Takes in a text.

        Args:
            text: it.
            file: the file that it stands in, as people are told; "" where it is none.
        """
        outer, self.place = self.place, (file, 1)
        lines = [found[0] for found in _LINES.finditer(text) if found[0]]
        defining: list[str] | None = None
        for line in lines:
            self.check()
            if defining is not None:
                if line.strip() == "endef":
                    self.variables[defining[0]] = "".join(defining[1:]).removesuffix("\n")
                    defining = None
                else:
                    defining.append(line)
            elif found := _DEFINED.match(line):
                defining = [found[1]]
            elif line.startswith("\t") and self.rules:
                self.rules[-1].recipe.append(self._placed(line[1:].removesuffix("\n").replace("\\\n\t", "\\\n")))
            else:
                self._line(_COMMENT.sub("", _joined(line)).strip("\n"))
            self.place = self.place[0], self.place[1] + line.count("\n")
        self.place = outer

    def _placed(self, text: str) -> Line:
        file, number = self.place
        return Line(text, f"{file}:{number}" if file else "")

    def _line(self, line: str) -> None:
        self.texts.append(self._placed(line))
        condition = _CONDITION.match(line)
        if condition is not None:
            self.conditions += 1 if condition[1] is not None else -1
            return
        assigned = _ASSIGNED.fullmatch(line)
        if assigned is not None:
            self.assign(*assigned.groups())
            return
        included = _INCLUDED.fullmatch(line)
        if included is not None:
            self._include(included[1])
            return
        rule = _RULE.fullmatch(line)
        if rule is None:
            return
        own = _ASSIGNED.fullmatch(rule[2])
        if own is not None:
            self.assign(*own.groups())  # whichever target's it is
            return
        self.rules.append(Rule(rule[1], rule[2], [] if rule[3] is None else [self._placed(rule[3].strip())]))

    def _include(self, text: str) -> None:
        other = self.other
        if other is None or self.depth >= NEST_MAX:
            return
        for name in [name for word in text.split() for name in self.words(word) or ()]:
            file = other(name)
            if file is not None:
                self.depth += 1
                self.read(file.text, file.shown)
                self.depth -= 1

    def assign(self, name: str, operator: str, value: str, *, given: bool = False) -> None:
        """Sets a variable.

        Args:
            name: its name.
            operator: what stands between.
            value: what stands behind.
            given: the command line does it.
        """
        if name in self.given:
            return
        if given:
            self.given |= {name}
        if operator == "!=":
            self.shells.append(self._placed(value))
            self.variables[name] = None
        elif operator == "+=":
            before = self.variables.get(name, "")
            self.variables[name] = None if before is None else f"{before} {value}".strip()
        elif operator != "?=" or name not in self.variables:
            sure = not self.conditions or self.variables.get(name, value) == value
            self.variables[name] = value if sure else None

    def made(self, goals: Sequence[str]) -> Iterator[tuple[Rule, str]]:
        """The rules that making goals comes to, each with its target, or "" where that isn't known.

        Args:
            goals: the targets that are asked for; with none, the first one is.
        """
        names = [self.words(rule.targets) for rule in self.rules]
        waiting = list(goals) or next(
            ([name] for one in names for name in one or () if not name.startswith(".") or "/" in name), []
        )
        named: dict[str, list[Rule]] = {}
        patterns: list[tuple[str, Rule]] = []
        for rule, targets in zip(self.rules, names, strict=True):
            for name in targets or ():
                named.setdefault(name, []).append(rule)
                if self.certain and "%" in name and len(patterns) < PATTERNS_MAX:
                    patterns.append((name, rule))
        made: dict[int, list[str]] = {}
        reached: set[str] = set()
        while waiting and len(reached) < GOALS_MAX:
            goal = waiting.pop()
            if goal in reached:
                continue
            self.check()
            reached.add(goal)
            fits = [(rule, "%") for rule in named.get(goal, ())]
            fits += [(rule, stem) for pattern, rule in patterns if (stem := _stem(pattern, goal))]
            for rule, stem in fits:
                made.setdefault(id(rule), []).append(goal)
                waiting += [need.replace("%", stem, 1) for need in self.words(rule.needs) or ()]
        for rule, targets in zip(self.rules, names, strict=True):
            if not self.certain and (targets is None or any("%" in name or name.startswith(".") for name in targets)):
                yield rule, ""
            else:
                yield from [(rule, name) for name in sorted(made.get(id(rule), ()))]

    def words(self, text: str) -> list[str] | None:
        """The words that a text becomes; None where only the run can tell."""
        found = Word(tuple(self.expanded(text, {}))).literal
        return None if found is None else found.replace("|", " ").split()

    # Expansion

    def expanded(self, text: str, automatic: Mapping[str, str], depth: int = 0) -> Iterator[Part]:
        """A text as make hands it on.

        Args:
            text: it.
            automatic: what `$@` and its kin are, by the character.
            depth: how many variables are around it.

        Returns:
            Its parts: an unknown one is an expansion that a shell may still know, of make's functions a name.
        """
        self.check()
        at = 0
        while (found := _REFERENCE.search(text, at)) is not None:
            if found.start() > at:
                yield Literal(text[at : found.start()], quoted=True)
            at = found.end()
            if found[0] == "$$":
                yield Literal("$", quoted=True)
            elif found["one"] is not None:
                yield from self._variable(found["one"], automatic, depth)
            elif found[0] != "$":
                end = closing(text, at, "()" if found["round"] is not None else "{}")
                yield from self._variable(text[at:end], automatic, depth)
                at = end + 1
        if at < len(text):
            yield Literal(text[at:], quoted=True)

    def _variable(self, name: str, automatic: Mapping[str, str], depth: int) -> Iterator[Part]:
        value = automatic.get(name) if name in _AUTOMATIC else self.variables.get(name)
        if value is not None and depth < NEST_MAX:
            yield from self.expanded(value, automatic, depth + 1)
        else:
            plain = re.match(r"\w+", name)
            known = plain is not None and plain[0] == name and name not in self.variables
            shown = name if known else f"make_{plain[0] if plain is not None else 'target'}"
            yield Unknown(f"${{{shown}}}", quoted=False, why="make works it out")


def _stem(pattern: str, goal: str) -> str:
    """What `%` of a target stands for where a goal fits it; "" where it doesn't, or where there is none."""
    before, percent, behind = pattern.partition("%")
    fits = percent and len(goal) > len(pattern) - 1 and goal.startswith(before) and goal.endswith(behind)
    return goal[len(before) : len(goal) - len(behind)] if fits else ""


def _joined(line: str) -> str:
    """A line with those that continue it, a blank in the place of each break and the blanks around it."""
    if "\\\n" not in line:
        return line
    first, *middle, last = line.split("\\\n")
    return " ".join([first.rstrip(" \t"), *[part.strip(" \t") for part in middle], last.lstrip(" \t")])


def shell_calls(text: str) -> Iterator[str]:
    """What `$(shell …)` in a text runs, as make expands it."""
    for found in re.finditer(r"\$([({])shell\s+", text):
        yield text[found.end() : closing(text, found.end(), "()" if found[1] == "(" else "{}")]


def closing(text: str, at: int, pair: str) -> int:
    """Where the bracket of a pair closes that was opened before an offset; the end of the text where it doesn't."""
    depth = 1
    for index in range(at, len(text)):
        depth += (text[index] == pair[0]) - (text[index] == pair[1])
        if depth == 0:
            return index
    return len(text)
