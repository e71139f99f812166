"""Judging a shell line: each of its commands by the daemon's own evaluator, and what only the run can tell."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safeshell.context import Context
from safeshell.decision import Action, Decision
from safeshell.evaluator import LoadedTable, evaluate
from safeshell.facts import UNDECIDED, Fact, FactKey, RequestFacts
from safeshell.judgement import judge_all
from safeshell.lines.builtins import BUILTINS
from safeshell.lines.possible import Certain, Possible, gapped
from safeshell.lines.quoting import encode
from safeshell.lines.walk import Command, Line, commands_of
from safeshell.lines.words import Word
from safeshell.spellings import UNWRAPPED, Spelling, spellings
from safeshell.subject import block, command_line, text


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose line it is, and what it is judged by.

    Attributes:
        tables: in order of precedence.
        environment: the caller's.
        directory: where the line runs, absolute.
        context: tells `ai` from `human`.
        shimmed: whether a command of this name has a shim on the caller's PATH; None for a caller without shims.
        stated: facts that are given in place of those of the caller's directory.
    """

    tables: Sequence[LoadedTable]
    environment: Mapping[str, str]
    directory: str
    context: Context
    shimmed: Callable[[str], bool] | None
    stated: Mapping[FactKey, Fact] = dataclasses.field(default_factory=dict)


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
            "subject": found.subject,
            "place": list(self.place),
            "deferred": self.deferred,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """A line's decision: the most restrictive of its commands', the first among equals.

    Attributes:
        decision: it.
        commands: every command.
    """

    decision: Decision
    commands: tuple[Judged, ...]

    def to_json(self) -> dict[str, Any]:
        """The object that `check -c --json` prints."""
        return {
            **self.decision.to_json(cached=False),
            "deferred": any(command.deferred for command in self.commands),
            "commands": [command.to_json() for command in self.commands],
        }


class _Facts(RequestFacts):
    """A command's facts: its own environment and directory, but the context of the request."""

    __slots__ = ("_stated",)

    def __init__(self, caller: Caller, spelling: Spelling, run: frozenset[FactKey]) -> None:
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
    return b"\0" + block([_bytes(f"{name}={value}") for name, value in environment.items()])


def _bytes(string: str) -> bytes:
    return encode(string).replace(b"\0", b"")


def judge_line(line: str, caller: Caller) -> Judgement:
    """Decides a shell line.

    Args:
        line: the text; bytes that are not UTF-8 as surrogates.
        caller: whose it is.

    Returns:
        The decision for the line and those for its commands. It never raises for what a line holds.
    """
    found = commands_of(line, environment=caller.environment, directory=caller.directory)
    judged = [_judge(command, caller) for command in found.commands]
    refusal = _refusal(found, caller)
    if refusal is not None:
        decision = Decision(
            Action.DENY, text(_bytes(line)), rule="shell-line", message=refusal, tables=_digests(caller)
        )
        judged.append(Judged(decision, (0, len(_bytes(line)))))
    first = min((one.decision for one in judged), key=lambda one: one.action, default=None)
    return Judgement(first or Decision(Action.ALLOW, "", tables=_digests(caller)), tuple(judged))


def _digests(caller: Caller) -> tuple[str, ...]:
    return tuple([loaded.table.digest for loaded in caller.tables])


def _refusal(line: Line, caller: Caller) -> str | None:
    """Why an agent's line that could not be read is denied; None where it isn't."""
    if not caller.context.is_ai(_block(caller.environment)):
        return None
    if line.overrun:
        return f"This line can't be judged: {line.overrun}. Split it into several."
    name = next((name for name in line.broken if _restricted(name, caller)), None)
    if name is None:
        return None
    return f"This line can't be read around `{name}`, which rules restrict. Write that command on a line of its own."


