"""The daemon's server: its parts put together, started, changed by settings and signals, and described."""

from __future__ import annotations

import os
import signal
from typing import Any

from safeshell.daemon.approvals.confirmations import Confirmations
from safeshell.daemon.approvals.notify_hook import Notifier
from safeshell.daemon.approvals.permits import Permits
from safeshell.daemon.approvals.pin import Pins
from safeshell.daemon.approvals.queue import Approvals
from safeshell.daemon.bugs import log_bug, log_line
from safeshell.daemon.connections import Connections
from safeshell.daemon.control import Control
from safeshell.daemon.core.aside import Aside
from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.front import Front, FrontSteps
from safeshell.daemon.lifecycle import Lifecycle
from safeshell.daemon.listen.listener import Listener
from safeshell.daemon.observe.edit_records import EditRecords
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.observe.recent import Recent
from safeshell.daemon.observe.subscribers import Monitors
from safeshell.daemon.observe.tally import Tally
from safeshell.daemon.observe.timings import Timings
from safeshell.daemon.request import Request
from safeshell.daemon.sources.edit_watch import EditWatch
from safeshell.daemon.sources.line_service import Lines
from safeshell.daemon.sources.mount_watch import MountWatch
from safeshell.daemon.sources.policy_source import Policies
from safeshell.daemon.sources.sessions import Sessions
from safeshell.daemon.sources.shim_upkeep import CHANGED, ShimUpkeep
from safeshell.daemon.steps.act import Act
from safeshell.daemon.steps.borrow import Borrow
from safeshell.daemon.steps.decide import Decide
from safeshell.daemon.steps.driver import Driver, Step, TimedDriver
from safeshell.daemon.steps.envelope import ReadEnvelope
from safeshell.daemon.steps.find import Find
from safeshell.daemon.steps.finish import finish
from safeshell.daemon.steps.locate import Locate
from safeshell.daemon.steps.place import Place
from safeshell.daemon.steps.receive import Receive
from safeshell.daemon.steps.record import Record
from safeshell.daemon.steps.refresh import Refresh
from safeshell.daemon.steps.spawn import Spawn
from safeshell.home.in_force import LayersReading
from safeshell.home.paths import Home
from safeshell.host.path_lookup import Programs
from safeshell.host.process.own import Own
from safeshell.policy.store.reading import Inherited
from safeshell.text import text

FRONT_AFTER_S = 0.05
"""From the start to the front: whoever waits for the daemon's first answer needn't wait for its loading."""


