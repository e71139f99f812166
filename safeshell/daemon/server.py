"""The daemon's front: takes connections, decides their commands, has them run, and answers."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from typing import TYPE_CHECKING, Any

from safeshell import __version__
from safeshell.daemon.approvals.notify_hook import Notifier
from safeshell.daemon.approvals.pin import Pins
from safeshell.daemon.approvals.queue import Approvals
from safeshell.daemon.core.connection import Accepted, Connection
from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.listen import systemd
from safeshell.daemon.listen.handover import Handover
from safeshell.daemon.listen.listener import Listener, Standing
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.observe.statistics import Statistics
from safeshell.daemon.observe.stopwatch import Stopwatch, Untimed
from safeshell.daemon.observe.subscribers import Monitors, encode
from safeshell.daemon.observe.timings import Timings
from safeshell.daemon.sources.line_service import Lines
from safeshell.daemon.sources.policy_source import Policies
from safeshell.daemon.steps.commands import Commands
from safeshell.daemon.steps.running import FAILED, Runner
from safeshell.errors import ProtocolError, SafeShellError
from safeshell.home.paths import Home
from safeshell.host.path_lookup import Programs
from safeshell.host.process.confinement import Own, inspect
from safeshell.policy.store import Reading
from safeshell.protocol import Command, Control, Event, Query, Signal, Type

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.answer_replay import Recall
    from safeshell.daemon.fastpath.binding import Answered, End, Fastpath

_FATAL = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2})
"""Signals whose default ends a process: one that reaches a client whose command has not begun ends it so."""

LOOK_S = 30.0
"""How often the daemon looks whether clients still find its socket, where no signal tells it."""

SETTLE_S = 0.2
"""From a change in the home to the look: who removes the whole directory is not to find a new socket in it."""

FRONT_AFTER_S = 0.05
"""From the start to the native front: whoever waits for the daemon's first answer needn't wait for its loading."""

RESET = 1
"""The argument of STATS that has everything counted from nothing afterwards."""

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

    def __init__(self, home: Home, listener: Listener, loop: Loop, own: Own, reading: Reading) -> None:
        self._home = home
        self._listener = listener
        self._loop = loop
        self._own = own
        self._reading = reading
        self._executor = Executor(loop)
        self._policies = Policies(home, loop)
        self._connections: set[Connection] = set()
        self._accepting = False
        self._stopping = 0
        self._handover: Handover | None = None
        self._looking = False
        self._started = time.monotonic()
        self._lines = Lines(home, self._executor, loop)
        self._monitors = Monitors()
        self._journal = Journal(home, self._policies, self._monitors)
        self._notifier = Notifier(self._policies, self._executor)
        self._approvals = Approvals(
            self._policies, loop, own, self._monitors, Pins(home, loop), self._notifier, self._journal
        )
        programs = Programs()
        self._runner = Runner(self._policies, self._executor, loop, own, programs, self._journal)
        self._commands = Commands(
            home, self._policies, own, programs, self._lines, self._runner, self._approvals, self._journal
        )
        self._policies.on_settings = self._apply_settings
        self._commands.on_bug = self._report_bug
        self._uids = {os.geteuid(), 0}
        self._programs = programs
        self._fastpath: Fastpath | None = None
        self._recall: Recall | None = None
        self._no_fastpath = "it has not been looked for yet"
        self._timings = Timings()
        self._stopwatch = Stopwatch(self._timings)
        self._statistics = Statistics(self._timings)
        self._time(Untimed())

    def start(self) -> None:
        """Takes up the tables and begins to accept."""
        self._policies.load(self._reading)
        self._apply_settings()
        self._accept_more()
        self._loop.call_later(FRONT_AFTER_S, self._load_fastpath)
        self._loop.call_later(LOOK_S, self._look_again)

    def run(self) -> None:
        """Serves until it is told to stop."""
        try:
            self._loop.run()
        except Exception as error:
            self._log_bug(error)  # whoever started it may not be there to read it
            raise

    def _apply_settings(self) -> None:
        self._commands.apply_settings()
        self._journal.apply_settings()
        self._time(self._stopwatch if self._policies.settings.stats else Untimed())

    def _time(self, timing: Untimed) -> None:
        """Has the stages timed, or no longer: what they call is chosen here, and never asked for on the way."""
        self._connect = timing.connecting(Connection)
        self._receiver = timing.receiver()
        self._on_close = timing.closing(self._closed)
        self._take = timing.taking(self._take_one)
        self._take_over = timing.taking(self._accept_from_fastpath)
        self._adopt = timing.adopting(self._adopt_child)
        self._note_ended = timing.ending(self._bury)
        self._wake = timing.waking(self._ready)
        self._reap = timing.reaping(self._executor.reap)
        self._commands.time(timing)
        self._runner.time(timing)
        self._set_fastpath()

    def on_signal(self, number: int) -> None:
        """SIGCHLD reaps, SIGIO tells of the home; the first TERM or INT drains, the second ends what still runs."""
        if number == signal.SIGCHLD:
            self._take_running()
            self._reap()
            self._maybe_finish()
        elif number == signal.SIGHUP:
            self._policies.compile(None, lambda _ended: None)
        elif number == signal.SIGIO:
            if not self._looking:
                self._looking = True
                self._loop.call_later(SETTLE_S, self._look)
        else:
            self.stop(2 if self._stopping else 1)

    # Connections

    def _accept_more(self) -> None:
        if not self._accepting and not self._stopping:
            self._accepting = True
            self._loop.register(self._listener.socket.fileno(), select.EPOLLIN, self._accept)
            self._set_fastpath()

    def _accept_less(self) -> None:
        if self._accepting:
            self._accepting = False
            self._loop.unregister(self._listener.socket.fileno())
            self._set_fastpath()

    def _accept(self, _events: int) -> None:
        self._take()

    def _take_one(self) -> bool:
        try:
            sock, _ = self._listener.socket.accept()
        except BlockingIOError:
            return False
        except OSError:
            # Out of descriptors: the queue keeps the callers until one is given back.
            self._accept_less()
            self._loop.call_later(0.05, self._accept_more)
            return False
        try:
            connection = self._make_connection(sock, None)
        except OSError:
            sock.close()
            return True
        if self._welcome(connection):
            self._read(connection)
        return True

    def _make_connection(self, sock: socket.socket, taken: Accepted | None) -> Connection:
        limit = self._policies.settings.limits.request_bytes
        return self._connect(sock, self._loop, limit, self._on_close, self._receiver, taken)

    def _welcome(self, connection: Connection) -> bool:
        """Counts a connection in; returns whether it is served at all."""
        self._connections.add(connection)
        if connection.uid not in self._uids:
            connection.refuse(FAILED, "safeshell: this daemon serves another user")
            return False
        busy = (
            len(self._connections) - len(self._approvals) - len(self._monitors)
        )  # who waits for people holds up nobody
        if busy >= self._policies.settings.limits.connections:
            self._accept_less()
        elif connection.fileno >= self._executor.descriptors_max - DESCRIPTORS_KEPT:
            self._accept_less()
            self._loop.call_later(0.05, self._accept_more)
        return True

    # The native front

    def _load_fastpath(self) -> None:
        """Has the front take connections from now on, where there is one."""
        from safeshell.daemon.fastpath.binding import ANSWERED_STAGES, load  # noqa: PLC0415 # its ctypes takes longer than the first answer may

        front, self._no_fastpath = load(self._loop.descriptors, self._own, self._executor.own_limit)
        if front is None:
            return
        from safeshell.daemon.fastpath.answer_replay import Recall  # noqa: PLC0415 # as above

        home = os.fsencode(self._home.root)
        recall = Recall(front, self._policies, self._programs, home, self._own.nice, self._timings)
        self._fastpath, self._recall = front, recall
        front.may_run = lambda: self._policies.settings.limits.commands - len(self._executor)
        front.on_answered = self._answered
        self._runner.fastpath = front
        self._timings.native = front.count
        front.count_in(self._timings.stages(*ANSWERED_STAGES).addresses)
        self._commands.on_answered = recall.keep
        self._policies.on_change = recall.forget
        self._set_fastpath()
        self._loop.wait_by(front.poll)

    def _set_fastpath(self) -> None:
        if self._fastpath is not None:
            self._fastpath.on_accepted, self._fastpath.on_ended = self._take_over, self._note_ended
            self._fastpath.set(
                self._listener.socket.fileno() if self._accepting else -1,
                timed=self._policies.settings.stats,
                descriptors_max=self._executor.descriptors_max - DESCRIPTORS_KEPT,
            )

    def _accept_from_fastpath(self, taken: Accepted) -> bool:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, taken.fd)
        connection = self._make_connection(sock, taken)
        if self._welcome(connection):
            if taken.child:
                self._take_child(connection, taken)
            else:
                self._read(connection)
        return True

    def _take_child(self, connection: Connection, taken: Accepted) -> None:
        try:
            self._adopt(connection, taken)
        except Exception as error:  # noqa: BLE001 # one client's request must not end the daemon for all
            self._report_bug(connection, error)
        connection.listen(lambda ready: self._wake(connection, ready))

    def _describe_fastpath(self) -> dict[str, Any]:
        if self._recall is None:
            return {"native": False, "reason": self._no_fastpath}
        return {"native": True, "kept": len(self._recall), "answered": self._recall.answered}

    def _take_running(self) -> None:
        """Takes over whatever the front has begun: it is to be stopped or reaped here."""
        while self._fastpath is not None and self._fastpath.hand_back_one():
            pass

    def _adopt_child(self, connection: Connection, taken: Accepted) -> None:
        """Takes over a command that the front has started."""
        assert self._recall is not None
        self._recall.answered += 1
        connection.adopted = taken.child
        kept = self._recall.kept(taken.slot)
        connection.command = command = connection.receive_again(kept.connection.frame)
        adopted = kept.copy()
        adopted.connection, adopted.command = connection, command
        self._commands.adopt(adopted, taken.child, taken.spawned / 1e9)

    def _answered(self, answered: Answered) -> None:
        """The front has answered a request: it is counted and recorded."""
        assert self._recall is not None
        self._recall.answered += 1
        try:
            self._commands.answered(self._recall.kept(answered.slot), answered)
        except Exception as error:  # noqa: BLE001 # the client has its answer
            self._log_bug(error)

    def _bury(self, ended: End) -> None:
        """A command that the front started has ended, and its client knows."""
        self._executor.record_exit(ended.pid, ended.status, already_notified=True)
        self._maybe_finish()

    def _read(self, connection: Connection) -> None:
        try:
            events = connection.receive()
            if events is None:
                self._hang_up(connection)
                return
            for event in events:
                self._handle(connection, event)
        except ProtocolError as error:
            self._break(connection, error.message)
        except Exception as error:  # noqa: BLE001 # one client's request must not end the daemon for all
            self._report_bug(connection, error)
        if connection.closed:
            return
        if connection.command is None and connection.deadline is None:
            connection.deadline = self._loop.call_later(
                self._policies.settings.limits.client_deadline_ms / 1000,
                lambda: connection.refuse(FAILED, "safeshell: the request did not come in time"),
            )
        connection.listen(lambda ready: self._wake(connection, ready))

    def _ready(self, connection: Connection, ready: int) -> None:
        if ready & select.EPOLLOUT:
            connection.flush()
        if ready & ~select.EPOLLOUT and not connection.closed:
            self._read(connection)

    def _closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if connection.adopted and self._fastpath is not None:
            self._fastpath.stop_notifying(connection.adopted)
        if len(self._approvals):
            self._approvals.withdraw(connection)
        self._monitors.remove(connection)
        if not self._accepting:
            self._accept_more()
        self._maybe_finish()

    def _break(self, connection: Connection, reason: str) -> None:
        if connection.child is not None:
            self._executor.end(connection.child)
        connection.refuse(FAILED, f"safeshell: {reason}")

    def _report_bug(self, connection: Connection, error: Exception) -> None:
        path = self._log_bug(error)
        self._break(connection, f"the daemon met a bug; its traceback is in {path}")

    def _log_bug(self, error: Exception) -> str:
        import traceback  # noqa: PLC0415 # only when something is wrong

        path = os.path.join(self._home.root, "daemon.log")
        with contextlib.suppress(OSError), open(path, "a", encoding="utf-8") as stream:
            stream.write("".join(traceback.format_exception(error)))
        return path

    def _hang_up(self, connection: Connection) -> None:
        if connection.child is not None:
            self._executor.end(connection.child)
        connection.close()

    # Requests

    def _handle(self, connection: Connection, event: Event) -> None:
        if connection.deadline is not None:
            connection.deadline.cancel()
        if isinstance(event, Command):
            if len(connection.descriptors) not in (0, 1, 4):
                raise ProtocolError(f"{len(connection.descriptors)} descriptors say nothing: it is 4, 1 or none")
            connection.command = event
            self._commands.judge(connection, patient=True)
        elif isinstance(event, Signal):
            self._forward(connection, event.number)
        elif isinstance(event, Query):
            self._query(connection, event)
        else:
            self._control(connection, event)

    def _forward(self, connection: Connection, number: int) -> None:
        if connection.child is not None:
            self._executor.signal(connection.child, number)
        elif number in _FATAL:
            connection.exited(number)

    def _query(self, connection: Connection, event: Query) -> None:
        first, connection.command = connection.command is None, _nothing_to_run(event.kind)
        if event.kind == Type.MONITOR:
            self._approvals.watch(connection, event.value)
        elif first:
            self._approvals.answer(connection, event.value, connection.result)
        else:
            self._approvals.answer(connection, event.value, lambda found: connection.send(encode("answered", found)))

    def _control(self, connection: Connection, event: Control) -> None:
        connection.command = _nothing_to_run(event.kind)
        if event.kind == Type.STATUS:
            connection.result(self.status())
        elif event.kind == Type.RELOAD:
            self._policies.compile(None, lambda _ended: connection.result(self.status()))
        elif event.kind == Type.HANDOVER:
            self._hand_over(connection, event.argument)
        elif event.kind == Type.STATS:
            self._tell_statistics(connection, reset=event.argument == RESET)
        else:
            self.stop(event.argument)  # before the answer: who reads it may start the next daemon
            connection.result(self.status())

    def _tell_statistics(self, connection: Connection, *, reset: bool) -> None:
        status = self.status()
        policy = self._policies.policy(None)
        connection.result(
            self._statistics.describe(
                status,
                rule_count=sum(len(loaded.table.rules) for loaded in policy.tables) if policy else 0,
                timed=self._policies.settings.stats,
            )
        )
        if reset:
            self._statistics.reset(status)

    def status(self) -> dict[str, Any]:
        """What `daemon status` shows."""
        placement: dict[str, Any] = {}
        for (place, reason), count in sorted(self._runner.placed.items()):
            entry = placement.setdefault(place, {"count": 0, "reasons": {}})
            entry["count"] += count
            entry["reasons"][reason] = count
        return {
            "version": __version__,
            "pid": os.getpid(),
            "home": self._home.root,
            "uptime_s": round(time.monotonic() - self._started, 3),
            "rss_kib": _rss_kib(),
            "descriptors": len(os.listdir("/proc/self/fd")) - 1,
            "connections": len(self._connections),
            "running": len(self._executor),
            "stopping": bool(self._stopping),
            "requests": {"total": sum(self._commands.decided.values()), **dict(sorted(self._commands.decided.items()))},
            "placement": placement,
            "observed": [
                {"rule": rule, "action": action, "count": count}
                for (rule, action), count in sorted(self._commands.observed.items())
            ],
            "cache": self._policies.cache(),
            "lines": self._lines.describe(),
            "front": self._describe_fastpath(),
            "approvals": {"pending": len(self._approvals), "monitors": len(self._monitors)},
            "notify": self._notifier.describe(),
            "audit": self._journal.describe(),
            **self._policies.describe(),
        }

    # The listener

    def _look_again(self) -> None:
        if not self._stopping:
            self._look()
            self._loop.call_later(LOOK_S, self._look_again)

    def _look(self) -> None:
        """Where the socket was removed, listens anew; where that can't be, ends, so that a client starts a daemon."""
        self._looking = False
        if self._stopping:
            return
        standing = self._listener.standing()
        if standing is Standing.HELD:
            return
        try:
            if standing is Standing.GONE:
                self._accept_less()
                self._take_all()
                self._listener.listen_anew()
                self._accept_more()
                return
        except SafeShellError:
            pass  # the disk may be full: as where the directory has gone
        self.stop(1)

    def _hand_over(self, connection: Connection, step: int) -> None:
        obstacle = self._cannot_hand_over(connection)
        if not obstacle:
            try:
                self._handover = Handover(
                    self._home,
                    self._listener,
                    self._executor,
                    self._loop,
                    lambda heir, failure: self._handed_over(connection, step, heir, failure),
                )
            except SafeShellError as error:
                obstacle = error.message
            except OSError as error:
                obstacle = f"the next daemon can't be started: {error.strerror}"
        if obstacle:
            connection.refuse(FAILED, f"safeshell: {obstacle}")

    def _cannot_hand_over(self, connection: Connection) -> str:
        if self._stopping:
            return "the daemon is stopping"
        if self._handover is not None:
            return "the daemon is being handed over already"
        if connection.uid != os.geteuid():
            return "only its own user may hand the daemon over"
        confined = inspect(connection.pid, self._own, connection.pidfd).confined
        return f"the caller is confined differently: {confined}" if confined else ""

    def _handed_over(self, connection: Connection, step: int, heir: int, failure: str) -> None:
        self._handover = None
        if failure:
            connection.refuse(FAILED, f"safeshell: the next daemon did not start: {failure}")
            return
        systemd.tell(f"MAINPID={heir}")
        self._accept_less()  # who waits at the socket is the heir's
        self._listener.hand_over()
        self._end(step)
        connection.result({**self.status(), "heir": heir})

    # Shutdown

    def stop(self, step: int) -> None:
        """Step 1: accepts nothing more and lets what runs end; step 2: ends it."""
        if not self._stopping:
            systemd.tell("STOPPING=1")
            self._accept_less()
            self._take_all()
            self._listener.leave()
        self._end(step)

    def _take_all(self) -> None:
        while self._take():
            pass  # who has connected already is still served

    def _end(self, step: int) -> None:
        self._stopping = max(self._stopping, 2 if step == 2 else 1)
        self._take_running()
        self._approvals.end()
        self._monitors.close_all()
        if self._stopping == 2:
            self._executor.end_all()
            self._lines.close()
        self._maybe_finish()

    def _maybe_finish(self) -> None:
        if self._stopping and not len(self._executor) and not self._connections:
            self._lines.close()
            self._loop.stop()


def _nothing_to_run(kind: int) -> Command:
    """What stands for the command on a connection that asks about the daemon."""
    return Command(kind, 0, b"-", b"", b"\0", 0, 0)


def _rss_kib() -> int:
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024
