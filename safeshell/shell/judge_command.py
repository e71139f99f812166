"""Judge of one command of a line: the daemon's own evaluator, with what only the run can tell left open."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from safeshell.command.command_line import block, command_line, unblock
from safeshell.command.unwrap import UNWRAPPED, Spelling, spellings
from safeshell.policy.composition import judge_all
from safeshell.policy.context import Context
from safeshell.policy.decision import Action, Decision
from safeshell.policy.evaluator import LoadedTable, evaluate
from safeshell.policy.facts import UNDECIDED, Fact, FactKey, RequestFacts
from safeshell.shell.builtins import BUILTINS
from safeshell.shell.encoding import encode
from safeshell.shell.hiding import hiding, words_of
from safeshell.shell.possible import Certain, Possible
from safeshell.shell.syntax.tree import Dialect
from safeshell.shell.walked import LineCommand
from safeshell.shell.words import Word
from safeshell.text import text


@dataclass(frozen=True, slots=True)
class LineCaller:
    """Whose line it is, and what it is judged by.

    Attributes:
        tables: in order of precedence.
        environment: the caller's.
        directory: where the line runs, absolute.
        context: tells `ai` from `human`.
        shimmed: whether a command of this name has a shim on the caller's PATH; None for a caller without shims.
        stated: facts that are given in place of those of the caller's directory.
        tables_of: what a command is judged by that runs in another directory, or is about one; None: `tables` too.
        shell: the shell that reads the line.
    """

    tables: Sequence[LoadedTable]
    environment: Mapping[str, str]
    directory: str
    context: Context
    shimmed: Callable[[str], bool] | None
    stated: Mapping[FactKey, Fact] = dataclasses.field(default_factory=dict)
    tables_of: Callable[[Spelling], Sequence[LoadedTable]] | None = None
    shell: Dialect = Dialect.BASH

    @property
    def is_ai(self) -> bool:
        """Whether an agent asks."""
        return self.context.is_ai(_block(self.environment))

    @property
    def digests(self) -> tuple[str, ...]:
        """Those of the tables."""
        return tuple([loaded.table.digest for loaded in self.tables])


@dataclass(frozen=True, slots=True)
class Judged:
    """A command of a line and what is decided for it.

    Attributes:
        decision: its decision; `subject` is the command line as far as it is known.
        place: the offsets, in bytes, of the command that it belongs to.
        deferred: whether a shim judges what only the run can tell.
    """

    decision: Decision
    place: tuple[int, int]
    deferred: bool = False

    def to_json(self) -> dict[str, Any]:
        """As an entry of `commands` in `check -c --json`."""
        found = self.decision
        return {
            "decision": found.action.word,
            "rule": found.rule or None,
            "source": found.source or None,
            "subject": found.subject,
            "place": list(self.place),
            "deferred": self.deferred,
        }


class Hidden(NamedTuple):
    """A command that runs others, as git's alias has it; they stand in no line.

    Attributes:
        command: it.
        environment: its own.
    """

    command: LineCommand
    environment: Mapping[str, str]


class _Facts(RequestFacts):
    """A command's facts: its own environment and directory, but the context of the request."""

    __slots__ = ("_stated",)

    def __init__(self, caller: LineCaller, spelling: Spelling, run: frozenset[FactKey]) -> None:
        super().__init__(
            spelling.environment,
            spelling.directory,
            caller.context,
            asker=_block(caller.environment),
            git_environment=spelling.git_environment,
        )
        here = spelling.directory == os.fsencode(caller.directory)
        self._stated: dict[FactKey, Fact] = {**(caller.stated if here else {}), **dict.fromkeys(run, UNDECIDED)}

    def read(self, key: FactKey) -> Fact:
        return self._stated[key] if key in self._stated else super().read(key)


def _block(environment: Mapping[str, str]) -> bytes:
    return b"\0" + block([as_bytes(f"{name}={value}") for name, value in environment.items()])


def as_bytes(string: str) -> bytes:
    """A text as the bytes that a program is given."""
    return encode(string).replace(b"\0", b"")