class Server:
    """Serves one home.

    Args:
        home: whose.
        listener: its socket and its lock.
        loop: what drives it.
        own: the daemon's own state, to compare callers with.
        reading: of the tables that were published last.
    """

    def __init__(
        self, home: Home, listener: Listener, loop: Loop, own: Own, reading: LayersReading | Inherited
    ) -> None:
        self._home = home
        self._loop = loop
        self._own = own
        self._reading = reading
        self._executor = Executor(loop)
        self._policies = Policies(home, loop)
        self._shims, self._edits = ShimUpkeep(home, self._policies, loop), EditWatch(home, self._policies, loop)
        self._programs = Programs()
        self._watch, self._aside = MountWatch(loop), Aside(loop)
        self._monitors = Monitors()
        self._tally, self._timings = Tally(), Timings()
        self._lines = Lines(home, self._executor, loop)
        self._journal = Journal(home, self._policies, self._monitors)
        self._recent = Recent()
        self._edit_records = EditRecords(
            home, self._policies, self._journal, self._monitors, self._recent, loop, self._running
        )
        self._notifier = Notifier(self._policies, self._executor)
        pins = Pins(home, loop)
        self._approvals = Approvals(
            home, self._policies, loop, own, self._monitors, pins, self._notifier, self._journal, self._resume
        )
        self._lifecycle = Lifecycle(home, listener, loop, own, self._executor, self)
        permits = Permits(self._policies, pins, self._journal)
        confirmations = Confirmations(self._policies, permits)
        self._control = Control(
            self._policies, self._approvals, permits, confirmations, self._timings, self._lifecycle, self.status
        )
        counted = self._timings, self._tally, self._journal
        self._front = Front(home, self._policies, loop, own, self._executor, *counted, self._watch)
        heard = self._approvals, self._monitors, self._control, self._lifecycle
        self._connections = Connections(home, listener, loop, self._policies, self._executor, self._front, *heard)
        self._steps = self._make_steps()
        self._connections.driver = Driver(self._steps, self._connections.guard)
        self._lifecycle.on_look = self._edit_records.look
        self._policies.on_settings = self._apply_settings
        self._monitors.on_change = self._front.tell
        self._policies.on_change = self._rules_changed
        self._policies.on_notice = lambda line: log_line(home, line)
        loop.on_error = self._survive

    def _make_steps(self) -> dict[str, Step]:
        """A request's way: the names are those of the statistics, too."""
        home, policies, own, connections = self._home, self._policies, self._own, self._connections
        watch, aside, resume = self._watch, self._aside, connections.resume
        locate = Locate(policies, own, os.fsencode(home.root), watch, aside, resume)
        place = Place(policies, own)
        spawn = Spawn(policies, self._executor, self._loop, self._approvals, self._tally, connections.ended)
        record = Record(self._journal, self._tally, self._shims, self._recent, policies.edits)
        self._front_steps = FrontSteps(locate, place, spawn, record)
        self._envelopes = ReadEnvelope(self._lines, home, resume)
        decide = Decide(policies, self._lines, aside, self._tally, home, Sessions(), resume)
        return {
            "receive": Receive(connections.hang_up, self._control.handle).run,
            "envelope": self._envelopes.run,
            "borrow": Borrow(own, self._programs).run,
            "locate": locate.run,  # before refresh: which tables are asked about
            "refresh": Refresh(policies, watch, aside, resume).run,
            "decide": decide.run,
            "act": Act(self._approvals, decide.lifted_by).run,
            "place": place.run,  # late: what a caller is confined to may change until its command runs
            "find": Find(self._programs, home, watch, aside, resume).run,
            "spawn": spawn.run,
            "finish": finish,
            "record": record.run,
        }

    def start(self) -> None:
        """Takes up the tables and begins to accept."""
        self._policies.load(self._reading)
        self._apply_settings()
        self.accept_more()
        self._loop.call_later(FRONT_AFTER_S, self._load_front)
        self._shims.start()
        self._edits.start()
        self._lifecycle.start()

    def run(self) -> None:
        """Serves until it is told to stop."""
        try:
            self._loop.run()
        except Exception as error:
            log_bug(self._home, error)  # whoever started it may not be there to read it
            raise

    def _apply_settings(self) -> None:
        self._front_steps.locate.apply_settings()
        self._journal.apply_settings()
        timed = self._policies.settings.stats
        steps, guard = self._steps, self._connections.guard
        self._connections.driver = TimedDriver(steps, guard, self._timings) if timed else Driver(steps, guard)
        self._front.tell()

    def _load_front(self) -> None:
        accept, finish = self._connections.accept_native, self._lifecycle.finish
        self._front.load(self._front_steps, accept, finish, self._survive)

    def _rules_changed(self) -> None:
        self._front.forget()
        self._shims.rules_changed()

    def on_signal(self, number: int) -> None:
        """SIGCHLD reaps, SIGIO tells of the home, SIGURG of programs; a first TERM or INT drains, a second ends all."""
        if number == signal.SIGCHLD:
            self.take_running()
            self._connections.driver.notice()
            self._executor.reap()
            self._lifecycle.finish()
        elif number == signal.SIGHUP:
            self._policies.compile(None, lambda _ended: None)
        elif number == signal.SIGIO:
            self._lifecycle.home_changed()
        elif number == CHANGED:
            self._shims.programs_changed()
        else:
            self._lifecycle.stop(2 if self._lifecycle.stopping else 1)

    def _survive(self, error: Exception) -> None:
        """Hears what a callback of the loop raised that is no request's."""
        log_bug(self._home, error)

    def _resume(self, request: Request, step: str) -> None:
        """Goes on with a request that a person was asked about."""
        self._connections.resume(request, step)

    def _running(self) -> list[Request]:
        """The commands that run as children."""
        return [request for request in self._connections.requests.values() if request.child is not None]

    # For the daemon's end (`safeshell.daemon.lifecycle.Serving`)

    def accept_more(self) -> None:
        """Takes connections from now on."""
        self._connections.accept_more()

    def accept_less(self) -> None:
        """Takes none for now."""
        self._connections.accept_less()

    def accept_all(self) -> None:
        """Takes whoever has connected already."""
        self._connections.accept_all()

    def take_running(self) -> None:
        """Takes over whatever the front has begun."""
        self._front.hand_back()

    def tables(self) -> list[int]:
        """The memory files of the tables in force, for an heir."""
        return self._policies.descriptors()

    def close_all(self, *, now: bool) -> None:
        """Lets nobody wait for people any more; `now` ends what runs, too."""
        self._approvals.end()
        self._monitors.close_all()
        self._shims.end()
        if now:
            self._executor.end_all()
            self._lines.close()
            self._aside.close()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is connected and nothing runs."""
        return not len(self._executor) and not self._connections.requests

    def status(self) -> dict[str, Any]:
        """What `daemon status` shows of what is served."""
        return {
            **self._lifecycle.describe(self._shims.watching + self._edits.watching),
            "connections": len(self._connections.requests),
            "running": len(self._executor),
            **self._tally.describe(),
            "cache": self._policies.cache(),
            "lines": self._lines.describe(),
            "front": self._front.describe(),
            "hooks": self._envelopes.describe(),
            "approvals": {"pending": len(self._approvals), "monitors": len(self._monitors)},
            "notify": self._notifier.describe(),
            "mounts": {
                "may_not_answer": [text(point) for point in self._watch.mounts.points],
                **self._aside.describe(),
            },
            "audit": self._journal.describe(),
            "shims": self._shims.describe(),
            **self._policies.describe(),
        }
