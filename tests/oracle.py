"""The naive evaluator: what the contract says, a rule and a condition at a time, with none of the table's speed.

`tests/policy/test_equivalence.py` holds the table to it.
"""

from __future__ import annotations

import fnmatch
import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from safeshell_compiler import PolicyRule, ResolvedPolicy
from safeshell_compiler.reading.rule_model import PRECEDENCE, Condition

from safeshell.command.command_line import block, command_line
from safeshell.command.getopt import Grammar
from safeshell.command.options import Parsed, grammar_for, parse
from safeshell.command.programs.grammars import grammar
from safeshell.command.showing import showing
from safeshell.policy import patterns
from safeshell.policy.facts import UNDECIDED

Truth = bool | None
"""None is undecided."""


@dataclass(frozen=True)
class Situation:
    """All that a decision can depend on. Facts that can't be read are UNDECIDED; a file not listed does not exist."""

    argv: tuple[str, ...]
    directory: Any = "/"
    branch: Any = None
    in_repo: Any = False
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Any] = field(default_factory=dict)
    context: str = "human"
    agent: str | None = None
    """The name; None for a person, and for an agent without a name."""
    places: Mapping[str, Any] = field(default_factory=dict)
    """Where paths lead; one that is not listed leads where its names say."""

    @property
    def name(self) -> str:
        """The basename of the file executed."""
        return self.argv[0].rpartition("/")[2]

    @property
    def arguments(self) -> bytes:
        """The argument block."""
        return block([argument.encode() for argument in self.argv])


def decide(policy: ResolvedPolicy, situation: Situation) -> tuple[str, str, int]:
    """The decision: action, the rule's name (or ""), and the shortest timeout in ms of the rules that match (or 0)."""
    matching = [rule for rule in policy.rules if matches(rule, situation) and not rule.rule.observe]
    if not matching:
        return "allow", "", 0
    winner = min(matching, key=lambda rule: PRECEDENCE.index(rule.rule.action))  # min keeps the first of equals
    timeouts = [int(rule.rule.timeout.removesuffix("ms")) for rule in matching if rule.rule.timeout]
    return winner.rule.action, winner.rule.name, min(timeouts, default=0)


def matches(source: PolicyRule, situation: Situation) -> bool:
    """Whether the rule counts as matching: it holds, or it restricts and can't be told not to.

    Of a command that only shows one that restricts counts where it asks about that: by an alternative that wouldn't
    hold if the command didn't say so.
    """
    if not counts(source, situation):
        return False
    blank = without_saying_so(situation) if source.restricts else None
    if blank is None:
        return True
    others = whole(source, blank)
    rows = zip(alternatives(whole(source, situation)), alternatives(others), strict=True)
    return any(every(row) is not False and every(other) is False for row, other in rows)


def counts(source: PolicyRule, situation: Situation) -> bool:
    """Whether the rule counts as matching, whatever the command only shows."""
    rule = source.rule
    if rule.commands is not None and not any(fnmatch.fnmatchcase(situation.name, glob) for glob in rule.commands):
        return False
    taken = rule.takes_argument or ()
    truths = [holds(condition, situation, taken) for condition in rule.conditions or ()]
    truths.append(rule.context == "all" or (rule.context == "ai_only") == (situation.context == "ai"))
    if rule.directory is not None:
        truths.append(found(f"^(?:{rule.directory})", situation.directory))
    truths += [negate(every(holds(part, situation, taken) for part in exempt.conditions)) for exempt in source.unless]
    truth = every(truths)
    return source.restricts if truth is None else truth


def without_saying_so(situation: Situation) -> Situation | None:
    """The situation of a command that only shows, with what says so made a word that means nothing; else None."""
    record = grammar(situation.name)
    found = showing(situation.argv[1:], Grammar() if record is None else Grammar.read(record))
    if found is None or (found.permuted and {"POSIXLY_CORRECT", "POSIX_ME_HARDER"} & situation.env.keys()):
        return None
    return replace(situation, argv=(situation.argv[0], *found.blanked))


Tree = Truth | tuple[str, list["Tree"]]
"""A formula with the truths of its leaves: a truth, or `all` or `any` of some."""


def whole(source: PolicyRule, situation: Situation) -> Tree:
    """A rule's conditions, all of them, with their truths."""
    rule = source.rule
    taken = rule.takes_argument or ()
    parts = [truths(condition, situation, taken) for condition in rule.conditions or ()]
    parts.append(rule.context == "all" or (rule.context == "ai_only") == (situation.context == "ai"))
    if rule.directory is not None:
        parts.append(found(f"^(?:{rule.directory})", situation.directory))
    parts += [
        ("any", [truths(part, situation, taken, negated=True) for part in exempt.conditions])
        for exempt in source.unless
    ]
    return "all", parts