def judge_command(
    command: LineCommand, caller: LineCaller, environment: Mapping[str, str]
) -> tuple[Judged, tuple[Hidden, ...]]:
    """Decides one command of a line.

    Args:
        command: it.
        caller: whose line it is.
        environment: that of the shell that reads it; the caller's own, but for what runs in turn.

    Returns:
        What is decided, and what it runs besides.
    """
    variables, run = _environment(command, environment)
    here = _block(variables)
    directory = None if command.directory is None else os.fsencode(command.directory)
    judges: list[Certain] = []
    inside: list[Hidden] = []

    def make_facts(spelling: Spelling) -> _Facts:
        return _Facts(caller, spelling, run)

    def decide(spelling: Spelling, facts: _Facts) -> Decision:
        judge = Certain(facts, run, directory=spelling.directory is None)
        judges.append(judge)
        elsewhere = None if spelling.directory is None else caller.tables_of
        tables = caller.tables if elsewhere is None else elsewhere(spelling)
        return evaluate(tables, spelling.name, spelling.arguments, facts, full=True, judge=judge)

    best: Decision | None = None
    for words in dict.fromkeys((command.words, command.written)):
        if words:
            argv = block([as_bytes(word.written) for word in words])
            known = spellings(_basename(words[0]), argv, here, directory)
            decision = judge_all(known, make_facts, decide).decision
            best = decision if best is None or decision.action < best.action else best
            inside += _aliased(known, words, command)
    if best is None:
        return Judged(Decision(Action.ALLOW, "", tables=caller.digests), command.place), ()
    open_words = any(word.literal is None for word in command.words)
    judged = Judged(best, command.place)
    if best.action is Action.ALLOW and (open_words or any(judge.open for judge in judges)):
        if _is_shimmed(command, caller):
            judged = dataclasses.replace(judged, deferred=True)
        else:
            facts = _Facts(caller, Spelling("", b"", here, directory), run)
            judged = Judged(_possible(command, caller, facts) or best, command.place)
    return judged, tuple(inside)


def _aliased(known: Sequence[Spelling], words: tuple[Word, ...], command: LineCommand) -> Iterator[Hidden]:
    """What runs by git's aliases; the rest of what a command runs in turn is in the line already."""
    at = next((index for index, spelling in enumerate(known) if spelling.name == "git"), len(known))
    if at + 1 < len(known) and not known[-1].cut:  # what is nested too deep is denied anyway
        for spelling in hiding(known[at:]):
            if spelling is not known[0]:
                yield hidden(spelling, words_of(spelling, words), command.place, shims=command.shims)


def hidden(spelling: Spelling, words: tuple[Word, ...], place: tuple[int, int], *, shims: bool) -> Hidden:
    """A spelling of a command as one that runs others."""
    directory = None if spelling.directory is None else os.fsdecode(spelling.directory)
    variables = variables_of(map(os.fsdecode, unblock(spelling.environment[1:])))
    return Hidden(LineCommand(words, words, {}, directory, place, shims), variables)


def variables_of(entries: Iterable[str]) -> dict[str, str]:
    """The variables of an environment's entries."""
    found: dict[str, str] = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if name and equals:
            found.setdefault(name, value)  # of two, getenv finds the first
    return found


def _basename(word: Word) -> str:
    return text(as_bytes(os.path.basename(word.written)))


def _environment(command: LineCommand, given: Mapping[str, str]) -> tuple[dict[str, str], frozenset[FactKey]]:
    """The command's environment, and the variables in it that only the run can tell."""
    environment = {} if command.bare else dict(given)
    run: set[FactKey] = set()
    for name, value in command.changes.items():
        environment.pop(name, None)
        literal = None if value is None else value.literal
        if literal is not None:
            environment[name] = literal
        elif value is not None:
            run.add(("env", name))
    return environment, frozenset(run)


def _is_shimmed(command: LineCommand, caller: LineCaller) -> bool:
    """Whether a shim will see the final arguments."""
    if not command.shims or caller.shimmed is None:
        return False
    name = command.words[0].literal
    if name is None:
        return "/" not in command.words[0].prefix  # whatever it is, it is looked up along PATH
    return "/" not in name and name not in BUILTINS and (caller.shimmed(name) or name in UNWRAPPED)


def _possible(command: LineCommand, caller: LineCaller, facts: _Facts) -> Decision | None:
    """The request for approval where a rule that restricts could match; else None."""
    from safeshell.shell.partial_match import could_match, gapped  # noqa: PLC0415 # only where a line leaves something open

    known = _known(command.words)
    whole = len(known) == len(command.words) - 1
    best: Decision | None = None
    for name in _names(command.words, caller):
        line = gapped(name, command.words)
        judge = Possible(facts, partial(could_match, line=line), known, whole=whole)
        decision = evaluate(caller.tables, name or "", b"\0", facts, judge=judge)
        if decision.action is not Action.ALLOW and (best is None or decision.action < best.action):
            best = decision
            if best.action is Action.DENY:
                break
    if best is None:
        return None
    subject = command_line(block([as_bytes(word.written) for word in command.words]), _basename(command.words[0]))
    return best.changed(action=Action.REQUIRE_APPROVAL, subject=subject, redirect_to=())


def _known(words: Sequence[Word]) -> list[str]:
    """The arguments before the first word that only the run can tell."""
    known = [] if words[0].several else list(itertools.takewhile(lambda word: word.literal is not None, words[1:]))
    return [word.written for word in known]


def _names(words: Sequence[Word], caller: LineCaller) -> Iterator[str]:
    """The basenames that the command may have, of those that rules name."""
    if words[0].literal is not None:
        yield _basename(words[0])
        return
    start = "" if "/" in words[0].prefix else words[0].prefix
    yield words[0].written
    names = {name for loaded in caller.tables for name in loaded.table.exact}
    names |= {glob for loaded in caller.tables for glob, _ in loaded.table.globs}
    yield from sorted(name for name in names if name.startswith(start))
