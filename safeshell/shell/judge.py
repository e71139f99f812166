"""Judge of shell lines: each of their commands, and each that they run in turn."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safeshell.command.unwrap import Spelling
from safeshell.policy.decision import Action, Decision
from safeshell.shell.caller import CommandFacts, LineCaller, as_bytes
from safeshell.shell.explained import explained
from safeshell.shell.found_files import with_origins
from safeshell.shell.hiding import words_of
from safeshell.shell.judge_command import Hidden, Judged, hidden, judge_command
from safeshell.shell.limits import REST_MAX, RULE, Deadline, OverrunError, overrun
from safeshell.shell.undecided import restricting, undecided_text
from safeshell.shell.walk import commands_in_turn, commands_of
from safeshell.shell.walked import LineCommand, WalkedLine
from safeshell.text import text

__all__ = ["Judged", "LineCaller", "LineJudgement", "judge_in_turn", "judge_line"]

ALIASES_MAX = 256
"""Commands that a line runs by git's aliases."""


@dataclass(frozen=True, slots=True)
class LineJudgement:
    """A line's decision: the most restrictive of its commands', the first among equals.

    Attributes:
        decision: it.
        commands: every command.
        could_be: the rule that could match, where that hangs on what only the run can tell; else "".
        agent_by: the variable that tells that an agent asks; None where a person does.
    """

    decision: Decision
    commands: tuple[Judged, ...]
    could_be: str = ""
    agent_by: str | None = None

    def to_json(self, caller: LineCaller | None = None) -> dict[str, Any]:
        """The object that `check -c --json` prints.

        Args:
            caller: whose line it is, where each command is to be explained too.
        """
        commands = [one.to_json() for one in self.commands]
        if caller is not None:
            commands = [
                {**one, **explained(judged, caller)} for one, judged in zip(commands, self.commands, strict=True)
            ]
        return {
            **self.decision.to_json(cached=False),
            "deferred": any(command.deferred for command in self.commands),
            "could_be": self.could_be or None,
            "context": "human" if self.agent_by is None else "ai",
            "context_by": self.agent_by,
            "commands": commands,
        }


def judge_line(line: str, caller: LineCaller) -> LineJudgement:
    """Decides a shell line.

    Args:
        line: the text; bytes that are not UTF-8 as surrogates.
        caller: whose it is.

    Returns:
        The decision for the line and those for its commands. It never raises for what a line holds.
    """
    judging = _Judging(caller)
    walked = commands_of(
        line,
        environment=caller.environment,
        directory=caller.directory,
        dialect=caller.shell,
        deadline=judging.deadline,
    )
    judging.take(walked, caller.environment)
    return judging.judgement(text(as_bytes(line)))


def judge_in_turn(subject: str, hiding: Iterable[Spelling], caller: LineCaller) -> LineJudgement:
    """Decides what a command runs in turn.

    Args:
        subject: the command line.
        hiding: those of its spellings that run what is no spelling of it (`safeshell.shell.hiding`).
        caller: whose it is.

    Returns:
        The decision, which says nothing about the command itself.
    """
    judging = _Judging(caller)
    for spelling in hiding:
        judging.open(hidden(spelling, words_of(spelling), (0, len(subject)), shims=True))
    return judging.judgement(subject)