def truths(condition: Condition, situation: Situation, taken: Sequence[str], *, negated: bool = False) -> Tree:
    """A condition with the truths of its leaves, negations carried down to them."""
    if condition.kind == "not":
        return truths(condition.value, situation, taken, negated=not negated)
    if condition.kind in ("all", "any"):
        parts = [truths(part, situation, taken, negated=negated) for part in condition.value]
        return (condition.kind if not negated else {"all": "any", "any": "all"}[condition.kind]), parts
    truth = holds(condition, situation, taken)
    return negate(truth) if negated else truth


def alternatives(tree: Tree) -> list[list[Truth]]:
    """The ways in which a formula may hold: of each `any` one part."""
    if not isinstance(tree, tuple):
        return [[tree]]
    kind, parts = tree
    made = [alternatives(part) for part in parts]
    if kind == "any":
        return [row for part in made for row in part]
    return [[truth for row in rows for truth in row] for rows in itertools.product(*made)]


def holds(condition: Condition, situation: Situation, taken: Sequence[str] = ()) -> Truth:
    """A condition in strong Kleene logic; `taken` are the options that the rule says take an argument."""
    value = condition.value
    line = command_line(situation.arguments, situation.name)
    match condition.kind:
        case "all":
            return every(holds(part, situation, taken) for part in value)
        case "any":
            return negate(every(negate(holds(part, situation, taken)) for part in value))
        case "not":
            return negate(holds(value, situation, taken))
        case "command_matches":
            return patterns.search(value, line)
        case "command_contains":
            return str(value) in line
        case "command_startswith":
            return line.startswith(str(value))
        case "git_branch_in":
            return None if situation.branch is UNDECIDED else bool(situation.branch in value)
        case "git_branch_matches":
            return found(value, situation.branch)
        case "in_git_repo":
            return None if situation.in_repo is UNDECIDED else bool(situation.in_repo == value)
        case "path_matches":
            return found(value, situation.directory)
        case "file_exists":
            there = situation.files.get(value, False)
            return None if there is UNDECIDED else bool(there)
        case "env_equals":
            return bool(situation.env.get(value.variable) == value.value)
        case "agent_in":
            return (situation.agent or ("unknown" if situation.context == "ai" else None)) in value
        case "option":
            return read(situation, taken).has(value)
        case "option_value":
            record = grammar(situation.name)
            known = {} if record is None else {situation.name: record}
            values = parse(situation.argv[1:], grammar_for(known, situation.name, taken, value.option)).values
            return any(option in value.option and patterns.search(value.matches, given) for option, given in values)
        case "operand_matches":
            return any(patterns.search(value, operand) for operand in read(situation, taken).operands)
        case "operand_under":
            named = [operand for operand in read(situation, taken).operands if operand]
            return negate(every(negate(under(operand, path, situation)) for operand in named for path in value))
    raise AssertionError(condition.kind)


def read(situation: Situation, taken: Sequence[str]) -> Parsed:
    """The command's arguments, each time anew."""
    record = grammar(situation.name)
    return parse(situation.argv[1:], (Grammar() if record is None else Grammar.read(record)).taking(taken))


def under(operand: str, path: str, situation: Situation) -> Truth:
    """Whether an operand lies under a path of a rule."""
    home = situation.env.get("HOME", "")
    if path == "~" or path.startswith("~/"):
        path = home + path[1:] if home.startswith("/") else ""
    top, where = (place(one, situation) if one else None for one in (path, operand))
    if top is None or where is None:
        return None
    return PurePosixPath(where).is_relative_to(top)


def place(path: str, situation: Situation) -> str | None:
    """Where a path leads; None where that is undecided."""
    if path in situation.places:
        stated = situation.places[path]
        return None if stated is UNDECIDED else str(stated)
    if situation.directory is UNDECIDED and not path.startswith("/"):
        return None
    joined = os.path.join(str(situation.directory), path)
    return "/" + os.path.normpath(joined).lstrip("/")


def found(pattern: str, subject: Any) -> Truth:
    """Whether a pattern is found in a text that may be absent or undecided."""
    return None if subject is UNDECIDED else subject is not None and patterns.search(pattern, subject)


def every(truths: Iterable[Truth]) -> Truth:
    """Kleene's conjunction."""
    seen = set(truths)
    return False if False in seen else None if None in seen else True


def negate(truth: Truth) -> Truth:
    """Kleene's negation."""
    return None if truth is None else not truth
