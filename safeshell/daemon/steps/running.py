"""An allowed command: run here, or told to run in place."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from safeshell.command.command_line import unblock
from safeshell.daemon.core.connection import Connection
from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.core.streams import Streams
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.observe.stopwatch import Untimed
from safeshell.daemon.request import Request
from safeshell.daemon.sources.policy_source import Policies
from safeshell.daemon.steps.placement import Placement, choose, expressible, foregone
from safeshell.host.path_lookup import Programs, named_by_path
from safeshell.host.process.confinement import Caller, Own, inspect
from safeshell.protocol import Flag, Reply
from safeshell.text import text

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.binding import Answered, Fastpath

DENIED = 126
FAILED = 125
NOT_FOUND = 127


class Runner:
    """Has allowed commands run.

    Attributes:
        placed: commands by placement and reason.
        front: what does it for less, where it was compiled.
    """

    def __init__(
        self, policies: Policies, executor: Executor, loop: Loop, own: Own, programs: Programs, journal: Journal
    ) -> None:
        self._own = own
        self._policies = policies
        self._executor = executor
        self.time(Untimed())
        self._loop = loop
        self._programs = programs
        self._journal = journal
        self.placed: Counter[tuple[str, str]] = Counter()
        self.fastpath: Fastpath | None = None

    def time(self, timing: Untimed) -> None:
        """Has its stages timed, or no longer."""
        self._watch = timing.watching(self._executor.watch)
        self._inspect = timing.confining(self._inspect_caller)

    def run(self, request: Request) -> None:
        """Runs the command here or has the client run it; it has been allowed."""
        connection, command = request.connection, request.command
        placement, reason = self._place(request)
        if placement is Placement.REFUSED:
            self._fail(request, f"can't run this in the daemon: {reason}")
            return
        if not request.same_view:
            # Its programs are not ours to look up: the client does, along its own PATH.
            self._execute(request, b"", reason, command.arguments)
            return
        path = self._find(request)
        if path is None:
            return
        request.program = path
        own = command.arguments
        command.arguments = named_by_path(request.name, path, own)
        if placement is Placement.DAEMON:
            obstacle = self._spawn(request, path, reason)
            if not obstacle:
                return
            if not connection.descriptors and not command.flags & (Flag.IN_PLACE | Flag.CLOSED):
                self._fail(request, f"{text(request.name)}: can't be started here: {obstacle}")
                return
            reason = obstacle
        self._execute(request, path, reason, own)

    def _place(self, request: Request) -> tuple[Placement, str]:
        """Who runs it, and why."""
        connection, command = request.connection, request.command
        has_stdio = len(connection.descriptors) == 4
        setting, rule = self._policies.settings.execution, request.decision.execution
        reason = request.obstacle or foregone(
            command.flags, blocked=command.blocked, has_stdio=has_stdio, setting=setting, rule=rule
        )
        if reason and request.same_view:
            return Placement.IN_PLACE, reason
        if request.caller is None:
            request.caller = self._inspect(connection)
        return choose(
            command.flags,
            request.caller,
            nice=command.nice,
            blocked=command.blocked,
            has_stdio=has_stdio,
            can_express=True,  # found out when it is tried, for it costs more than all the rest
            can_enter=True,
            setting=setting,
            rule=rule,
        )

    def _inspect_caller(self, connection: Connection) -> Caller:
        """What the kernel says about who asks; read last, right before a command is spawned for it."""
        if self.fastpath is not None:
            umask = self.fastpath.inspect(connection.pid, connection.pidfd)
            if umask >= 0:
                return Caller("", "", umask, self._own.nice, same_view=True)
        return inspect(connection.pid, self._own, connection.pidfd)

    def _fail(self, request: Request, why: str) -> None:
        request.connection.refuse(FAILED, f"safeshell: {why}")
        self._journal.refused(request, FAILED, why)

    def _find(self, request: Request) -> bytes | None:
        """The program, or None where the client has been told that there is none."""
        connection = request.connection
        if request.program is not None:
            return request.program
        path, forbidden = self._programs.find(request.name, request.facts.variable(b"PATH"), request.base)
        if path is None:
            if forbidden:
                connection.refuse(DENIED, f"safeshell: {text(request.name)}: permission denied")
            else:
                connection.refuse(NOT_FOUND, f"safeshell: {text(request.name)}: command not found")
        return path

    def _execute(self, request: Request, path: bytes, reason: str, own: bytes) -> None:
        """Has the client execute it, with its own arguments where those are what is to run."""
        arguments = request.command.arguments
        request.reason = reason
        self.placed["in_place", reason] += 1
        # The line form has words for its arguments only where they are another command's.
        same = not request.replaced and (arguments is own or request.command.lines)
        request.connection.execute(path, request.decision.timeout_ms, b"" if same else arguments)
        self._journal.ran(request, "in_place", reason)

    def ran_again(self, request: Request, by: Answered) -> None:
        """Takes note that the native front did for somebody else what was done for this request."""
        placement = request.connection.placement
        self.placed[placement, request.reason] += 1
        if by.child:
            self._journal.ran(request, placement, request.reason, by.status, by.duration_ns / 1e9, by=by)
        else:
            self._journal.ran(request, placement, request.reason, by=by)

    def adopt(self, request: Request, child: int, began: float) -> None:
        """Supervises a command that was started as this request's was, at this time (monotonic, seconds)."""
        self.placed["daemon", request.reason] += 1
        self._supervise(request, child, None, request.reason, began)

    def _spawn(self, request: Request, path: bytes, reason: str) -> str:
        """Runs the command here; returns why not, or "" where it runs.

        What stands in the way of a spawn may stand in the way of execve too: the client finds out in place, and
        fails as the program itself would have.
        """
        if len(self._executor) >= self._policies.settings.limits.commands:
            return "limit on running commands"
        connection, command, caller = request.connection, request.command, request.caller
        assert caller is not None
        streams = None
        try:
            if self.fastpath is not None and len(connection.descriptors) == 4:
                blocks = command.arguments, command.environment[1:]
                pid = self.fastpath.spawn(path, *blocks, connection.descriptors, caller.umask)
            else:
                environment = expressible(unblock(command.environment[1:]))
                if environment is None:
                    return "environment"
                arguments = unblock(command.arguments)
                if not arguments or not arguments[0]:
                    return "argv[0]"  # os.posix_spawn wants one
                program = (path, arguments, environment)
                if len(connection.descriptors) == 4:
                    *stdio, directory = connection.descriptors
                    pid = self._executor.spawn(program, stdio=stdio, directory=directory, umask=caller.umask)
                else:
                    streams = Streams(self._loop, connection)
                    pid = streams.spawn(self._executor, program, caller.umask)
        except OSError as error:
            if streams is not None:
                streams.close()
            return f"spawn: {error.strerror}"
        request.reason = reason
        self.placed["daemon", reason] += 1
        self._supervise(request, pid, streams, reason, time.monotonic())
        return ""

    def _supervise(self, request: Request, pid: int, streams: Streams | None, reason: str, began: float) -> None:
        connection = request.connection
        connection.placement = "daemon"
        connection.release_descriptors()
        if connection.waiting:
            connection.waiting = False
            connection.tell(Reply.RUNNING)

        def ended(status: int, timed_out: bool) -> None:
            child, connection.child = connection.child, None
            if streams is not None:
                streams.drain()
            if child is not None and child.already_notified:
                connection.close()
            else:
                connection.exited(status, timed_out=timed_out)
            self._journal.ran(request, "daemon", reason, status, time.monotonic() - began)

        def stopped(number: int) -> None:
            if self.fastpath is not None:
                self.fastpath.stop_notifying(pid)  # what is told of it from now on is in order
            connection.stopped(number)

        timeout_ms = request.decision.timeout_ms
        connection.child = self._watch(pid, ended, stopped, timeout_ms)
        # The front can tell of an end where that is one frame, and nothing is to be sent before it.
        plain = streams is None and not request.command.lines and not timeout_ms and not connection.backlog
        if (
            self.fastpath is not None
            and plain
            and not connection.adopted
            and self.fastpath.notify_exit_on(pid, connection.fileno)
        ):
            connection.adopted = pid
