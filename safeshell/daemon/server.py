"""The daemon's server: takes connections, has their requests go their way, and hears what comes behind them."""

from __future__ import annotations

import os
import select
import signal
import socket
from typing import TYPE_CHECKING, Any

from safeshell.bug_report import failure_of_machine
from safeshell.daemon.approvals.confirmations import Confirmations
from safeshell.daemon.approvals.notify_hook import Notifier
from safeshell.daemon.approvals.permits import Permits
from safeshell.daemon.approvals.pin import Pins
from safeshell.daemon.approvals.queue import Approvals
from safeshell.daemon.bugs import log_bug, log_line
from safeshell.daemon.control import Control
from safeshell.daemon.core.aside import Aside
from safeshell.daemon.core.connection import Accepted, Connection
from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.lifecycle import Lifecycle
from safeshell.daemon.listen.listener import Listener
from safeshell.daemon.observe.edit_records import EditRecords
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.observe.recent import Recent
from safeshell.daemon.observe.subscribers import Monitors
from safeshell.daemon.observe.tally import Tally
from safeshell.daemon.observe.timings import Timings
from safeshell.daemon.request import FAILED, Request
from safeshell.daemon.sources.edit_watch import EditWatch
from safeshell.daemon.sources.line_service import Lines
from safeshell.daemon.sources.mount_watch import MountWatch
from safeshell.daemon.sources.policy_source import Policies
from safeshell.daemon.sources.shim_upkeep import CHANGED, ShimUpkeep
from safeshell.daemon.steps.act import Act
from safeshell.daemon.steps.borrow import Borrow
from safeshell.daemon.steps.decide import Decide
from safeshell.daemon.steps.driver import Driver, Step, TimedDriver
from safeshell.daemon.steps.find import Find
from safeshell.daemon.steps.finish import finish
from safeshell.daemon.steps.locate import Locate
from safeshell.daemon.steps.place import Place
from safeshell.daemon.steps.receive import Receive
from safeshell.daemon.steps.record import Record
from safeshell.daemon.steps.refresh import Refresh
from safeshell.daemon.steps.spawn import Spawn
from safeshell.errors import ProtocolError
from safeshell.home.in_force import LayersReading
from safeshell.home.paths import Home
from safeshell.host.path_lookup import Programs
from safeshell.host.process.own import Own
from safeshell.policy.store.reading import Inherited
from safeshell.protocol import Signal
from safeshell.text import text

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.answer_replay import AnswerReplay
    from safeshell.daemon.fastpath.binding import Answered, End, Fastpath

_FATAL = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2})
"""Signals whose default ends a process: one that reaches a client whose command has not begun ends it so."""

FASTPATH_AFTER_S = 0.05
"""From the start to the fast path: whoever waits for the daemon's first answer needn't wait for its loading."""

RETRY_S = 0.05
"""Until connections are taken again, after the daemon ran out of descriptors."""

