"""Judge of one command of a line: the daemon's own evaluator, with what only the run can tell left open."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from safeshell.command.command_line import unblock
from safeshell.command.unwrap import UNWRAPPED, Spelling, spellings
from safeshell.policy.composition import judge_all
from safeshell.policy.decision import Action, Decision
from safeshell.policy.evaluator import evaluate
from safeshell.policy.facts import FactKey
from safeshell.policy.units import LoadedTable
from safeshell.shell.builtins import BUILTINS
from safeshell.shell.caller import CommandFacts, LineCaller, arguments_of, as_bytes, block_of
from safeshell.shell.hiding import hiding, words_of
from safeshell.shell.kept import TEXT_MAX, Kept, hangs_on_facts, mark_of
from safeshell.shell.possible import Certain
from safeshell.shell.undecided import undecided
from safeshell.shell.walked import LineCommand
from safeshell.shell.words import Word
from safeshell.text import text


class Judged(NamedTuple):
    """A command of a line and what is decided for it.

    Attributes:
        decision: its decision; `subject` is the command line as far as it is known.
        place: the offsets, in bytes, of the command that it belongs to.
        deferred: whether a shim judges what only the run can tell.
        could_be: the rule that could match, where it hangs on what only the run can tell; else "".
        command: it; None where what is judged is a text.
        parent: the place of the command that runs it among the line's; None where the line itself does.
    """

    decision: Decision
    place: tuple[int, int]
    deferred: bool = False
    could_be: str = ""
    command: LineCommand | None = None
    parent: int | None = None

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
            "could_be": self.could_be or None,
            "file": None if self.command is None else self.command.file or None,
        }


class Hidden(NamedTuple):
    """A command that runs others, as git's alias has it; they stand in no line.

    Attributes:
        command: it.
        environment: its own.
    """

    command: LineCommand
    environment: Mapping[str, str]


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
    here, run = caller.asker, _NONE_OPEN
    if command.changes or command.bare or environment is not caller.environment:
        variables, run = _environment(command, environment)
        here = block_of(variables)
    directory = None if command.directory is None else os.fsencode(command.directory)
    inside: list[Hidden] = []
    passed_over = False

    known_facts: dict[tuple[object, ...], CommandFacts] = {}

    def facts_of(spelling: Spelling) -> CommandFacts:
        """One for all spellings that share environment and directory; most commands need none."""
        where = spelling[2:5]
        if where not in known_facts:
            known_facts[where] = CommandFacts(caller, spelling, run)
        return known_facts[where]

    def tables_for(spelling: Spelling) -> Sequence[LoadedTable]:
        elsewhere = None if spelling.directory is None else caller.tables_of
        return caller.tables if elsewhere is None else elsewhere(spelling)

    def decide(spelling: Spelling, _: None) -> Decision:
        nonlocal passed_over
        decision, is_open = _decide(spelling, tables_for(spelling), facts_of, run, is_ai=caller.is_ai)
        passed_over = passed_over or is_open
        return decision

    best: Decision | None = None
    outside = False
    before = b""
    for words in (command.words,) if command.written is command.words else (command.words, command.written):
        argv = arguments_of(words)
        if argv and argv != before:  # of the same text the same is decided
            known = spellings(_basename(words[0]), argv, here, directory)
            only = len(known) == 1 and not known[0].cut  # most: nothing is to be composed
            decision = decide(known[0], None) if only else judge_all(known, _no_facts, decide).decision
            best = decision if best is None or decision.action < best.action else best
            outside = outside or decision.outside
        if argv and len(known) > 1:
            inside += _aliased(known, words, command)
        before = argv
    if best is None:
        return Judged(Decision(Action.ALLOW, "", tables=caller.digests), command.place, command=command), ()
    if outside and best.action is Action.REQUIRE_APPROVAL and not best.outside:
        best = best.changed(outside=True)
    judged = Judged(best, command.place, command=command)
    if best.action >= Action.REDIRECT and (passed_over or _is_open(command)):
        if _is_shimmed(command, caller):
            judged = judged._replace(deferred=True)
        elif not command.file:  # else half of all scripts would be asked about: what is certain in a file restricts
            spelling = Spelling("", b"", here, directory)
            facts = facts_of(spelling)
            asked = undecided(command, tables_for(spelling), facts, best.action)
            if asked is not None:
                judged = judged._replace(decision=asked.decision, could_be=asked.could_be)
    if command.shown:
        judged = judged._replace(decision=_of_call(judged.decision, command.shown))
    return judged, tuple(inside)


_decided: Kept[tuple[Decision, bool]] = Kept()


def _decide(
    spelling: Spelling,
    tables: Sequence[LoadedTable],
    facts_of: Callable[[Spelling], CommandFacts],
    run: frozenset[FactKey],
    *,
    is_ai: bool,
) -> tuple[Decision, bool]:
    """The decision for one spelling by what is certain, and whether a rule was passed over for the rest."""
    somewhere = spelling.directory is None
    key = (spelling.name, spelling.arguments, mark_of(tables), run, somewhere, is_ai)
    found = _decided.get(key)
    if found is None:
        facts = facts_of(spelling)
        judge = Certain(facts, facts.open, directory=somewhere)
        decision = evaluate(tables, spelling.name, spelling.arguments, facts, full=True, judge=judge)
        found = decision, judge.open
        failed = bool(decision.rule) and not decision.matched  # for want of memory, which may be there again
        if not (hangs_on_facts(judge.reads) or failed) and len(spelling.arguments) <= TEXT_MAX:
            _decided.keep(key, found)
    return found


def _no_facts(_: Spelling) -> None:
    """Facts are made where they are needed."""


_NONE_OPEN: frozenset[FactKey] = frozenset()


def _of_call(decision: Decision, shown: str) -> Decision:
    """The decision for a call in another language that does what a command does: nothing can run in its place."""
    action = Action.DENY if decision.action is Action.REDIRECT else decision.action
    return decision.changed(action=action, subject=text(as_bytes(shown)), redirect_to=())


def _aliased(known: Sequence[Spelling], words: tuple[Word, ...], command: LineCommand) -> Iterator[Hidden]:
    """What runs by git's aliases; the rest of what a command runs in turn is in the line already."""
    at = next((index for index, spelling in enumerate(known) if spelling.name == "git"), len(known))
    if at + 1 < len(known) and not known[-1].cut:  # what is nested too deep is denied anyway
        for spelling in hiding(known[at:]):
            if spelling is not known[0]:
                yield hidden(spelling, words_of(spelling, words), command.place, shims=command.shims, file=command.file)


