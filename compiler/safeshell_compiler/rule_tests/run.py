"""The rules' own tests: each stated command judged by the evaluator against the table that was compiled.

A test is about its rule alone: `match` wants the rule among those that match, whichever of them decides.
"""

from __future__ import annotations

import fnmatch
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from safeshell.command.command_line import block, unblock
from safeshell.command.unwrap import Spelling, StatedWorld, spellings
from safeshell.host.path_resolution import by_names
from safeshell.policy.composition import TOO_DEEP, Judgement, judge_all
from safeshell.policy.decision import Decision
from safeshell.policy.evaluator import evaluate
from safeshell.policy.explain import Candidate, Explanation, explain
from safeshell.policy.facts import UNDECIDED, Fact, FactKey, GivenFacts
from safeshell.policy.file_call import ARGUMENTS, NAME, FileTrace, evaluate_files
from safeshell.policy.table import Table
from safeshell.policy.trace import Trace
from safeshell.policy.units import LoadedTable
from safeshell.text import text
from safeshell_compiler.atoms import KINDS
from safeshell_compiler.findings.report import FindingPlace
from safeshell_compiler.pipeline import Compilation
from safeshell_compiler.reading.rule_model import Case
from safeshell_compiler.reading.tree import locate
from safeshell_compiler.reading.words import split_words
from safeshell_compiler.stages.resolve import PolicyRule


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One example of a rule's `tests`.

    Attributes:
        source: the rule.
        expects: `match` or `no_match`.
        number: its place in that list, from 1.
        case: what it states.
        place: where it stands.
    """

    source: PolicyRule
    expects: str
    number: int
    case: Case
    place: FindingPlace

    @property
    def rule(self) -> str:
        """The rule's name."""
        return self.source.rule.name

    @property
    def name(self) -> str:
        """What tells it from the rule's other tests."""
        return f"{self.expects}[{self.number}]"

    @property
    def context(self) -> str:
        """Who asks: as stated, else whom the rule is for."""
        agent = any(kind.given(self.case).get(("ai",)) for kind in KINDS.values())
        return self.case.context or ("ai" if agent or self.source.rule.context == "ai_only" else "human")


MATCHED = ("decides", "matched", "observed")
"""The outcomes of rows that made their rule match."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a test failed.

    Attributes:
        reason: one line.
        explanation: of the evaluation, as far as the rule itself goes.
    """

    reason: str
    explanation: Explanation

    @property
    def telling(self) -> tuple[Candidate, ...]:
        """The rows that made it fail: those that matched, or where none did, all."""
        candidates = self.explanation.candidates
        return tuple(row for row in candidates if row.outcome in MATCHED) or candidates


@dataclass(frozen=True, slots=True)
class Outcome:
    """A test that was run.

    Attributes:
        test: what was run.
        failure: why it failed, None where it passed.
        seconds: how long it took.
    """

    test: RuleTest
    failure: Failure | None
    seconds: float


class StatedFacts(GivenFacts):
    """The world as a test states it; the files it names exist, and the directories above them."""

    __slots__ = ("_directory", "_files")

    def __init__(self, test: RuleTest, spelling: Spelling) -> None:
        case = test.case
        directory = None if spelling.directory is None else text(spelling.directory)
        given: dict[FactKey, Fact] = {
            ("ai",): test.context == "ai",
            ("directory",): UNDECIDED if directory is None else directory,
            ("branch",): case.branch,
            ("in_repo",): case.branch is not None,
        }
        for kind in KINDS.values():
            given.update(kind.given(case))
        for entry in reversed(unblock(spelling.environment[1:])):
            variable, _, value = text(entry).partition("=")
            given["env", variable] = value
        super().__init__(given)
        self._directory = case.cwd  # which the test's files are relative to
        self._files: set[str] = set()
        for path in case.files:
            self._add(path)
        self._directory = directory or ""

    def read(self, key: FactKey) -> Fact:
        """The fact as stated."""
        if key[0] != "file":
            return super().read(key)
        if not self._directory and not key[1].startswith("/"):
            return UNDECIDED
        return self._absolute(key[1]) in self._files

    def _home(self) -> str | None:
        # The environment is empty, yet `~` in a rule should mean what it means in the test's own command.
        return super()._home() or os.path.expanduser("~")

    def _add(self, path: str) -> None:
        absolute = self._absolute(path)
        while absolute not in self._files:
            self._files.add(absolute)
            absolute = os.path.dirname(absolute)

    def _absolute(self, path: str) -> str:
        return by_names(self._directory or "/", path)


