"""The judge's word on a line, and whether that is a miss."""

from __future__ import annotations

import dataclasses
import importlib
import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from harness import make_home
from lines.grammar import CANARY, FIRE, Line
from lines.sandbox import Ran, Sandbox
from safeshell_compiler.publish import compile_home

from safeshell.cli.checkline import caller_of
from safeshell.home.settings import Settings
from safeshell.policy.table import Table
from safeshell.shell.judge import LineCaller, judge_line
from safeshell.shell.limits import RULE as OVERRUN

MAYBE = "maybe"
"""The canary's word that takes a person."""

RULES = f"""\
version: 1
rules:
  - {{name: canary, commands: [{CANARY}], conditions: [{{command_contains: {FIRE}}}], action: deny, message: No.}}
  - name: maybe
    commands: [{CANARY}]
    conditions: [{{command_contains: {MAYBE}}}]
    action: require_approval
    message: Ask.
"""

UNREAD = ("shell-line", OVERRUN)
"""The rules by which a line is refused that couldn't be read."""

UNKNOWN_TEXT = "unknown-text"
"""The kind of lines in which the judge need not work out what text a shell is given."""

JUDGE = "safeshell.shell.judge:judge_line"

RANKS = {"allow": 0, "require_approval": 1, "redirect": 2, "deny": 3}
"""A decision's place among the others; the more restrictive is higher."""


class Verdict(NamedTuple):
    """What was decided for a line.

    Attributes:
        action: the decision's word.
        rule: its rule, or "".
        deferred: whether a shim is to judge some of it.
        seconds: what it took.
    """

    action: str
    rule: str
    deferred: bool
    seconds: float

    @property
    def stopped(self) -> bool:
        """Whether a person or the agent hears of it."""
        return self.action != "allow"

    def __str__(self) -> str:
        return f"{self.action}{f' by {self.rule}' if self.rule else ''}{', deferred' if self.deferred else ''}"


class Judge:
    """A judge of the sandbox's lines.

    Args:
        box: where they run.
        shims: whether their caller is behind shims.
        judge: module and function, apart by a colon; it takes a line and a `LineCaller`.
    """

    def __init__(self, box: Sandbox, *, shims: bool = False, judge: str = JUDGE) -> None:
        module, _, name = judge.partition(":")
        self._judge: Callable[[str, LineCaller], Any] = (
            judge_line if judge == JUDGE else getattr(importlib.import_module(module), name)
        )
        current, sections = compile_home(make_home(os.path.join(box.root, "rules"), RULES)).current()
        environment = {**box.environment, "SAFESHELL_CONTEXT": "ai"}
        self._caller = caller_of(
            [Table(sections, current.root)],
            Settings(),
            environment,
            os.fsencode(box.directory),
            None,
            shims=None if shims else False,
        )

    def __call__(self, line: Line) -> Verdict:
        """Judges a line."""
        caller = _read_by(line.shell, self._caller)
        start = time.perf_counter()
        found = self._judge(line.text, caller)
        took = time.perf_counter() - start
        deferred = any(command.deferred for command in found.commands)
        return Verdict(found.decision.action.word, found.decision.rule, deferred, took)


def _read_by(shell: str, caller: LineCaller) -> LineCaller:
    """The caller with the shell that reads its lines, where the judge asks for one."""
    given = getattr(caller, "shell", None)
    return (
        caller if given is None else cast(LineCaller, dataclasses.replace(cast(Any, caller), shell=type(given)(shell)))
    )


def missed(line: Line, ran: Ran, verdict: Verdict, *, shims: bool) -> str:
    """Why a line in which the canary ran is a miss, or "".

    Without shims it has to be denied or asked about. Behind them it may be left to a shim only where it holds a word
    that only the run can tell, and where a shim was asked; but of a text that only the run can tell nobody knows
    whether it names its programs by their paths. A line that couldn't be read is a miss unless it holds such a word.
    """
    if not ran.fired():
        return ""
    if verdict.rule in UNREAD and not line.open:
        return "unread"
    if verdict.stopped:
        return ""
    if not verdict.deferred:
        seen = shims and line.open and not ran.past_shims()
        return "" if seen else "allowed"
    if ran.past_shims() and UNKNOWN_TEXT not in line.kinds:
        return "no shim looks"
    return "" if line.open else "deferred"


def loosened(line: Line, word: str, ran: Ran, verdict: Verdict) -> str:
    """Why a line that runs the canary with a word is judged more loosely than those two words alone, or ""."""
    if line.open or not ran.fired(word):
        return ""
    plain = "deny" if word == FIRE else "require_approval"
    return "" if RANKS[verdict.action] >= RANKS[plain] else f"{verdict.action} for {plain}"