DESCRIPTORS_KEPT = 16
"""Descriptors that no new connection may take: what is being served needs some, and is served first."""


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
        self._listener = listener
        self._loop = loop
        self._own = own
        self._reading = reading
        self._requests: dict[Connection, Request] = {}
        self._accepting = False
        self._uids = {os.geteuid(), 0}
        self._fastpath: Fastpath | None = None
        self._replay: AnswerReplay | None = None
        self._no_fastpath = "it has not been looked for yet"
        self._executor = Executor(loop)
        self._cgroup = os.open("/proc/self/cgroup", os.O_RDONLY | os.O_CLOEXEC)  # here: the fast path comes later
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
        self._steps = self._make_steps()
        self._driver = Driver(self._steps, self._guard)
        self._lifecycle.on_look = self._edit_records.look
        self._policies.on_settings = self._apply_settings
        self._monitors.on_change = self._tell_fastpath
        self._policies.on_change = self._rules_changed
        self._policies.on_notice = lambda line: log_line(home, line)
        loop.on_error = self._survive

    def _make_steps(self) -> dict[str, Step]:
        """A request's way: the names are those of the statistics, too."""
        home, policies, own, resume = self._home, self._policies, self._own, self._resume
        watch, aside = self._watch, self._aside
        self._locate = Locate(policies, own, os.fsencode(home.root), watch, aside, resume)
        self._place = Place(policies, own)
        self._spawn = Spawn(policies, self._executor, self._loop, self._approvals, self._tally, self._ended)
        self._record = Record(self._journal, self._tally, self._shims, self._recent, policies.edits)
        decide = Decide(policies, self._lines, aside, self._tally, resume)
        return {
            "receive": Receive(self._hang_up, self._control.handle).run,
            "borrow": Borrow(own, self._programs).run,
            "locate": self._locate.run,  # before refresh: which tables are asked about
            "refresh": Refresh(policies, watch, aside, resume).run,
            "decide": decide.run,
            "act": Act(self._approvals, decide.lifted_by).run,
            "place": self._place.run,  # late: what a caller is confined to may change until its command runs
            "find": Find(self._programs, home, watch, aside, resume).run,
            "spawn": self._spawn.run,
            "finish": finish,
            "record": self._record.run,
        }

    def start(self) -> None:
        """Takes up the tables and begins to accept."""
        self._policies.load(self._reading)
        self._apply_settings()
        self.accept_more()
        self._loop.call_later(FASTPATH_AFTER_S, self._load_fastpath)
        self._shims.start()
        self._edits.start()
        self._lifecycle.start()

    def run(self) -> None:
        """Serves until it is told to stop."""
        try:
            self._loop.run()
        except Exception as error:
            self._log_bug(error)  # whoever started it may not be there to read it
            raise

    def _apply_settings(self) -> None:
        self._locate.apply_settings()
        self._journal.apply_settings()
        timed = self._policies.settings.stats
        self._driver = (
            TimedDriver(self._steps, self._guard, self._timings) if timed else Driver(self._steps, self._guard)
        )
        self._tell_fastpath()

    def _rules_changed(self) -> None:
        if self._replay is not None:
            self._replay.forget()
        self._shims.rules_changed()

    def on_signal(self, number: int) -> None:
        """SIGCHLD reaps, SIGIO tells of the home, SIGURG of programs; a first TERM or INT drains, a second ends all."""
        if number == signal.SIGCHLD:
            self.take_running()
            self._driver.notice()
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

    # Taking connections

    def accept_more(self) -> None:
        """Takes connections from now on."""
        if not self._accepting and not self._lifecycle.stopping:
            self._accepting = True
            self._listener.answer_for()
            self._loop.register(self._listener.socket.fileno(), select.EPOLLIN, self._accept)
            self._tell_fastpath()

    def accept_less(self) -> None:
        """Takes none for now: whoever connects waits at the socket."""
        if self._accepting:
            self._accepting = False
            self._loop.unregister(self._listener.socket.fileno())
            self._tell_fastpath()

    def accept_all(self) -> None:
        """Takes whoever has connected already."""
        while self._accept(0):
            pass

    def _accept(self, _events: int) -> bool:
        began = self._driver.now()
        try:
            sock, _ = self._listener.socket.accept()
        except BlockingIOError:
            return False
        except OSError:
            self._pause()  # out of descriptors
            return False
        try:
            self._begin(sock, None, began)
        except OSError:
            sock.close()  # the client has gone already
        return True

    def _pause(self) -> None:
        """The queue keeps the callers until something is given back."""
        self.accept_less()
        self._loop.call_later(RETRY_S, self.accept_more)

    def _begin(self, sock: socket.SocketType, accepted: Accepted | None, began: int = 0) -> None:
        """Takes a connection up, and its request as far as it goes."""
        limits = self._policies.settings.limits
        connection = Connection(sock, self._loop, limits.request_bytes, self._closed, accepted)
        request = self._requests[connection] = Request(connection)
        if connection.uid not in self._uids:
            connection.refuse(FAILED, "safeshell: this daemon serves another user")
            return
        if len(self._requests) >= limits.connections and self._busy >= limits.connections:
            self.accept_less()
        elif connection.fileno >= self._executor.descriptors_max - DESCRIPTORS_KEPT:
            self._pause()
        if accepted is None:
            self._driver.begin(request, None, began)
        elif accepted.child:
            self._take_child(request, accepted)
        else:
            request.passed, request.located = len(accepted.descriptors), accepted.directory
            request.fresh = bool(accepted.directory)
            if accepted.seen:
                request.frame, request.seen = connection.peek(), accepted.seen
            self._driver.begin(request, accepted)
        self._listen(request)

    @property
    def _busy(self) -> int:
        """Connections that hold up others: not those that wait for people."""
        return len(self._requests) - len(self._approvals) - len(self._monitors)

    def _listen(self, request: Request) -> None:
        """Waits for what is missing of the request, or for what comes behind it."""
        connection = request.connection
        if request.signals:
            for event in request.signals:
                self._forward(request, event.number)
            request.signals = ()
        if connection.closed:
            return
        if not (connection.quiet or connection.lines or request.deadline):
            request.deadline = self._loop.call_later(
                self._policies.settings.limits.client_deadline_ms / 1000,
                lambda: connection.refuse(FAILED, "safeshell: the request did not come in time"),
            )
        connection.listen(lambda ready: self._hear(request, ready))

    def _hear(self, request: Request, ready: int) -> None:
        connection = request.connection
        if ready & select.EPOLLOUT:
            connection.flush()
        if not ready & ~select.EPOLLOUT or connection.closed:
            return
        if not (connection.quiet or connection.lines):
            self._driver.run(request)
            self._listen(request)
            return
        try:
            events = connection.receive()
            if events is None:
                self._hang_up(request)
            for event in events or ():
                if isinstance(event, Signal):
                    self._forward(request, event.number)
                else:
                    self._control.handle(request, event)
        except Exception as error:  # noqa: BLE001 # one client's request must not end the daemon for all
            self._guard(request, error, False)

    def _forward(self, request: Request, number: int) -> None:
        """Hands a signal that reached the client to its command."""
        if request.child is not None:
            self._executor.signal(request.child, number)
        elif number in _FATAL:
            request.connection.exited(number)

    # Ends

    def _resume(self, request: Request, step: str) -> None:
        """Goes on with a request that waited."""
        if not request.connection.closed:
            self._driver.resume(request, step)

    def _ended(self, request: Request) -> None:
        """Goes on with a request whose command has ended."""
        self._driver.end(request, self._told)

    def _hang_up(self, request: Request) -> None:
        """The client has gone: what runs for it ends."""
        if request.child is not None:
            self._executor.end(request.child)
        request.connection.close()

    def _closed(self, connection: Connection) -> None:
        request = self._requests.pop(connection)
        if request.deadline is not None:
            request.deadline.cancel()
        if request.adopted and self._fastpath is not None:
            self._fastpath.stop_notifying(request.adopted)
        if len(self._approvals):
            self._approvals.withdraw(connection)
        self._monitors.remove(connection)
        if not self._accepting:
            self.accept_more()
        self._lifecycle.finish()

    def _guard(self, request: Request, error: Exception, answered: bool) -> None:
        """Hears what a step raised: one request must not end the daemon, nor, once it is answered, its command."""
        if isinstance(error, ProtocolError):
            reason = error.message
        elif failure := failure_of_machine(error):
            reason = f"the daemon can't go on with this: {failure}"
        else:
            reason = f"the daemon met a bug; its traceback is in {self._log_bug(error)}"
        if answered:
            return
        if request.child is not None:
            self._executor.end(request.child)
        request.connection.refuse(FAILED, f"safeshell: {reason}")

    def _survive(self, error: Exception) -> None:
        """Hears what a callback of the loop raised that is no request's."""
        self._log_bug(error)

    def _log_bug(self, error: Exception) -> str:
        return log_bug(self._home, error)

    # The fast path

    _told: End | None = None
    """What the fast path tells of a command's end, while it does."""

    def _load_fastpath(self) -> None:
        """Has the native code take connections from now on, where it was compiled."""
        try:
            from safeshell.daemon.fastpath.binding import ANSWERED_STAGES, load  # noqa: PLC0415 # its ctypes takes longer than the first answer may
        except (ImportError, MemoryError) as error:  # no memory for ctypes, or a Python that was built without
            self._no_fastpath = str(error) or "there is no memory for it"
            return

        fastpath, self._no_fastpath = load(self._loop.descriptors, self._own, self._executor.own_limit, self._cgroup)
        if fastpath is None:
            return
        from safeshell.daemon.fastpath.answer_replay import AnswerReplay  # noqa: PLC0415 # as above

        home = os.fsencode(self._home.root)
        replay = AnswerReplay(fastpath, self._policies, home, self._own.nice, self._timings, self._watch)
        self._fastpath, self._replay = fastpath, replay
        self._locate.fastpath = self._place.fastpath = self._spawn.fastpath = fastpath
        self._record.replay = replay
        fastpath.on_error = self._survive
        fastpath.may_run = lambda: self._policies.settings.limits.commands - len(self._executor.children)
        fastpath.on_accepted = self._accept_from_fastpath
        fastpath.on_answered = self._answered
        fastpath.on_ended = self._notified
        self._timings.native = fastpath.count
        fastpath.count_in(self._timings.stages(*ANSWERED_STAGES).addresses)
        self._watch.on_change = replay.forget
        self._tell_fastpath()
        self._loop.wait_by(fastpath.poll)

    def _tell_fastpath(self) -> None:
        if self._fastpath is not None:
            self._fastpath.settles = self._journal.is_quiet
            self._fastpath.set(
                self._listener.socket.fileno() if self._accepting else -1,
                timed=self._policies.settings.stats,
                descriptors_max=self._executor.descriptors_max - DESCRIPTORS_KEPT,
            )

    def _accept_from_fastpath(self, accepted: Accepted) -> None:
        # The class beneath `socket.socket`, which takes four calls more.
        self._begin(socket.SocketType(socket.AF_UNIX, socket.SOCK_STREAM, 0, accepted.fd), accepted)

    def _take_child(self, request: Request, accepted: Accepted) -> None:
        """Takes over a command that the fast path has started: it goes on at `finish`, once it has ended."""
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
        self._driver.adopt(request, accepted)
        self._spawn.supervise(request, accepted.child)

    def _answered(self, answered: Answered) -> None:
        """The fast path has answered a request: it is counted and recorded."""
        assert self._replay is not None
        self._replay.answered += 1
        self._record.replayed(self._replay.kept(answered.slot), answered)

    def _notified(self, ended: End) -> None:
        """A command has ended, and its client knows."""
        self._told = ended
        try:
            self._executor.record_exit(ended.pid, ended.status, already_notified=True)
        finally:
            self._told = None
        self._lifecycle.finish()

    def take_running(self) -> None:
        """Takes over whatever the fast path has begun: it is to be stopped or reaped here."""
        while self._fastpath is not None and self._fastpath.hand_back_one():
            pass

    def _running(self) -> list[Request]:
        """The commands that run as children."""
        return [request for request in self._requests.values() if request.child is not None]

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
        return not len(self._executor) and not self._requests

    def status(self) -> dict[str, Any]:
        """What `daemon status` shows of what is served."""
        replay = self._replay
        return {
            **self._lifecycle.describe(self._shims.watching + self._edits.watching),
            "connections": len(self._requests),
            "running": len(self._executor),
            **self._tally.describe(),
            "cache": self._policies.cache(),
            "lines": self._lines.describe(),
            "front": {"native": False, "reason": self._no_fastpath}
            if replay is None
            else {"native": True, "kept": len(replay), "answered": replay.answered},
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
