"""Timing the stages of a command's way through the daemon.

Nothing asks whether it is to be timed. Where it is, the functions of the stages stand in the wrappers of a `Stopwatch`;
where it is not, `Untimed` leaves them as they are and no clock is read.

The daemon does one thing at a time, so one stopwatch does. What happens to a command in one callback of the loop is a
*turn*. In it a wrapper does no more than note the time: an end that is earlier than the turn's beginning is another's.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from safeshell.daemon.core.connection import Accepted, Connection
from safeshell.daemon.core.executor import Child
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.observe.timings import KEPT_MAX, Stages, Timings, Turn
from safeshell.policy.decision import Action, Decision
from safeshell.protocol import Event, Receiver

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.binding import End

_P = ParamSpec("_P")
_R = TypeVar("_R")
_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")
_D = TypeVar("_D")
_Found = TypeVar("_Found", bound=tuple[Any, Any, Decision])

Ended = Callable[[int, bool], None]
Watch = Callable[[int, Ended, Callable[[int], None], int], Child]
"""As `Executor.watch`."""


class Connect(Protocol):
    """As `Connection`."""

    def __call__(
        self,
        sock: socket.socket,
        loop: Loop,
        request_bytes: int,
        on_close: Callable[[Connection], None],
        receiver: type[Receiver],
        taken: Accepted | None,
        /,
    ) -> Connection:
        """Makes one."""
        ...


class Untimed:
    """The stages as they are: what stands around each is nothing."""

    def connecting(self, connect: Connect) -> Connect:
        """Around what makes a connection: the stage `accept`."""
        return connect

    def closing(self, closed: Callable[[Connection], None]) -> Callable[[Connection], None]:
        """Around what hears of a connection's end: the stage `reply`."""
        return closed

    def receiver(self) -> type[Receiver]:
        """What takes a request's bytes: the stages `receive` and `decode`."""
        return Receiver

    def taking(self, take: Callable[_P, bool]) -> Callable[_P, bool]:
        """Around what takes a connection, and all that comes of it at once."""
        return take

    def waking(self, wake: Callable[[Connection, int], None]) -> Callable[[Connection, int], None]:
        """Around what hears from a connection that was taken before."""
        return wake

    def going_on(self, work: Callable[Concatenate[Connection, _P], _R]) -> Callable[Concatenate[Connection, _P], _R]:
        """Around what goes on with a command that had to wait."""
        return work

    def reaping(self, reap: Callable[[], None]) -> Callable[[], None]:
        """Around what looks for children that ended."""
        return reap

    def adopting(self, adopt: Callable[[Connection, Accepted], None]) -> Callable[[Connection, Accepted], None]:
        """Around what takes over a command that the native front has started: the stages up to `spawn`."""
        return adopt

    def ending(self, bury: Callable[[End], None]) -> Callable[[End], None]:
        """Around what hears of the end of such a command."""
        return bury

    def confining(self, inspect: Callable[[Connection], _R]) -> Callable[[Connection], _R]:
        """Around the stage `confinement`."""
        return inspect

    def deciding(self, decide: Callable[[_A, _B, _C, _D], _Found]) -> Callable[[_A, _B, _C, _D], _Found]:
        """Around the stage `decide`, before which is `facts`."""
        return decide

    def watching(self, watch: Watch) -> Watch:
        """Around what supervises a command that has just been spawned: the stages `spawn`, `child` and `reap`."""
        return watch


class _Marks:
    """The turn: whose it is, what has come of it, and when each stage ended, ns.

    An end that is not after the beginning is of another turn.
    """

    __slots__ = (
        "accepted",
        "began",
        "closed",
        "connection",
        "decided",
        "decision",
        "decoded",
        "inspected",
        "located",
        "noticed",
        "received",
        "spawned",
        "spent",
        "started",
        "told",
    )

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.decision = ""
        self.began = self.accepted = self.received = self.decoded = self.inspected = 0
        self.located = self.decided = self.spawned = self.closed = self.noticed = self.spent = 0
        self.started = 0  # when the native front had started a command, where it has
        self.told: End | None = None  # of a command's end, where the native front has told of it

    def begin(self, connection: Connection | None, at: int, decision: str = "", spent: int = 0) -> None:
        """Begins a turn; `spent` is what the whole has come to before it."""
        self.connection = connection
        self.decision = decision
        self.spent = spent
        self.began = at

    def end(self) -> None:
        """What happens now is nobody's turn."""
        self.connection = None
        self.decision = ""
        self.spent = 0


class _Before:
    """The earlier turns of a command that has to wait: for the rest of its request, a compilation, people."""

    __slots__ = ("decision", "spent", "turns")

    def __init__(self) -> None:
        self.decision = ""
        self.spent = 0
        self.turns: list[Turn] = []