def _restricted(name: str, caller: Caller) -> bool:
    """Whether a rule that names this command restricts it."""
    for loaded in caller.tables:
        for unit in loaded.units(name):
            named = unit.number != loaded.table.any_unit
            if named and any(row.rule.action is not Action.ALLOW and not row.rule.observe for row in unit.rows()):
                return True
    return False


def _judge(command: Command, caller: Caller) -> Judged:
    environment, run = _environment(command, caller)
    directory = None if command.directory is None else os.fsencode(command.directory)
    judges: list[Certain] = []

    def make_facts(spelling: Spelling) -> _Facts:
        return _Facts(caller, spelling, run)

    def decide(spelling: Spelling, facts: _Facts) -> Decision:
        judge = Certain(facts, run, directory=spelling.directory is None)
        judges.append(judge)
        return evaluate(caller.tables, spelling.name, spelling.arguments, facts, full=True, judge=judge)

    best: Decision | None = None
    for words in dict.fromkeys((command.words, command.written)):
        if words:
            argv = block([_bytes(word.written) for word in words])
            known = spellings(_basename(words[0]), argv, _block(environment), directory)
            decision = judge_all(known, make_facts, decide).decision
            best = decision if best is None or decision.action < best.action else best
    if best is None:
        return Judged(Decision(Action.ALLOW, "", tables=_digests(caller)), command.place)
    open_words = any(word.literal is None for word in command.words)
    if best.action is not Action.ALLOW or not (open_words or any(judge.open for judge in judges)):
        return Judged(best, command.place)
    if _is_shimmed(command, caller):
        return Judged(best, command.place, deferred=True)
    facts = _Facts(caller, Spelling("", b"", _block(environment), directory), run)
    return Judged(_possible(command, caller, facts) or best, command.place)


def _basename(word: Word) -> str:
    return text(_bytes(os.path.basename(word.written)))


def _environment(command: Command, caller: Caller) -> tuple[dict[str, str], frozenset[FactKey]]:
    """The command's environment, and the variables in it that only the run can tell."""
    environment = {} if command.bare else dict(caller.environment)
    run: set[FactKey] = set()
    for name, value in command.changes.items():
        environment.pop(name, None)
        literal = None if value is None else value.literal
        if literal is not None:
            environment[name] = literal
        elif value is not None:
            run.add(("env", name))
    return environment, frozenset(run)


def _is_shimmed(command: Command, caller: Caller) -> bool:
    """Whether a shim will see the final arguments."""
    if not command.shims or caller.shimmed is None:
        return False
    name = command.words[0].literal
    if name is None:
        return "/" not in command.words[0].prefix  # whatever it is, it is looked up along PATH
    return "/" not in name and name not in BUILTINS and (caller.shimmed(name) or name in UNWRAPPED)


def _possible(command: Command, caller: Caller, facts: _Facts) -> Decision | None:
    """The request for approval where a rule that restricts could match; else None."""
    best: Decision | None = None
    for name in _names(command.words, caller):
        line = gapped(name, command.words)
        judge = Possible(facts, line)
        decision = evaluate(caller.tables, name or "", b"\0", facts, judge=judge)
        if decision.action is not Action.ALLOW and (best is None or decision.action < best.action):
            best = decision
    if best is None:
        return None
    subject = command_line(block([_bytes(word.written) for word in command.words]), _basename(command.words[0]))
    return dataclasses.replace(best, action=Action.REQUIRE_APPROVAL, subject=subject, redirect_to=())


def _names(words: Sequence[Word], caller: Caller) -> Iterator[str]:
    """The basenames that the command may have, of those that rules name."""
    if words[0].literal is not None:
        yield _basename(words[0])
        return
    start = "" if "/" in words[0].prefix else words[0].prefix
    yield words[0].written
    names = {name for loaded in caller.tables for name in loaded.table.exact}
    names |= {glob for loaded in caller.tables for glob, _ in loaded.table.globs}
    yield from sorted(name for name in names if name.startswith(start))
