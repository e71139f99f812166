"""The daemon's side of its native front: loads it, tells it what it has to know, and hears what it has done."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from safeshell.daemon.core.accepted import Accepted
from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.observe.tally import Tally
from safeshell.daemon.observe.timings import Timings
from safeshell.daemon.request import Request
from safeshell.daemon.sources.mount_watch import MountWatch
from safeshell.daemon.sources.policy_source import Policies
from safeshell.daemon.steps.driver import Driver
from safeshell.daemon.steps.locate import Locate
from safeshell.daemon.steps.place import Place
from safeshell.daemon.steps.record import Record
from safeshell.daemon.steps.spawn import Spawn
from safeshell.home.paths import Home
from safeshell.host.process.own import Own

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.answer_replay import AnswerReplay
    from safeshell.daemon.fastpath.binding import Answered, End, Fastpath

DESCRIPTORS_KEPT = 16
"""Descriptors that no new connection may take: what is being served needs some, and is served first."""


class FrontSteps(NamedTuple):
    """The steps that the front works for."""

    locate: Locate
    place: Place
    spawn: Spawn
    record: Record


class Front:
    """Nothing answers and starts commands in Python's place until it is loaded, nor where it wasn't compiled.

    Args:
        home: whose.
        policies: the rules in force, and the settings.
        loop: what the front waits in the place of.
        own: the daemon's own state.
        executor: has the children.
        timings, tally, journal: what is counted and recorded of what it did.
        watch: knows which mounts may not answer.

    Attributes:
        told: what it tells of a command's end, while it does.
    """

    def __init__(
        self,
        home: Home,
        policies: Policies,
        loop: Loop,
        own: Own,
        executor: Executor,
        timings: Timings,
        tally: Tally,
        journal: Journal,
        watch: MountWatch,
    ) -> None:
        self._home = home
        self._policies = policies
        self._loop = loop
        self._own = own
        self._executor = executor
        self._timings = timings
        self._tally = tally
        self._journal = journal
        self._watch = watch
        self._cgroup = os.open("/proc/self/cgroup", os.O_RDONLY | os.O_CLOEXEC)  # here: it is loaded later
        self._listener = -1
        self._fastpath: Fastpath | None = None
        self._replay: AnswerReplay | None = None
        self._missing = "it has not been looked for yet"
        self.told: End | None = None

    def load(
        self,
        steps: FrontSteps,
        on_accepted: Callable[[Accepted], None],
        on_ended: Callable[[], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        """Has it take connections from now on, where it was compiled.

        Args:
            steps: what it works for.
            on_accepted: takes up a connection that it leaves to Python.
            on_ended: called where a command has ended and its client knows.
            on_error: hears what a callback raised.
        """
        try:
            from safeshell.daemon.fastpath.binding import ANSWERED_STAGES, load  # noqa: PLC0415 # its ctypes takes longer than the first answer may
        except (ImportError, MemoryError) as error:  # no memory for ctypes, or a Python that was built without
            self._missing = str(error) or "there is no memory for it"
            return

        fastpath, self._missing = load(self._loop.descriptors, self._own, self._executor.own_limit, self._cgroup)
        if fastpath is None:
            return
        from safeshell.daemon.fastpath.answer_replay import AnswerReplay  # noqa: PLC0415 # as above

        home = os.fsencode(self._home.root)
        replay = AnswerReplay(fastpath, self._policies, home, self._own.nice, self._timings, self._watch)
        self._fastpath, self._replay, self._steps, self._on_ended = fastpath, replay, steps, on_ended
        steps.locate.fastpath = steps.place.fastpath = steps.spawn.fastpath = fastpath
        steps.record.replay = replay
        fastpath.on_error = on_error
        fastpath.may_run = lambda: self._policies.settings.limits.commands - len(self._executor.children)
        fastpath.on_accepted = on_accepted
        fastpath.on_answered = self._answered
        fastpath.on_ended = self._ended
        self._timings.native = fastpath.count
        fastpath.count_in(self._timings.stages(*ANSWERED_STAGES).addresses)
        self._watch.on_change = replay.forget
        self.tell()
        self._loop.wait_by(fastpath.poll)

    # What it is told

    def listen_to(self, listener: int) -> None:
        """Has it take connections of this socket; -1: of none."""
        self._listener = listener
        self.tell()

    def tell(self) -> None:
        """Tells it the settings, and whether anybody wants to hear of each answer."""
        if self._fastpath is not None:
            self._fastpath.settles = self._journal.is_quiet
            self._fastpath.set(
                self._listener,
                timed=self._policies.settings.stats,
                descriptors_max=self._executor.descriptors_max - DESCRIPTORS_KEPT,
            )

    def forget(self) -> None:
        """Has it forget its answers: the rules in force are others."""
        if self._replay is not None:
            self._replay.forget()

    def let_go(self, pid: int) -> None:
        """Has it tell nobody of this command's end."""
        if self._fastpath is not None:
            self._fastpath.stop_notifying(pid)

    def hand_back(self) -> None:
        """Takes over whatever it has begun: it is to be stopped or reaped in Python."""
        while self._fastpath is not None and self._fastpath.hand_back_one():
            pass

    # What it tells

    def adopt(self, request: Request, accepted: Accepted, driver: Driver) -> None:
        """Takes over a command that it has started: it goes on at `finish`, once it has ended."""
        assert self._replay is not None
        self._replay.answered += 1
        kept, connection = self._replay.kept(accepted.slot), request.connection
        first = request.__dict__ | {"adopted": accepted.child, "spawned_ns": accepted.spawned}
        request.__dict__.update(kept.__dict__)
        request.__dict__.update(first)
        request.command = request.asked = connection.receive_again(connection.peek() or kept.frame)
        request.frame, request.taken = b"", True  # its answer is kept already
        request.policy.hits += 1
        self._tally.decided(request.decision)
        driver.adopt(request, accepted)
        self._steps.spawn.supervise(request, accepted.child)

    def _answered(self, answered: Answered) -> None:
        """It has answered a request, which is counted and recorded."""
        assert self._replay is not None
        self._replay.answered += 1
        self._steps.record.replayed(self._replay.kept(answered.slot), answered)

    def _ended(self, ended: End) -> None:
        """A command has ended, and its client knows."""
        self.told = ended
        try:
            self._executor.record_exit(ended.pid, ended.status, already_notified=True)
        finally:
            self.told = None
        self._on_ended()

    def describe(self) -> dict[str, Any]:
        """For `daemon status`."""
        if self._replay is None:
            return {"native": False, "reason": self._missing}
        return {"native": True, "kept": len(self._replay), "answered": self._replay.answered}