class _Judging:
    """One line's judging; what is alike is judged once.

    Attributes:
        deadline: the time that is left for it, to be walked and to be judged.
    """

    def __init__(self, caller: LineCaller) -> None:
        self._caller = caller
        self._judged: list[Judged] = []
        self._broken: list[str] = []
        self._overrun = ""
        self._opened: set[tuple[object, ...]] = set()
        self.deadline = Deadline()
        self._restricted: dict[str, bool] = {}

    def take(self, line: WalkedLine, environment: Mapping[str, str], depth: int = 0, parent: int | None = None) -> None:
        """Judges the commands of a line, or of what a command runs in turn: the one at that place."""
        if line.overrun and not self._overrun:  # it is given once, for whatever comes of the line
            self.deadline = Deadline(REST_MAX)
        self._overrun = self._overrun or line.overrun
        self._broken += line.broken
        known: dict[tuple[object, ...], list[tuple[Judged, tuple[Hidden, ...]]]] = {}
        places: list[int | None] = []
        try:
            self.deadline.check()
            for script, shell in line.unread:
                self._unread(script, shell)
            for command in with_origins(line.commands):
                by = parent if command.parent is None else places[command.parent]
                counts = not command.guess or self._may_be(command)
                if not counts and os.path.basename(command.words[0].literal or "") != "git":
                    places.append(by)
                    continue
                found = known.setdefault(_key(command), [])  # one look: each word is hashed by it
                if not found:
                    self.deadline.check()
                    found.append(judge_command(command, self._caller, environment))
                judged, inside = found[0]
                if not counts:  # though no rule is about git, one may be about what its aliases run
                    places.append(by)
                    for one in inside:
                        self.open(one, depth + 1, by)
                    continue
                places.append(len(self._judged))
                self._judged.append(Judged(judged[0], command.place, judged[2], judged[3], command, by))
                for one in inside:
                    self.open(one, depth + 1, places[-1])
        except OverrunError as error:
            self._overrun = self._overrun or str(error)

    def _may_be(self, command: LineCommand) -> bool:
        """Whether what is only guessed to be a command counts as one: where a rule that names it restricts it."""
        name = os.path.basename(command.words[0].literal or "")
        if name not in self._restricted:
            self._restricted[name] = bool(name) and _restricted(name, self._caller)
        return self._restricted[name]

    def _unread(self, script: str, shell: str) -> None:
        """Judges a text for a shell that isn't read here: by the names in it."""
        caller = self._caller
        place = (0, len(as_bytes(script)))
        asked = undecided_text(script, shell, caller.tables, _facts_anywhere(caller))
        if asked is not None:
            self._judged.append(Judged(asked.decision, place, could_be=asked.could_be))

    def open(self, inside: Hidden, depth: int = 0, parent: int | None = None) -> None:
        """Judges what a command runs in turn."""
        key = (*_key(inside.command), tuple(inside.environment.items()))
        if key in self._opened:
            return
        self._opened.add(key)
        if len(self._opened) > ALIASES_MAX:
            self._overrun = self._overrun or f"git's aliases in it run more than {ALIASES_MAX} commands"
            return
        found = commands_in_turn(inside.command, environment=inside.environment, depth=depth, deadline=self.deadline)
        self.take(found, inside.environment, depth, parent)

    def judgement(self, line: str) -> LineJudgement:
        """What it comes to."""
        caller = self._caller
        judged = list(self._judged)
        refusal: Decision | None = None
        if self._overrun:
            refusal = overrun(line, self._overrun, is_ai=caller.is_ai, tables=caller.digests)
        elif self._broken and caller.is_ai:
            refusal = _unreadable(line, self._broken, caller)
        if refusal is not None:
            judged.append(Judged(refusal, (0, len(as_bytes(line)))))
        first = min(judged, key=_weight, default=None)
        if first is None:
            return LineJudgement(Decision(Action.ALLOW, "", tables=caller.digests), (), agent_by=caller.agent_by)
        decision = first.decision
        if decision.action is Action.REQUIRE_APPROVAL and any(one.decision.outside for one in judged):
            decision = decision.changed(outside=True)  # whoever approves the line approves all of them
        return LineJudgement(decision, tuple(judged), first.could_be, caller.agent_by)


def _weight(judged: Judged) -> tuple[Action, bool]:
    """The more restrictive first; among what lets a line through, that it could not be judged."""
    decision = judged.decision
    return decision.action, decision.action is Action.ALLOW and decision.rule != RULE


def _key(command: LineCommand) -> tuple[object, ...]:
    """What tells whether two commands of a line are judged alike."""
    changes = tuple(command.changes.items()) if command.changes else ()
    written = None if command.written is command.words else command.written  # most are one, and each word is hashed
    return (command.words, written, changes, command.directory, command.shims, command.bare, command.shown)


def _unreadable(line: str, broken: Sequence[str], caller: LineCaller) -> Decision | None:
    """The refusal of a line with a restricted command where it could not be read."""
    name = next((name for name in dict.fromkeys(broken) if _restricted(name, caller)), None)
    if name is None:
        return None
    message = f"This line can't be read around `{name}`, which rules restrict. Write that command on a line of its own."
    return Decision(Action.DENY, line, rule="shell-line", message=message, tables=caller.digests)


def _restricted(name: str, caller: LineCaller) -> bool:
    """Whether a rule that names this command restricts it."""
    return restricting(name, caller.tables, _facts_anywhere(caller)) is not None


def _facts_anywhere(caller: LineCaller) -> CommandFacts:
    """The caller's facts where it isn't known in which directory something runs."""
    return CommandFacts(caller, Spelling("", b"", caller.asker, None), frozenset())
