"""Judge of shell lines: each of their commands, and each that they run in turn."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from safeshell.command.unwrap import Spelling
from safeshell.policy.decision import Action, Decision
from safeshell.shell.caller import CommandFacts, LineCaller, as_bytes
from safeshell.shell.explained import explained
from safeshell.shell.found_files import with_origins
from safeshell.shell.hiding import words_of
from safeshell.shell.judge_command import Hidden, Judged, hidden, judge_command
from safeshell.shell.limits import FILES_REST_S, REST_MAX, RULE, Deadline, OverrunError, overrun
from safeshell.shell.script_files import ScriptFiles, reason
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
        unread: files that the line runs and that were not read, or not to their end; each with the reason.
        files: the digest of those that were read; "" where none was.
    """

    decision: Decision
    commands: tuple[Judged, ...]
    could_be: str = ""
    agent_by: str | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    files: str = ""

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
            "unread": dict(self.unread),
            "files": self.files or None,
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
        files=judging.files,
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


@dataclass(slots=True)
class _Taken:
    """The commands of a line, or of what a command runs in turn, while they are judged.

    Attributes:
        commands: they.
        environment: that of the shell that reads them.
        depth: how many such commands are around them.
        parent: the place of the command that runs them among the line's.
        at: which of them is judged.
        places: the places of those that were, among the line's.
        known: what was decided for them.
    """

    commands: Sequence[LineCommand]
    environment: Mapping[str, str]
    depth: int
    parent: int | None
    at: int = 0
    places: dict[int, int | None] = field(default_factory=dict)
    known: dict[tuple[object, ...], list[tuple[Judged, tuple[Hidden, ...]]]] = field(default_factory=dict)


class _Judging:
    """One line's judging; what is alike is judged once.

    Attributes:
        deadline: the time that is left for it, to be walked and to be judged.
        files: reads the files that its commands run; None: they aren't read.
    """

    def __init__(self, caller: LineCaller) -> None:
        self._caller = caller
        self._judged: list[Judged] = []
        self._broken: list[str] = []
        self._overrun = ""
        self._opened: set[tuple[object, ...]] = set()
        self.deadline = Deadline()
        self.files = ScriptFiles(caller.directory) if caller.reads_files else None
        self._in_files = False
        self._restricted: dict[str, bool] = {}

    def take(self, line: WalkedLine, environment: Mapping[str, str], depth: int = 0, parent: int | None = None) -> None:
        """Judges the commands of a line, or of what a command runs in turn: the one at that place."""
        taken = _Taken(list(with_origins(line.commands)), environment, depth, parent)
        if self._in_files:
            self._take(taken, in_files=True)
            return
        if line.overrun and not self._overrun:  # it is given once, for whatever comes of the line
            self.deadline = Deadline(REST_MAX)
        self._overrun = self._overrun or line.overrun
        self._broken += line.broken
        try:
            self.deadline.check()
            for script, shell in line.unread:
                self._unread(script, shell)
            self._take(taken, in_files=False)
        except OverrunError as error:
            self._overrun = self._overrun or str(error)
        if self.files is not None:
            self._take_files(taken, self.files)

    def _take_files(self, taken: _Taken, files: ScriptFiles) -> None:
        """Judges what stands in files: in their time, and whatever becomes of that, the line is not refused for it."""
        files.budget.seconds = max(files.budget.seconds, FILES_REST_S)
        self._in_files = True
        try:
            with self.deadline.apart(files.budget):
                self._take(taken, in_files=True)
        except OverrunError as error:
            file, _, line = taken.commands[taken.at].file.rpartition(":")
            files.leave(file, f"{reason(error)}, in line {line}")
        finally:
            self._in_files = False

    def _take(self, taken: _Taken, *, in_files: bool) -> None:
        """Judges those commands that stand in files, or those that don't."""
        for at, command in enumerate(taken.commands):
            taken.at = at
            if bool(command.file) is not in_files:
                continue
            by = taken.parent if command.parent is None else taken.places.get(command.parent)
            counts = not command.guess or self._may_be(command)
            if not counts and os.path.basename(command.words[0].literal or "") != "git":
                taken.places[at] = by
                continue
            found = taken.known.setdefault(_key(command), [])  # one look: each word is hashed by it
            if not found:
                self.deadline.check()
                found.append(judge_command(command, self._caller, taken.environment))
            judged, inside = found[0]
            if counts:
                taken.places[at] = len(self._judged)
                self._judged.append(Judged(judged[0], command.place, judged[2], judged[3], command, by))
                by = taken.places[at]
            else:  # though no rule is about git, one may be about what its aliases run
                taken.places[at] = by
            for one in inside:
                self.open(one, taken.depth + 1, by)

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
        found = commands_in_turn(
            inside.command, environment=inside.environment, depth=depth, deadline=self.deadline, files=self.files
        )
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
        unread, files = ({}, "") if self.files is None else (self.files.unread, self.files.digest)
        first = min(judged, key=_weight, default=None)
        if first is None:
            nothing = Decision(Action.ALLOW, "", tables=caller.digests)
            return LineJudgement(nothing, (), agent_by=caller.agent_by, unread=unread, files=files)
        decision = _placed(first)
        if decision.action is Action.REQUIRE_APPROVAL and any(one.decision.outside for one in judged):
            decision = decision.changed(outside=True)  # whoever approves the line approves all of them
        return LineJudgement(decision, tuple(judged), first.could_be, caller.agent_by, unread, files)


def _weight(judged: Judged) -> tuple[Action, bool]:
    """The more restrictive first; among what lets a line through, that it could not be judged."""
    decision = judged.decision
    return decision.action, decision.action is Action.ALLOW and decision.rule != RULE


def _placed(judged: Judged) -> Decision:
    """The decision for a command; where that stands in a file, its message begins with the place."""
    decision, command = judged.decision, judged.command
    if decision.action is Action.ALLOW or command is None or not command.file:
        return decision
    subject = decision.subject
    shown = subject if len(subject) <= _SHOWN_MAX else f"{subject[:_SHOWN_MAX]}…"
    return decision.changed(message=f"{text(as_bytes(command.file))}: `{shown}`: {decision.message}")


_SHOWN_MAX = 80
"""Characters of a command that a message shows."""


def _key(command: LineCommand) -> tuple[object, ...]:
    """What tells whether two commands of a line are judged alike."""
    changes = tuple(command.changes.items()) if command.changes else ()
    written = None if command.written is command.words else command.written  # most are one, and each word is hashed
    return (
        command.words,
        written,
        changes,
        command.directory,
        command.shims,
        command.bare,
        command.shown,
        not command.file,
    )


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
