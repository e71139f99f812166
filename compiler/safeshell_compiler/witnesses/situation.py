"""Situations made from atoms: a command and the world around it in which some atoms hold and others don't."""

from __future__ import annotations

import fnmatch
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from safeshell.command.command_line import block
from safeshell.command.names import is_glob
from safeshell.command.options import Parsed
from safeshell.policy import patterns
from safeshell.policy.facts import Fact, FactKey, GivenFacts
from safeshell_compiler.atoms import KINDS
from safeshell_compiler.stages.lower import Atom
from safeshell_compiler.witnesses.argument_words import HOME, is_of_arguments, line_patterns, read
from safeshell_compiler.witnesses.generate import Budget, Language, generate
from safeshell_compiler.witnesses.languages import Branches, CommandLines, Directories

Literal = tuple[Atom, bool]
"""An atom as docs/table.md lists them, or `("command", basename or glob)` for the dispatch, and whether it holds."""

Literals = frozenset[Literal]


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision can depend on; what is not said has the defaults of a rule's `tests`.

    Attributes:
        line: the command line as patterns see it.
        directory: the working directory.
        branch: the branch, or None.
        in_repo: whether the directory is inside a work tree.
        env: variables and values, by name.
        files: paths that exist, as conditions name them, sorted.
        ai: whether an agent asks.
        more: facts of other kinds that are not as they are where nothing is said, by key.
    """

    line: str
    directory: str = "/"
    branch: str | None = None
    in_repo: bool = False
    env: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()
    ai: bool = False
    more: tuple[tuple[FactKey, Fact], ...] = ()

    @property
    def argv(self) -> tuple[str, ...]:
        """The command, argument by argument."""
        return tuple(shlex.split(self.line))

    @property
    def name(self) -> str:
        """The basename of the program."""
        return self.argv[0]

    @property
    def arguments(self) -> bytes:
        """The argument block."""
        return block([argument.encode() for argument in self.argv])

    @property
    def facts(self) -> GivenFacts:
        """The world, as the evaluator reads it."""
        given: dict[FactKey, Fact] = {
            ("directory",): self.directory,
            ("branch",): self.branch,
            ("in_repo",): self.in_repo,
            ("ai",): self.ai,
        }
        given.update({("env", name): value for name, value in self.env})
        given.update({("file", path): True for path in self.files})
        given.update(self.more)
        return GivenFacts(given)

    def parsed(self, taken: Iterable[str], valued: Iterable[str] = ()) -> Parsed:
        """The arguments as the evaluator reads them; `taken` and `valued` as `grammar_for` has them."""
        return read(self.argv, taken, valued)

    @property
    def simplicity(self) -> tuple[int, int, str]:
        """Orders situations, the one that is the quickest to read first."""
        said = (self.directory != "/") + (self.branch is not None) + (self.in_repo and self.branch is None) + self.ai
        length = len(f"{self.line}{self.directory}{self.branch or ''}")
        return (said + len(self.env) + len(self.files) + len(self.more), length, self.line)

    def to_json(self) -> dict[str, Any]:
        """The keys of a rule's test case, and `argv` and `in_git_repo`."""
        return {
            "command": self.line,
            "argv": list(self.argv),
            "cwd": self.directory,
            "branch": self.branch,
            "in_git_repo": self.in_repo,
            "env": dict(self.env),
            "files": list(self.files),
            "context": "ai" if self.ai else "human",
            **{" ".join(key): value for key, value in self.more},
        }


def holds(literal: Literal, situation: Situation) -> bool:
    """Whether an atom is as the literal says, asked of RE2 itself."""
    (kind, *arguments), wanted = literal
    return _truth(kind, arguments, situation) is wanted


def _truth(kind: str, arguments: list[Any], situation: Situation) -> Fact:
    if kind == "command":
        return fnmatch.fnmatchcase(situation.name, arguments[0]) or situation.name == arguments[0]
    return KINDS[kind].truth(arguments, situation)


