"""Step `spawn`: the command becomes a child of the daemon, or is left to its caller."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from safeshell.command.command_line import unblock
from safeshell.daemon.approvals.queue import Approvals
from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.core.streams import Streams
from safeshell.daemon.observe.tally import Tally
from safeshell.daemon.request import FAILED, Request
from safeshell.daemon.sources.policy_source import Policies
from safeshell.daemon.steps import END, GO_ON
from safeshell.protocol import Flag, Reply

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.binding import Fastpath

_FRAMED = int(Flag.IN_PLACE | Flag.CLOSED)

_in_two: Callable[[bytes], tuple[bytes, bytes]] = operator.methodcaller("split", b"=", 1)
"""An entry's name and value, without a step of the interpreter for each of them."""


class Spawn:
    """Starts commands and supervises them.

    Args:
        policies: have the settings.
        executor: starts and reaps children.
        loop: what waits for their output.
        approvals: hear of what runs that was approved.
        tally: counts placements.
        ended: goes on with a request whose command has ended.

    Attributes:
        fastpath: starts commands and tells of their ends for less, where it was compiled.
    """

    def __init__(
        self,
        policies: Policies,
        executor: Executor,
        loop: Loop,
        approvals: Approvals,
        tally: Tally,
        ended: Callable[[Request], None],
    ) -> None:
        self._policies = policies
        self._executor = executor
        self._loop = loop
        self._approvals = approvals
        self._tally = tally
        self._ended = ended
        self.fastpath: Fastpath | None = None

    def run(self, request: Request) -> str:
        """Leaves off until the child's end; what can't be started here may fail in place as the program would have."""
        if request.placement == "daemon":
            obstacle = self._start(request)
            if not obstacle:
                return END  # `finish` comes with its end
            command = request.command
            assert command is not None
            if not request.connection.descriptors and not command.flags & _FRAMED:
                why = f"{request.base}: can't be started here: {obstacle}"
                return request.refuse(FAILED, why, error=why)
            request.placement, request.reason = "in_place", obstacle
        self._tally.placements["in_place", request.reason] += 1
        if request.covered:
            self._approvals.let_inside(request, request.connection.pid)  # the client becomes the command
        return GO_ON

    def _start(self, request: Request) -> str:
        """Runs the command here; returns why not, or "" where it runs."""
        if len(self._executor.children) >= self._policies.settings.limits.commands:
            return "limit on running commands"
        connection, command, caller = request.connection, request.command, request.caller
        assert command is not None
        assert caller is not None
        assert request.program is not None
        descriptors = connection.descriptors
        try:
            if self.fastpath is not None and len(descriptors) == 4:
                blocks = request.arguments, command.environment[1:]
                pid = self.fastpath.spawn(request.program, *blocks, descriptors, caller.umask)
            else:
                environment = expressible(unblock(command.environment[1:]))
                if environment is None:
                    return "environment"
                arguments = unblock(request.arguments)
                if not arguments or not arguments[0]:
                    return "argv[0]"  # os.posix_spawn wants one
                program = (request.program, arguments, environment)
                if len(descriptors) == 4:
                    *stdio, directory = descriptors
                    pid = self._executor.spawn(program, stdio=stdio, directory=directory, umask=caller.umask)
                else:
                    request.streams = Streams(self._loop, connection)
                    pid = request.streams.spawn(self._executor, program, caller.umask)
        except OSError as error:
            if request.streams is not None:
                request.streams.close()
                request.streams = None
            return f"spawn: {error.strerror}"
        request.spawned_ns = time.perf_counter_ns()
        self.supervise(request, pid)
        return ""

    def supervise(self, request: Request, pid: int) -> None:
        """Waits for a command that was started for this request."""
        connection, fastpath = request.connection, self.fastpath
        self._tally.placements["daemon", request.reason] += 1
        connection.release_descriptors()
        if request.covered:
            self._approvals.let_inside(request, pid)
        if request.waiting:
            request.waiting = False
            connection.tell(Reply.RUNNING)

        def ended(status: int, timed_out: bool) -> None:
            request.wait_status, request.timed_out = status, timed_out
            self._ended(request)

        def stopped(number: int) -> None:
            if fastpath is not None:
                fastpath.stop_notifying(pid)  # what is told of it from now on is in order
            connection.stopped(number)

        timeout_ms = request.decision.timeout_ms
        request.child = self._executor.watch(pid, ended, stopped, timeout_ms)
        # The fast path can tell of an end where that is one frame, and nothing is to be sent before it.
        if fastpath is None or timeout_ms or connection.lines or request.adopted:
            return
        if request.streams is None and not connection.backlog and fastpath.notify_exit_on(pid, connection.fileno):
            request.adopted = pid


def expressible(entries: list[bytes]) -> dict[bytes, bytes] | None:
    """The environment's entries as `os.posix_spawn` takes them, in their order.

    None where it can't express them: a name twice, an entry without "=", an empty name.
    """
    try:
        made = dict(map(_in_two, entries))
    except ValueError:
        return None
    return made if len(made) == len(entries) and b"" not in made else None
