"""Approved lines: what a person's approval of an agent's whole line is good for when its commands run.

A line that a hook asked about is approved as a text; its commands come one by one, from shims, and nothing that they
are given says which line they belong to. So the kernel is asked: the agent's process is above whoever asks, and the
shell that it started runs just that text. Each command that needed approval counts once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from safeshell.daemon.approvals.grants import asking
from safeshell.daemon.approvals.pin import Pins
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.request import Request
from safeshell.daemon.sources.policy_source import Policies
from safeshell.hooks.agent import Agent, holds_line
from safeshell.host.process import ancestry
from safeshell.host.process.shells import is_shell
from safeshell.policy.context import FORCED, Context

PROMPT = "the agent's prompt"
"""By whom a line was approved that its agent ran after it was told to ask: the person at that agent."""

LASTS_S = 600.0
"""How long an approved line may wait to be run."""

PROMPT_LASTS_S = 3600.0
"""How long an agent's own prompt may wait for its person: it has no limit of its own, and nobody says how it ended."""

LINES_MAX = 64
"""Lines kept; beyond them the oldest are forgotten, and their commands asked about again."""

_COMMAND_LINE_MAX = 2 << 20
"""Bytes of a shell's arguments that are read; a line has at most 256 KiB, and quotes may make five of each of them."""

_SHELLS_BETWEEN = 4
"""Shells that an agent may start its hook by."""


class ApprovedCommand(NamedTuple):
    """A command of a line that needed approval.

    Attributes:
        runs: the arguments, as a block, and the directory of each way in which it may be asked about: with its
            wrappers and without.
        rules: the rules that asked, by name and place.
        tables: the digests of the tables that it was judged by.
        is_last: whether it is what its line runs last: the shell may become it, without a process more.
    """

    runs: frozenset[tuple[bytes, bytes]]
    rules: frozenset[tuple[str, str]]
    tables: tuple[str, ...]
    is_last: bool

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> ApprovedCommand:
        """As the helper tells of it (`safeshell.shell.hook_line`)."""
        return cls(
            frozenset([(argv.encode("latin-1"), directory.encode("latin-1")) for argv, directory in told["runs"]]),
            frozenset([(rule, source) for rule, source in told["rules"]]),
            tuple(told["tables"]),
            told["last"],
        )

    def is_asked_by(self, request: Request) -> bool:
        """Whether it is what a request asks for, by no other rules."""
        if request.directory is None or (request.asked.arguments, request.directory) not in self.runs:
            return False
        return request.decision.tables == self.tables and self.rules.issuperset(asking(request.decisions))


class _Line:
    """An approved line.

    Attributes:
        agent: its agent's process, by id and start time.
        key: what tells it from another one of that agent: its text and its directory.
        commands: those that may run still.
        by: who approved it; "" for who answers requests.
        until: how long it counts, monotonic, s.
    """

    __slots__ = ("_hook", "agent", "by", "commands", "key", "until")

    def __init__(self, request: Request, agent: ancestry.Process, by: str, until: float) -> None:
        assert request.hook is not None
        assert request.line is not None
        self.agent = (agent.pid, agent.started)
        self.key = (self.agent, request.asked.arguments[:-1], request.directory)
        self.commands = [ApprovedCommand.read(one) for one in request.line[1].get("asked", ())]  # a file tool runs none
        self.by = by
        self.until = until
        self._hook: Agent = request.hook.agent

    def is_run_by(self, pid: int) -> bool:
        """Whether a process is a shell that runs this line."""
        run = _text_of_shell(pid)
        return run is not None and holds_line(self._hook, run, self.key[1])