def solve(literals: Literals, budget: Budget) -> Situation | None:
    """A situation in which all of the literals hold.

    Args:
        literals: what must hold.
        budget: is drawn on; `exact` is cleared where None does not mean that there is none.
    """
    if any((atom, not wanted) in literals for atom, wanted in literals):
        return None
    facts = _facts(literals)
    if facts is None:
        return None
    env = tuple(sorted((key[1], str(value)) for key, value in facts.items() if key[0] == "env"))
    line = _line(literals, dict(env).get("HOME", HOME), budget)
    if line is None and any(is_of_arguments(atom) for atom, _ in literals):
        budget.exact = False  # words for them are tried, not searched for
    directory = None if line is None else _subject(literals, "directory", Directories(), budget)
    if line is None or directory is None:
        return None
    branch = None
    if any(wanted and _pattern("branch", atom) is not None for atom, wanted in literals):
        branch = _subject(literals, "branch", Branches(), budget)
        if branch is None:
            return None
    made = Situation(
        line,
        directory,
        branch,
        bool(facts.get(("in_repo",), branch is not None)),
        env,
        tuple(sorted(key[1] for key in facts if key[0] == "file")),
        bool(facts.get(("ai",), False)),
        tuple((key, value) for key, value in facts.items() if key[0] not in ("ai", "env", "file", "in_repo")),
    )
    if all(holds(literal, made) for literal in literals):
        return made
    budget.exact = False  # a pattern was left aside, or RE2 reads it otherwise
    return None


def _facts(literals: Literals) -> dict[FactKey, Fact] | None:
    """The facts that must be stated, or None where one would need two values."""
    facts: dict[FactKey, Fact] = {}
    home = False
    for kind in KINDS.values():
        required, forbidden = (
            [atom[1:] for atom, wanted in sorted(literals, key=repr) if atom[0] == kind.kind and wanted is side]
            for side in (True, False)
        )
        found = kind.facts(required, forbidden)
        if found is None or any(facts.setdefault(key, value) != value for key, value in found.items()):
            return None
        home = home or any(kind.needs_home(arguments) for arguments in (*required, *forbidden))  # else it is undecided
    if home:
        facts.setdefault(("env", "HOME"), HOME)
    return facts


def _line(literals: Literals, home: str, budget: Budget) -> str | None:
    keys = [(atom[1], wanted) for atom, wanted in sorted(literals) if atom[0] == "command"]
    names = {key for key, wanted in keys if wanted and not is_glob(key)}
    if len(names) > 1:
        return None
    required, forbidden = _patterns(literals, "line")
    name = next(iter(names), "")
    words = line_patterns(literals, name, home, budget)
    if words is None:
        return None
    required += words[0]
    forbidden += words[1]
    for key, wanted in keys:
        if name:
            if (fnmatch.fnmatchcase(name, key) or name == key) is not wanted:
                return None
        else:
            (required if wanted else forbidden).append(_name_pattern(key))
    if name:
        return generate(CommandLines(shlex.quote(name)), required, forbidden, budget)
    common = generate(CommandLines(), required, forbidden, budget)
    return generate(CommandLines(plain=False), required, forbidden, budget) if common is None else common


def _subject(literals: Literals, subject: str, language: Language, budget: Budget) -> str | None:
    return generate(language, *_patterns(literals, subject), budget)


def _patterns(literals: Iterable[Literal], subject: str) -> tuple[list[str], list[str]]:
    """What must be found and what must not, sorted."""
    sides: tuple[list[str], list[str]] = ([], [])
    for atom, wanted in sorted(literals, key=repr):
        pattern = _pattern(subject, atom)
        if pattern is not None:
            sides[not wanted].append(pattern)
    return sides


def _pattern(subject: str, atom: Atom) -> str | None:
    """The pattern that an atom asks for in a subject."""
    return None if atom[0] == "command" else KINDS[atom[0]].pattern(subject, atom[1:])


def _name_pattern(key: str) -> str:
    """The pattern of command lines whose first word is this name or matches this glob."""
    if not is_glob(key):
        return f"^{patterns.quote(shlex.quote(key))}(?:\\x20|$)"
    plain, quoted = (_glob_pattern(key, any_char) for any_char in ("[^\\x20']", "[^']"))
    return f"^(?:{plain}|'{quoted}')(?:\\x20|$)"


def _glob_pattern(key: str, any_char: str) -> str:
    made = []
    at = 0
    while at < len(key):
        char = key[at]
        end = key.find("]", at + (3 if key[at + 1 : at + 2] == "!" else 2)) if char == "[" else -1
        if char in "*?":
            made.append(f"{any_char}*" if char == "*" else any_char)
        elif end > 0:
            inner = key[at + 1 : end].replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
            made.append(f"[{'^' + inner[1:] if inner.startswith('!') else inner}]")
            at = end
        else:
            made.append(patterns.quote(char))
        at += 1
    return "".join(made)
