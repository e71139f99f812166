"""Handing the listener to another daemon: it inherits socket, lock and tables, so that nobody is refused in between.

The daemon starts its heir itself: under a service manager it stays in the same service. What is started is what the
clients start, the program that `client.conf` names: after an upgrade that is the new installation's.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import stat
from collections.abc import Callable, Sequence

from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.listen.listener import Listener
from safeshell.daemon.listen.systemd import ADDRESS
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home

INHERITED = "SAFESHELL_INHERITED"
"""Names the descriptors for the heir: "LISTENER LOCK own TABLE…", or "lent" where the socket is a service manager's."""

PATIENCE_S = 10.0
"""How long the heir may take to serve."""

_LISTENER, _LOCK, _READY, _FIRST_TABLE = 3, 4, 5, 6

Outcome = Callable[[int, str], None]
"""Called once with the heir's pid and why it does not serve, or ""."""


def start_command(home: Home) -> list[str]:
    """What starts a daemon of the home, as its clients read it.

    Raises:
        SafeShellError: `client.conf` can't be read, isn't the user's own, or names no program.
    """
    try:
        with open(home.client_conf, encoding="utf-8", errors="surrogateescape") as stream:
            found = os.fstat(stream.fileno())
            lines = stream.read().splitlines()
    except OSError as error:
        raise SafeShellError(f"can't read {home.client_conf}: {error.strerror}") from error
    if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SafeShellError(f"{home.client_conf} is not yours alone to write")
    command = [line.removeprefix("start=") for line in lines if line.startswith("start=")]
    if not command or not command[0].startswith("/"):
        raise SafeShellError(f"{home.client_conf} does not say how to start the daemon")
    return command


class Handover:
    """One attempt; calls back when the heir serves or has failed.

    Args:
        home: whose daemon is handed over.
        post: what the heir takes over.
        tables: the memory files of the tables in force, which it takes over too.
        executor: knows the limits that the heir is to have.
        loop: what drives it.
        done: see there.

    Raises:
        SafeShellError: there is nothing to start.
        OSError: it can't be started.
    """

    def __init__(
        self, home: Home, listener: Listener, tables: Sequence[int], executor: Executor, loop: Loop, done: Outcome
    ) -> None:
        self._loop = loop
        self._done = done
        command = start_command(home)
        self._ready, ready = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._errors, errors = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            with executor.own_limits():
                self._pid = _spawn(command, home, listener, tables, ready, errors)
            self._pidfd = _watch(self._pid)
        except OSError:
            os.close(self._ready)
            os.close(self._errors)
            raise
        finally:
            os.close(ready)
            os.close(errors)
        self._timer = loop.call_later(PATIENCE_S, lambda: self._end(f"it does not serve after {PATIENCE_S:.0f} s"))
        loop.register(self._ready, select.EPOLLIN, lambda _events: self._hear())

    def _hear(self) -> None:
        if os.read(self._ready, 1):
            self._end("")
            return
        said = b""
        with contextlib.suppress(BlockingIOError):
            said = os.read(self._errors, 4096)
        self._end(_last_line(said) or "it ended")

    def _end(self, failure: str) -> None:
        self._timer.cancel()
        self._loop.unregister(self._ready)
        if failure:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        for descriptor in (self._ready, self._errors, self._pidfd):
            os.close(descriptor)
        self._done(self._pid, failure)


def _watch(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except OSError:  # out of descriptors: an heir that nobody hears must not serve
        os.kill(pid, signal.SIGKILL)
        raise


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("safeshell: ") if lines else ""


def _spawn(command: list[str], home: Home, listener: Listener, tables: Sequence[int], ready: int, errors: int) -> int:
    places = range(_FIRST_TABLE, _FIRST_TABLE + len(tables))
    environment = {
        "SAFESHELL_HOME": home.root,
        "HOME": os.path.expanduser("~"),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "SAFESHELL_READY_FD": str(_READY),
        INHERITED: " ".join(map(str, (_LISTENER, _LOCK, "lent" if listener.lent else "own", *places))),
    }
    if ADDRESS:
        environment["NOTIFY_SOCKET"] = ADDRESS
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    passed = {0: null, 1: null, 2: errors, _LISTENER: listener.socket.fileno(), _LOCK: listener.lock, _READY: ready}
    passed.update(zip(places, tables, strict=True))
    first_safe = _FIRST_TABLE + len(tables)  # above all targets, for one must not be replaced before it is passed
    moved: dict[int, int] = {}
    try:
        for target, descriptor in passed.items():
            moved[target] = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, first_safe)
        os.set_blocking(moved[2], True)  # a traceback must come whole; the reader's end is another description
        return os.posix_spawn(
            command[0],
            command,
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, descriptor, target) for target, descriptor in moved.items()],
            setsid=True,
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
        )
    finally:
        os.close(null)
        for descriptor in moved.values():
            os.close(descriptor)