def collect(compilation: Compilation) -> list[RuleTest]:
    """All tests of a compilation's rules, file by file, in order."""
    tests = []
    for source in compilation.policy.rules:
        cases = source.rule.tests
        for expects, members in (("match", cases.match), ("no_match", cases.no_match)):
            for index, case in enumerate(members):
                place = locate(source.node, ("tests", expects, index)).place(source.file)
                tests.append(RuleTest(source, expects, index + 1, case, place))
    return tests


def run(compilation: Compilation, tests: list[RuleTest]) -> Iterator[Outcome]:
    """Runs tests against the table of their compilation, which has no errors; one outcome at a time."""
    assert compilation.table is not None
    table = LoadedTable(Table(compilation.table, compilation.policy.root))
    home = os.path.expanduser("~")
    for test in tests:
        started = time.perf_counter()
        command = test.case.command
        failure = _judge_files(table, test) if command is None else _judge(table, test, split_words(command, home))
        yield Outcome(test, failure, time.perf_counter() - started)


def _judge(table: LoadedTable, test: RuleTest, words: list[str]) -> Failure | None:
    case = test.case
    found = spellings(
        words[0].rpartition("/")[2] if words else "",
        block([word.encode() for word in words]),
        b"\0" + block([f"{variable}={value}".encode() for variable, value in case.env.items()]),
        case.cwd.encode(),
        StatedWorld(),
    )
    judgement = judge_all(
        found,
        lambda spelling: StatedFacts(test, spelling),
        lambda spelling, facts: evaluate([table], spelling.name, spelling.arguments, facts, full=True),
    )
    decision = judgement.decision
    if decision.rule not in _FAILURES and _matches(decision, table, test) is (test.expects == "match"):
        return None
    # Only a failure is worth a trace; the stated facts are the same, so the evaluation is.
    told = _telling(found, judgement, table, test)
    facts = StatedFacts(test, told)
    trace = Trace(facts)
    traced = evaluate([table], told.name, told.arguments, facts, full=True, judge=trace)
    explanation = explain(trace, traced, told.name, only=(test.rule, _place(table, test)))
    return Failure(_reason(test, decision, found[0].name, known=bool(explanation.candidates)), explanation)


def _judge_files(table: LoadedTable, test: RuleTest) -> Failure | None:
    case = test.case
    environment = b"\0" + block([f"{variable}={value}".encode() for variable, value in case.env.items()])
    facts = StatedFacts(test, Spelling(NAME, ARGUMENTS, environment, case.cwd.encode()))
    trace = FileTrace(facts)
    decision = evaluate_files([table], case.shown, facts, trace=trace)
    if decision.rule not in _FAILURES and _matches(decision, table, test) is (test.expects == "match"):
        return None
    explanation = explain(trace, decision, NAME, only=(test.rule, _place(table, test)))
    if test.source.rule.commands is None:
        reason = _reason(test, decision, NAME, known=True)
    else:
        reason = "it does not match, and should: a file tool is none of its commands"
    return Failure(reason, explanation)


def _telling(found: list[Spelling], judgement: Judgement, table: LoadedTable, test: RuleTest) -> Spelling:
    """The spelling that explains a failure: one that the rule matched, else the last that it is about."""
    for spelling, decision in zip(found, judgement.decisions, strict=False):  # a failure may stand behind the last
        if _matches(decision, table, test):
            return spelling
    commands = test.source.rule.commands
    about = [one for one in found if commands is None or any(fnmatch.fnmatchcase(one.name, glob) for glob in commands)]
    return about[-1] if about else found[0]


_FAILURES = ("engine-failure", TOO_DEEP)


def _place(table: LoadedTable, test: RuleTest) -> str:
    """Where the table says that the test's rule stands; names are unique within a file, so this tells rules apart."""
    return table.table.place({"file": test.source.label, "line": test.source.place.line})


def _matches(decision: Decision, table: LoadedTable, test: RuleTest) -> bool:
    found = {(match.rule, match.source) for match in decision.matched + decision.observed}
    return (test.rule, _place(table, test)) in found


def _reason(test: RuleTest, decision: Decision, name: str, *, known: bool) -> str:
    if decision.rule in _FAILURES:
        return decision.message
    if test.expects == "no_match":
        return "it matches, and should not"
    if known:
        return "it does not match, and should"
    if test.source.rule.commands is None:
        return "it does not match, and should: none of its conditions can hold"
    return f"it does not match, and should: {name!r} is not among its commands"