class Stopwatch(Untimed):
    """Times commands.

    Args:
        timings: where they are counted.
        clock: monotonic time, ns.
    """

    def __init__(self, timings: Timings, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._timings = timings
        self._clock = clock
        self._marks = _Marks()
        self._waiting: dict[Connection, _Before] = {}
        self._until_decision = timings.stages("accept", "receive", "decode", "facts", "decide")
        self._confinement = timings.stages("confinement")
        self._spawn, self._reply = timings.stages("spawn"), timings.stages("reply")
        self._child, self._reap = timings.stages("child"), timings.stages("reap")

    # Turns

    def taking(self, take: Callable[_P, bool]) -> Callable[_P, bool]:
        """A turn; for most commands all there is, and then its stages are those of every other."""
        marks, clock, timings = self._marks, self._clock, self._timings
        turns = timings.turns
        until_reply, until_spawn = self._until_decision + self._reply, self._until_decision + self._spawn
        inspected = self._until_decision + self._confinement
        inspected_reply, inspected_spawn = inspected + self._reply, inspected + self._spawn

        def timed(*args: _P.args, **kwargs: _P.kwargs) -> bool:
            marks.began = clock()
            taken = take(*args, **kwargs)
            began, connection, decision = marks.began, marks.connection, marks.decision
            marks.connection = None
            if connection is None:
                return taken
            marks.decision = ""
            if decision and marks.closed > began:
                stages, end, placement = until_reply, marks.closed, connection.placement
            elif decision and marks.spawned > began:  # the whole comes when it ends
                stages, end, decision, placement = until_spawn, marks.spawned, "", ""
            else:
                self._wait(connection, decision, _Before())
                return taken
            ends: tuple[int, ...] = (marks.accepted, marks.received, marks.decoded, marks.located, marks.decided)
            if marks.inspected > began:
                stages = inspected_reply if stages is until_reply else inspected_spawn
                ends = (*ends, marks.inspected, end)
            else:
                ends = (*ends, end)
            turns.append((stages, began, ends, decision, placement, end - began))
            if len(turns) >= KEPT_MAX:
                timings.count()
            return taken

        return timed

    def waking(self, wake: Callable[[Connection, int], None]) -> Callable[[Connection, int], None]:
        """Another turn while the request is not whole; what comes later is a signal for the command, or its end."""
        turn = self.going_on(wake)

        def timed(connection: Connection, ready: int) -> None:
            if connection.command is None:
                turn(connection, ready)
            else:
                wake(connection, ready)

        return timed

    def going_on(self, work: Callable[Concatenate[Connection, _P], _R]) -> Callable[Concatenate[Connection, _P], _R]:
        """Another turn, unless it is the connection's own still."""
        marks, clock = self._marks, self._clock

        def timed(connection: Connection, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
            before = self._waiting.pop(connection, None)
            if before is None:
                return work(connection, *args, **kwargs)
            marks.begin(connection, clock(), before.decision, before.spent)
            done = work(connection, *args, **kwargs)
            self._wait(connection, marks.decision, before)
            marks.end()
            return done

        return timed

    def _wait(self, connection: Connection, decision: str, before: _Before) -> None:
        """Ends a turn that had others before it or will have others after it; one of no command comes to nothing."""
        marks, began = self._marks, self._marks.began
        all_ends = (marks.accepted, marks.received, marks.decoded, marks.located, marks.decided, marks.inspected)
        stages = self._until_decision + self._confinement
        found = [(stage, end) for stage, end in zip(stages.histograms, all_ends, strict=True) if end > began]
        if marks.spawned > began:
            found.append((self._spawn.histograms[0], marks.spawned))
        elif marks.closed > began:
            found.append((self._reply.histograms[0], marks.closed))
        if found:
            passed, ends = zip(*found, strict=True)
            before.spent += ends[-1] - began
            answered = decision if marks.closed > began else ""
            before.turns.append((Stages(passed), began, ends, answered, connection.placement, before.spent))
        if decision:
            for turn in before.turns:
                self._timings.add(turn)
            before.turns.clear()
        if not connection.closed and marks.spawned <= began:
            before.decision = decision
            self._waiting[connection] = before

    # Stages

    def connecting(self, connect: Connect) -> Connect:
        """Ends `accept`; whose turn it is, is known now."""
        marks, clock = self._marks, self._clock

        def timed(
            sock: socket.socket,
            loop: Loop,
            request_bytes: int,
            on_close: Callable[[Connection], None],
            receiver: type[Receiver],
            taken: Accepted | None,
        ) -> Connection:
            connection = marks.connection = connect(sock, loop, request_bytes, on_close, receiver, taken)
            if taken is None:
                marks.accepted = clock()
            else:  # the front has read the clock
                marks.began, marks.accepted = taken.began, taken.accepted
            return connection

        return timed

    def receiver(self) -> type[Receiver]:
        """Ends `receive` and `decode`."""
        marks, clock = self._marks, self._clock

        class Timed(Receiver):
            __slots__ = ()

            def feed(self, data: bytes) -> list[Event]:
                marks.received = clock()
                events = Receiver.feed(self, data)
                marks.decoded = clock()
                return events

        return Timed

    def confining(self, inspect: Callable[[Connection], _R]) -> Callable[[Connection], _R]:
        """Ends `confinement`."""
        marks, clock = self._marks, self._clock

        def timed(connection: Connection) -> _R:
            found = inspect(connection)
            marks.inspected = clock()
            return found

        return timed

    def deciding(self, decide: Callable[[_A, _B, _C, _D], _Found]) -> Callable[[_A, _B, _C, _D], _Found]:
        """Ends `facts` and `decide`; what is decided first is what was asked for: a redirect's target is not."""
        marks, clock = self._marks, self._clock

        def timed(a: _A, b: _B, c: _C, d: _D) -> _Found:  # by place: passing *args on costs more than the clock
            if marks.decision or marks.connection is None:
                return decide(a, b, c, d)
            marks.located = clock()
            found = decide(a, b, c, d)
            marks.decided = clock()
            marks.decision = found[2].action.word
            return found

        return timed

    def closing(self, closed: Callable[[Connection], None]) -> Callable[[Connection], None]:
        """Ends `reply`."""
        marks, clock, waiting = self._marks, self._clock, self._waiting

        def timed(connection: Connection) -> None:
            if connection is marks.connection:
                marks.closed = clock()
            if waiting:
                waiting.pop(connection, None)
            closed(connection)

        return timed

    def watching(self, watch: Watch) -> Watch:
        """Ends `spawn`, and times the command's end when it comes."""
        marks, clock = self._marks, self._clock

        def timed(pid: int, ended: Ended, stopped: Callable[[int], None], timeout_ms: int) -> Child:
            if not marks.decision:
                return watch(pid, ended, stopped, timeout_ms)
            marks.spawned = marks.started or clock()
            return watch(pid, self._ending(ended), stopped, timeout_ms)

        return timed

    # The native front

    def adopting(self, adopt: Callable[[Connection, Accepted], None]) -> Callable[[Connection, Accepted], None]:
        """Counts a turn that the front has timed up to the running child; the rest comes when it ends."""
        marks, add = self._marks, self._timings.add
        stages = self._timings.stages("accept", "receive", "recall", "confinement", "spawn")

        def timed(connection: Connection, taken: Accepted) -> None:
            marks.begin(connection, taken.began, Action.ALLOW.word)
            marks.started = taken.spawned
            adopt(connection, taken)
            marks.started = 0
            marks.end()
            ends = (taken.accepted, taken.received, taken.recalled, taken.inspected, taken.spawned)
            add((stages, taken.began, ends, "", "", 0))

        return timed

    def ending(self, bury: Callable[[End], None]) -> Callable[[End], None]:
        """Has a command's end counted by the front's clock."""
        marks = self._marks

        def timed(ended: End) -> None:
            marks.told = ended
            bury(ended)
            marks.told = None

        return timed

    # A command's end

    def reaping(self, reap: Callable[[], None]) -> Callable[[], None]:
        """Notes when it was noticed that children have ended."""
        marks, clock = self._marks, self._clock

        def timed() -> None:
            marks.noticed = clock()
            reap()

        return timed

    def _ending(self, ended: Ended) -> Ended:
        """The turn of a command's end: `child`, `reap`, `reply`."""
        marks, clock, add = self._marks, self._clock, self._timings.add
        child, after = self._child, self._reap + self._reply
        connection, decision, spawned = marks.connection, marks.decision, marks.spawned
        spent = marks.spent + spawned - marks.began

        def timed(status: int, timed_out: bool) -> None:
            told = marks.told
            noticed, reaped = (marks.noticed, clock()) if told is None else (told.noticed, told.reaped)
            marks.begin(connection, noticed, decision)
            ended(status, timed_out)
            closed = marks.closed if told is None else told.replied
            # Not so where the client had hung up before, or timing is off now.
            if spawned < noticed <= reaped < closed:
                add((child, spawned, (noticed,), "", "", 0))
                add((after, noticed, (reaped, closed), decision, "daemon", spent + closed - noticed))
            marks.end()
            marks.noticed = clock()  # another that ended at the same time is looked for from here

        return timed