def hidden(
    spelling: Spelling, words: tuple[Word, ...], place: tuple[int, int], *, shims: bool, file: str = ""
) -> Hidden:
    """A spelling of a command as one that runs others."""
    directory = None if spelling.directory is None else os.fsdecode(spelling.directory)
    variables = variables_of(map(os.fsdecode, unblock(spelling.environment[1:])))
    return Hidden(LineCommand(words, words, {}, directory, place, shims, file=file), variables)


def variables_of(entries: Iterable[str]) -> dict[str, str]:
    """The variables of an environment's entries."""
    found: dict[str, str] = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if name and equals:
            found.setdefault(name, value)  # of two, getenv finds the first
    return found


def _basename(word: Word) -> str:
    written = word.written
    if written.isascii() and "\0" not in written:  # most
        return written.rpartition("/")[2]
    return text(as_bytes(os.path.basename(written)))


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


def _is_open(command: LineCommand) -> bool:
    return None in [word.literal for word in command.words]


def _is_shimmed(command: LineCommand, caller: LineCaller) -> bool:
    """Whether a shim will see the final arguments."""
    return not unseen(command, caller)


def unseen(command: LineCommand, caller: LineCaller) -> str:
    """Why no shim will see the final arguments of a command, as a clause; "" where one will."""
    if not command.shims:
        return command.away or "it isn't looked up along the caller's PATH"
    if caller.shimmed is None:
        return "the caller has no shims on PATH"
    name = command.words[0].literal if command.words else ""
    if name is None:
        path = "/" in command.words[0].prefix  # else, whatever it is, it is looked up along PATH
        return "it is named by a path" if path else ""
    if "/" in name:
        return "it is named by a path"
    if name in BUILTINS or not name:
        return "the shell does it itself"
    return "" if caller.shimmed(name) or name in UNWRAPPED else "it has no shim"
