"""The daemon's connections: taken, their requests sent on their way, and what comes behind these heard."""

from __future__ import annotations

import os
import select
import signal
import socket

from safeshell.bug_report import failure_of_machine
from safeshell.daemon.approvals.queue import Approvals
from safeshell.daemon.bugs import log_bug
from safeshell.daemon.control import Control
from safeshell.daemon.core.accepted import Accepted
from safeshell.daemon.core.connection import Connection
from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.front import DESCRIPTORS_KEPT, Front
from safeshell.daemon.lifecycle import Lifecycle
from safeshell.daemon.listen.listener import Listener
from safeshell.daemon.observe.subscribers import Monitors
from safeshell.daemon.request import FAILED, Request
from safeshell.daemon.sources.policy_source import Policies
from safeshell.daemon.steps.driver import Driver
from safeshell.errors import ProtocolError
from safeshell.home.paths import Home
from safeshell.protocol import Signal

_FATAL = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2})
"""Signals whose default ends a process: one that reaches a client whose command has not begun ends it so."""

RETRY_S = 0.05
"""Until connections are taken again, after the daemon ran out of descriptors."""


class Connections:
    """Who is connected.

    Args:
        home: whose.
        listener: its socket.
        loop: what drives it.
        policies: have the settings.
        executor: has the children.
        front: takes connections, too.
        approvals, monitors: hear who has gone; who waits for people or watches holds up nobody.
        control: answers what is no command.
        lifecycle: ends the daemon once nobody is left.

    Attributes:
        requests: theirs.
        driver: takes these along their steps; set before any is taken.
    """

    driver: Driver

    def __init__(
        self,
        home: Home,
        listener: Listener,
        loop: Loop,
        policies: Policies,
        executor: Executor,
        front: Front,
        approvals: Approvals,
        monitors: Monitors,
        control: Control,
        lifecycle: Lifecycle,
    ) -> None:
        self._home = home
        self._listener = listener
        self._loop = loop
        self._policies = policies
        self._executor = executor
        self._front = front
        self._approvals = approvals
        self._monitors = monitors
        self._control = control
        self._lifecycle = lifecycle
        self._accepting = False
        self._uids = {os.geteuid(), 0}
        self.requests: dict[Connection, Request] = {}

    # Taking connections

    def accept_more(self) -> None:
        """Takes connections from now on."""
        if not self._accepting and not self._lifecycle.stopping:
            self._accepting = True
            self._listener.answer_for()
            self._loop.register(self._listener.socket.fileno(), select.EPOLLIN, self._accept)
            self._front.listen_to(self._listener.socket.fileno())

    def accept_less(self) -> None:
        """Takes none for now: whoever connects waits at the socket."""
        if self._accepting:
            self._accepting = False
            self._loop.unregister(self._listener.socket.fileno())
            self._front.listen_to(-1)

    def accept_all(self) -> None:
        """Takes whoever has connected already."""
        while self._accept(0):
            pass

    def _accept(self, _events: int) -> bool:
        began = self.driver.now()
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

    def accept_native(self, accepted: Accepted) -> None:
        """Takes up what the front leaves to Python."""
        # The class beneath `socket.socket`, which takes four calls more.
        self._begin(socket.SocketType(socket.AF_UNIX, socket.SOCK_STREAM, 0, accepted.fd), accepted)

    def _begin(self, sock: socket.SocketType, accepted: Accepted | None, began: int = 0) -> None:
        """Takes a connection up, and its request as far as it goes."""
        limits = self._policies.settings.limits
        connection = Connection(sock, self._loop, limits.request_bytes, self._closed, accepted)
        request = self.requests[connection] = Request(connection)
        if connection.uid not in self._uids:
            connection.refuse(FAILED, "safeshell: this daemon serves another user")
            return
        if len(self.requests) >= limits.connections and self._busy >= limits.connections:
            self.accept_less()
        elif connection.fileno >= self._executor.descriptors_max - DESCRIPTORS_KEPT:
            self._pause()
        if accepted is None:
            self.driver.begin(request, None, began)
        elif accepted.child:
            self._front.adopt(request, accepted, self.driver)
        else:
            request.passed, request.located = len(accepted.descriptors), accepted.directory
            request.fresh = bool(accepted.directory)
            if accepted.seen:
                request.frame, request.seen = connection.peek(), accepted.seen
            self.driver.begin(request, accepted)
        self._listen(request)

    @property
    def _busy(self) -> int:
        """Connections that hold up others: not those that wait for people."""
        return len(self.requests) - len(self._approvals) - len(self._monitors)

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
            self.driver.run(request)
            self._listen(request)
            return
        try:
            events = connection.receive()
            if events is None:
                self.hang_up(request)
            for event in events or ():
                if isinstance(event, Signal):
                    self._forward(request, event.number)
                else:
                    self._control.handle(request, event)
        except Exception as error:  # noqa: BLE001 # one client's request must not end the daemon for all
            self.guard(request, error, False)

    def _forward(self, request: Request, number: int) -> None:
        """Hands a signal that reached the client to its command."""
        if request.child is not None:
            self._executor.signal(request.child, number)
        elif number in _FATAL:
            request.connection.exited(number)

    # Ends

    def resume(self, request: Request, step: str) -> None:
        """Goes on with a request that waited."""
        if not request.connection.closed:
            self.driver.resume(request, step)

    def ended(self, request: Request) -> None:
        """Goes on with a request whose command has ended."""
        self.driver.end(request, self._front.told)

    def hang_up(self, request: Request) -> None:
        """The client has gone: what runs for it ends."""
        if request.child is not None:
            self._executor.end(request.child)
        request.connection.close()

    def _closed(self, connection: Connection) -> None:
        request = self.requests.pop(connection)
        if request.deadline is not None:
            request.deadline.cancel()
        if request.adopted:
            self._front.let_go(request.adopted)
        if len(self._approvals):
            self._approvals.withdraw(connection)
        self._monitors.remove(connection)
        if not self._accepting:
            self.accept_more()
        self._lifecycle.finish()

    def guard(self, request: Request, error: Exception, answered: bool) -> None:
        """Hears what a step raised: one request must not end the daemon, nor, once it is answered, its command."""
        if isinstance(error, ProtocolError):
            reason = error.message
        elif failure := failure_of_machine(error):
            reason = f"the daemon can't go on with this: {failure}"
        else:
            reason = f"the daemon met a bug; its traceback is in {log_bug(self._home, error)}"
        if answered:
            return
        if request.child is not None:
            self._executor.end(request.child)
        request.connection.refuse(FAILED, f"safeshell: {reason}")