class ApprovedLines:
    """The lines that were approved lately, and whose commands may run.

    Args:
        policies: have the settings.
        pins: know whether a PIN is set: then no agent's prompt approves.
        journal: hears of what runs so.
        is_within_reach: whether anybody could answer a request.
    """

    def __init__(self, policies: Policies, pins: Pins, journal: Journal, is_within_reach: Callable[[], bool]) -> None:
        self._policies = policies
        self._pins = pins
        self._journal = journal
        self._is_within_reach = is_within_reach
        self._lines: list[_Line] = []

    def prompts(self, request: Request) -> bool:
        """Whether an agent asks its own person about a line; then that the line runs is the approval.

        Not where a PIN or a rule keeps approvals from there; nor where nobody sits at the agent, as far as that can be
        told, and somebody else can be asked.

        Args:
            request: a hook's, whose line needs approval.
        """
        hook, decision = request.hook, request.decision
        assert hook is not None
        if hook.agent.ask is None or decision.outside or self._pins.enrolled or request.grant is not None:
            return False
        agent = agents_own(request.connection.pid)
        if agent is None or is_started_by_an_agent(agent, Context(self._policies.settings.markers)):
            return False
        if not agent.terminal and self._is_within_reach():
            return False
        self.keep(request, by=PROMPT)
        request.prompt = f"safeshell: {decision.cited} requires approval: {decision.message}"
        request.approval = {"answer": "asked", "by": PROMPT}
        return True

    def keep(self, request: Request, by: str = "") -> None:
        """Keeps the approval of a line for its commands; a later one of the same line takes its place.

        Args:
            request: the hook's.
            by: who approved it, where that isn't who answers requests.
        """
        agent = agents_own(request.connection.pid)
        if agent is None:
            return  # nobody can tell below whom it runs
        now = time.monotonic()
        line = _Line(request, agent, by, now + (PROMPT_LASTS_S if by else LASTS_S))
        kept = [other for other in self._lines if other.key != line.key and other.until > now]
        self._lines = [*kept[1 - LINES_MAX :], line]

    def covers(self, request: Request) -> bool:
        """Whether the line that a command belongs to was approved; it is used up by that.

        Args:
            request: a command's, which needs approval; of a line itself nothing else was approved.
        """
        if not self._lines or request.hook is not None or not request.same_view:
            return False
        now = time.monotonic()
        self._lines = [line for line in self._lines if line.until > now and line.commands]
        ancestors = list(ancestry.lineage(request.connection.pid))
        for line in self._lines:
            command = next((each for each in line.commands if each.is_asked_by(request)), None)
            if command is None:
                continue
            below = _child_of(line.agent, ancestors)
            # What is read of a process counts once all are seen to be there still, each below the same.
            if (
                below is not None
                and (command.is_last if below == ancestors[0] else line.is_run_by(below.pid))
                and ancestors == list(ancestry.lineage(request.connection.pid))
            ):
                line.commands.remove(command)
                self._journal.approved_by_line(request, line.by)
                return True
        return False


def agents_own(hook: int) -> ancestry.Process | None:
    """The process of the agent that has called a hook: the nearest above it that is no shell; None where there is none.

    Args:
        hook: the hook program's process.
    """
    for count, process in enumerate(ancestry.lineage(hook)):
        if count > _SHELLS_BETWEEN + 1:
            return None
        if count and not is_shell(process.pid):
            return process
    return None


def is_started_by_an_agent(agent: ancestry.Process, context: Context) -> bool:
    """Whether an agent's process was itself started by an agent's line: then its prompt may have nobody before it.

    `safeshell run` says of everything in it that an agent asks; that is no other agent.
    """
    signs = {context.sign(ancestry.environment(process.pid)) for process in ancestry.lineage(agent.pid)}
    return not signs <= {None, FORCED}


def _child_of(agent: tuple[int, int], ancestors: Iterable[ancestry.Process]) -> ancestry.Process | None:
    """The process among these that is the agent's child."""
    below = None
    for process in ancestors:
        if (process.pid, process.started) == agent:
            return below
        below = process
    return None


def _text_of_shell(pid: int) -> bytes | None:
    """The text that a process was given to run with `-c`; None where it is no shell, has none, or can't be read."""
    if not is_shell(pid):
        return None
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            block = stream.read(_COMMAND_LINE_MAX)
    except OSError:
        return None
    if len(block) == _COMMAND_LINE_MAX:
        return None
    words = iter(block.split(b"\0")[1:-1])
    for word in words:
        if not word.startswith(b"-"):
            return None  # a script's name
        if not word.startswith(b"--") and b"c" in word:
            return next(words, None)
    return None
