"""What happens to a command: judged, refused, run here or told to run in place."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from safeshell.cache import Policy
from safeshell.context import Context
from safeshell.daemon.borrow import borrow
from safeshell.daemon.confinement import Caller, Own, inspect
from safeshell.daemon.connection import Connection
from safeshell.daemon.directory import working_directory
from safeshell.daemon.executor import Executor
from safeshell.daemon.lines import Line, Lines
from safeshell.daemon.loop import Loop
from safeshell.daemon.placement import Placement, choose, expressible
from safeshell.daemon.policies import Origin, Policies
from safeshell.daemon.streams import Streams
from safeshell.decision import Action, Decision
from safeshell.facts import RequestFacts
from safeshell.judgement import judge_all
from safeshell.programs import Programs, named_by_path
from safeshell.protocol import Command, Flag, Reply, Type
from safeshell.spellings import UNWRAPPED, FileWorld, Spelling, spellings
from safeshell.subject import text, unblock

DENIED = 126
NEEDS_APPROVAL = 77
FAILED = 125
NOT_FOUND = 127


class Allowed(NamedTuple):
    """An allowed command and what running it takes."""

    command: Command
    decision: Decision
    facts: RequestFacts
    caller: Caller
    obstacle: str
    """Why the client's descriptors couldn't be borrowed, or ""."""

    @property
    def name(self) -> bytes:
        """The basename of the file executed."""
        return self.command.name[self.command.name.rfind(b"/") + 1 :]


class Commands:
    """Judges commands and has them run.

    Attributes:
        decided: decisions by action.
        placed: commands by placement and reason.
        on_bug: called with what a command that had waited met.
        observed: what rules that only observe would have done, by rule and action.
    """

    def __init__(self, policies: Policies, executor: Executor, loop: Loop, own: Own, lines: Lines) -> None:
        self._policies = policies
        self._executor = executor
        self._loop = loop
        self._own = own
        self._lines = lines
        self._programs = Programs()
        self._context = Context()
        self.on_bug: Callable[[Connection, Exception], None] = lambda _connection, _error: None
        self.decided: Counter[str] = Counter()
        self.placed: Counter[tuple[str, str]] = Counter()
        self.observed: Counter[tuple[str, str]] = Counter()

    def apply_settings(self) -> None:
        """Takes up what the settings say now."""
        self._context = Context(self._policies.settings.markers)

    def judge(self, connection: Connection, *, patient: bool) -> None:
        """Decides the command and acts on it; `patient` says whether it may wait for an edit to be compiled."""
        command = connection.command
        assert command is not None
        caller = inspect(connection.pid, self._own, connection.pidfd)
        obstacle = ""
        if command.borrow:
            caller, obstacle = borrow(connection, caller, self._own, self._programs)
        descriptor = connection.descriptors[-1] if connection.descriptors else None
        directory = working_directory(descriptor, connection.pid, same_view=caller.same_view)
        repository = self._policies.repository(directory) if caller.same_view else None
        if patient:
            stale = self._policies.stale(repository)
            if stale is not None:
                self._wait(connection, stale)
                return
        policy = self._policies.policy(repository)
        if policy is None:
            reason = self._policies.error or "no rules have been compiled"
            connection.refuse(FAILED, f"safeshell: no rules are in force: {reason}")
            return
        if command.kind == Type.EVALUATE_LINE:
            self._judge_line(connection, policy, directory if caller.same_view else None, repository)
            return
        facts = RequestFacts(
            command.environment,
            directory,
            self._context,
            descriptor=descriptor,
            prefix=b"" if caller.same_view else b"/proc/%d/root" % connection.pid,
        )
        misses = policy.misses
        decision = self._decide(policy, command, directory, facts)
        self.decided[decision.action.word] += 1
        for match in decision.observed:
            self.observed[match.rule, match.action.word] += 1
        if command.kind == Type.EVALUATE and not command.lines:
            connection.result(decision.to_json(cached=policy.misses == misses))
        elif decision.action is Action.ALLOW:
            if command.kind == Type.EVALUATE:
                connection.allow()
            else:
                self._run(connection, Allowed(command, decision, facts, caller, obstacle))
        else:
            _refuse(connection, decision)

    def _judge_line(
        self, connection: Connection, policy: Policy, directory: bytes | None, repository: bytes | None
    ) -> None:
        command = connection.command
        assert command is not None
        if directory is None:
            connection.refuse(FAILED, "safeshell: a shell line can't be judged here: the directory can't be seen")
            return

        def answer(found: dict[str, Any] | None, reason: str) -> None:
            if found is None:
                connection.refuse(FAILED, f"safeshell: {reason}")
                return
            self.decided[found["decision"]] += 1
            connection.result(found)

        self._lines.judge(
            Line(
                command.arguments[:-1],
                self._context.is_ai(command.environment),
                command.environment[1:],
                directory,
                self._policies.settings.markers,
                None if repository is None else os.fsdecode(repository),
                [(loaded.table.digest, loaded.table.root) for loaded in policy.tables],
                answer,
                lambda: connection.closed,
            )
        )

    def _decide(self, policy: Policy, command: Command, directory: bytes | None, facts: RequestFacts) -> Decision:
        """Decides the command in all its spellings; most have one."""
        name = text(command.name[command.name.rfind(b"/") + 1 :])
        if name not in UNWRAPPED:
            return policy.decide(name, command.arguments, facts)
        found = spellings(name, command.arguments, command.environment, directory, FileWorld(facts.prefix))
        if len(found) == 1:
            return policy.decide(name, command.arguments, facts)
        return judge_all(
            found,
            lambda spelling: facts if spelling is found[0] else self._facts(spelling, found[0], facts),
            lambda spelling, its: policy.decide(spelling.name, spelling.arguments, its),
        ).decision

    def _facts(self, spelling: Spelling, original: Spelling, facts: RequestFacts) -> RequestFacts:
        """A spelling's facts: in its own directory and environment, in the context of whoever asked."""
        stayed = spelling.directory is not None and spelling.directory == original.directory
        return RequestFacts(
            spelling.environment,
            spelling.directory,
            self._context,
            descriptor=facts.descriptor if stayed else None,
            prefix=facts.prefix,
            asker=original.environment,
            git_environment=spelling.git_environment,
        )

    def _wait(self, connection: Connection, origin: Origin) -> None:
        """Lets the command wait for a compilation; whoever waited is told what came of it."""
        if not connection.waiting:
            connection.waiting = True
            connection.tell(Reply.WAITING)

        def go_on(ended: bool) -> None:
            if connection.closed:
                return
            if not ended:
                connection.notice(f"safeshell: {origin.rules} is still being compiled; the last rules stay")
            elif origin.notice:
                connection.notice(origin.notice)
            try:
                self.judge(connection, patient=ended)
            except Exception as error:  # noqa: BLE001 # one command must not end the daemon for all
                self.on_bug(connection, error)

        self._policies.compile(origin, go_on)

    def _run(self, connection: Connection, allowed: Allowed) -> None:
        command, decision, facts, caller, obstacle = allowed
        placement, reason = choose(
            command.flags,
            caller,
            nice=command.nice,
            blocked=command.blocked,
            has_stdio=len(connection.descriptors) == 4,
            can_express=True,  # found out when it is tried, for it costs more than all the rest
            can_enter=True,
            setting=self._policies.settings.execution,
            rule=decision.execution,
        )
        if obstacle:
            placement, reason = Placement.IN_PLACE, obstacle
        if placement is Placement.REFUSED:
            connection.refuse(FAILED, f"safeshell: can't run this in the daemon: {reason}")
            return
        if not caller.same_view:
            # Its programs are not ours to look up: the client does, along its own PATH.
            self.placed["in_place", reason] += 1
            connection.execute(b"", decision.timeout_ms)
            return
        base = (
            b"/proc/self/fd/%d" % connection.descriptors[-1]
            if connection.descriptors
            else b"/proc/%d/cwd" % connection.pid
        )
        path, forbidden = self._programs.find(allowed.name, facts.variable(b"PATH"), base)
        if path is None:
            if forbidden:
                connection.refuse(DENIED, f"safeshell: {text(allowed.name)}: permission denied")
            else:
                connection.refuse(NOT_FOUND, f"safeshell: {text(allowed.name)}: command not found")
            return
        own = command.arguments
        command.arguments = named_by_path(allowed.name, path, own)
        if placement is Placement.DAEMON:
            obstacle = self._spawn(connection, allowed, path)
            if not obstacle:
                self.placed["daemon", reason] += 1
                return
            if not connection.descriptors and not command.flags & (Flag.IN_PLACE | Flag.CLOSED):
                connection.refuse(FAILED, f"safeshell: {text(allowed.name)}: can't be started here: {obstacle}")
                return
            reason = obstacle
        self.placed["in_place", reason] += 1
        connection.execute(path, decision.timeout_ms, b"" if command.arguments is own else command.arguments)

    def _spawn(self, connection: Connection, allowed: Allowed, path: bytes) -> str:
        """Runs the command here; returns why not, or "" where it runs.

        What stands in the way of a spawn may stand in the way of execve too: the client finds out in place, and
        fails as the program itself would have.
        """
        if len(self._executor) >= self._policies.settings.limits.commands:
            return "limit on running commands"
        environment = expressible(unblock(allowed.command.environment[1:]))
        if environment is None:
            return "environment"
        arguments = unblock(allowed.command.arguments)
        if not arguments or not arguments[0]:
            return "argv[0]"  # os.posix_spawn wants one
        program = (path, arguments, environment)
        streams = None
        try:
            if len(connection.descriptors) == 4:
                *stdio, directory = connection.descriptors
                pid = self._executor.spawn(program, stdio=stdio, directory=directory, umask=allowed.caller.umask)
            else:
                streams = Streams(self._loop, connection)
                pid = streams.spawn(self._executor, program, allowed.caller.umask)
        except OSError as error:
            if streams is not None:
                streams.close()
            return f"spawn: {error.strerror}"
        self._supervise(connection, pid, streams, allowed.decision.timeout_ms)
        return ""

    def _supervise(self, connection: Connection, pid: int, streams: Streams | None, timeout_ms: int) -> None:
        connection.release_descriptors()
        if connection.waiting:
            connection.waiting = False
            connection.tell(Reply.RUNNING)

        def ended(status: int, timed_out: bool) -> None:
            connection.child = None
            if streams is not None:
                streams.drain()
            connection.exited(status, timed_out=timed_out)

        connection.child = self._executor.watch(
            pid,
            ended,
            connection.stopped,
            timeout_ms,
        )


def _refuse(connection: Connection, decision: Decision) -> None:
    where = f"rule {decision.rule} ({decision.source})" if decision.source else decision.rule
    if decision.action is Action.DENY:
        connection.refuse(DENIED, f"safeshell: denied by {where}: {decision.message}")
    elif decision.action is Action.REQUIRE_APPROVAL:
        connection.refuse(
            NEEDS_APPROVAL,
            f"safeshell: {where} requires approval, which is not available yet: {decision.message}",
        )
    else:
        connection.refuse(FAILED, f"safeshell: {where} redirects, which is not available yet: {decision.message}")
