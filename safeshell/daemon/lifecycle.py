"""The daemon's life: it holds its socket, hands it over, drains and ends."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from typing import Any, Protocol

from safeshell import __version__
from safeshell.daemon.core.connection import Connection
from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.listen import systemd
from safeshell.daemon.listen.handover import Handover, start_command
from safeshell.daemon.listen.listener import Listener, Standing
from safeshell.daemon.request import FAILED
from safeshell.errors import SafeShellError
from safeshell.home.client_conf import daemon_command
from safeshell.home.paths import Home
from safeshell.host.process.confinement import inspect
from safeshell.host.process.own import Own

LOOK_S = 30.0
"""How often the daemon looks whether clients still find its socket, where no signal tells it."""

SETTLE_S = 0.2
"""From a change in the home to the look: who removes the whole directory is not to find a new socket in it."""


class Serving(Protocol):
    """What serves, as far as its end is concerned: the server."""

    def accept_more(self) -> None:
        """Takes connections from now on."""

    def accept_less(self) -> None:
        """Takes none for now."""

    def accept_all(self) -> None:
        """Takes whoever has connected already."""

    def take_running(self) -> None:
        """Takes over what the fast path has begun."""

    def tables(self) -> list[int]:
        """The memory files of the tables in force, for an heir."""
        ...

    def close_all(self, *, now: bool) -> None:
        """Lets nobody wait for people any more; `now` ends what runs, too."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is connected and nothing runs."""
        ...


class Lifecycle:
    """Holds the post, gives it away, and ends the daemon.

    Attributes:
        on_look: called whenever it has looked at its directory.
        stopping: 0; 1: nothing more is accepted; 2: what runs is ended, too.
    """

    def __init__(
        self, home: Home, listener: Listener, loop: Loop, own: Own, executor: Executor, serving: Serving
    ) -> None:
        self._home = home
        self._listener = listener
        self._loop = loop
        self._own = own
        self._executor = executor
        self._serving = serving
        self._handover: Handover | None = None
        self._looking = False
        self._started = time.monotonic()
        self.stopping = 0
        self.on_look: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begins to look after the socket."""
        self._loop.call_later(LOOK_S, self._look_again)

    def describe(self, watching: int) -> dict[str, Any]:
        """For `daemon status`.

        Args:
            watching: descriptors that are held to watch directories: they come and go with what callers ask for.
        """
        return {
            "version": __version__,
            "pid": os.getpid(),
            "home": self._home.root,
            "uptime_s": round(time.monotonic() - self._started, 3),
            "rss_kib": _rss_kib(),
            "descriptors": len(os.listdir("/proc/self/fd")) - 1 - watching,
            "stopping": bool(self.stopping),
        }

    # The socket

    def home_changed(self) -> None:
        """Looks after the socket, in a while."""
        if not self._looking:
            self._looking = True
            self._loop.call_later(SETTLE_S, self._look)

    def _look_again(self) -> None:
        if not self.stopping:
            self._look()
            self._loop.call_later(LOOK_S, self._look_again)

    def _look(self) -> None:
        """Where the socket was removed, listens anew; where that can't be, ends, so that a client starts a daemon."""
        self._looking = False
        if self.stopping:
            return
        self.on_look()
        standing = self._listener.standing()
        if standing is Standing.HELD:
            return
        try:
            if standing is Standing.GONE:
                self._serving.accept_less()
                self._serving.accept_all()
                self._listener.listen_anew()
                self._serving.accept_more()
                return
        except SafeShellError:
            pass  # the disk may be full: as where the directory has gone
        self.stop(1)

    # Handing over

    def hand_over(self, connection: Connection, step: int, status: Callable[[], dict[str, Any]]) -> None:
        """Gives the post to a new daemon, then stops (`stop` has the steps)."""
        obstacle = self._cannot_hand_over(connection)
        if not obstacle:
            try:
                self._handover = Handover(
                    self._home,
                    self._listener,
                    self._serving.tables(),
                    self._executor,
                    self._loop,
                    lambda heir, failure: self._handed_over(connection, step, heir, failure, status),
                )
            except SafeShellError as error:
                obstacle = error.message
            except OSError as error:
                obstacle = f"the next daemon can't be started: {error.strerror}"
        if obstacle:
            connection.refuse(FAILED, f"safeshell: {obstacle}")

    @property
    def heir_is_another(self) -> bool:
        """Whether what would be started is another installation than this daemon's."""
        with contextlib.suppress(SafeShellError):  # then nothing is started, and it is said why
            return start_command(self._home) != daemon_command()
        return False

    def _cannot_hand_over(self, connection: Connection) -> str:
        if self.stopping:
            return "the daemon is stopping"
        if self._handover is not None:
            return "the daemon is being handed over already"
        if connection.uid != os.geteuid():
            return "only its own user may hand the daemon over"
        confined = inspect(connection.pid, self._own, connection.pidfd).confined
        return f"the caller is confined differently: {confined}" if confined else ""

    def _handed_over(
        self, connection: Connection, step: int, heir: int, failure: str, status: Callable[[], dict[str, Any]]
    ) -> None:
        self._handover = None
        if failure:
            self._listener.answer_for()  # the heir may have come as far as that
            connection.refuse(FAILED, f"safeshell: the next daemon did not start: {failure}")
            return
        systemd.tell(f"MAINPID={heir}")
        self._serving.accept_less()  # who waits at the socket is the heir's
        self._listener.hand_over()
        self._end(step)
        connection.result({**status(), "heir": heir})

    # The end

    def stop(self, step: int) -> None:
        """Step 1: accepts nothing more and lets what runs end; step 2: ends it."""
        if not self.stopping:
            systemd.tell("STOPPING=1")
            self._serving.accept_less()
            self._serving.accept_all()
            self._listener.leave()
        self._end(step)

    def _end(self, step: int) -> None:
        self.stopping = max(self.stopping, 2 if step == 2 else 1)
        self._serving.take_running()
        self._serving.close_all(now=self.stopping == 2)
        self.finish()

    def finish(self) -> None:
        """Ends the daemon, where it stops and has nothing left to do."""
        if self.stopping and self._serving.is_idle:
            self._serving.close_all(now=True)
            self._loop.stop()


def _rss_kib() -> int:
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024
