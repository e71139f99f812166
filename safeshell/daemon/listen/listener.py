"""The daemon's listener: its socket and its home's lock."""

from __future__ import annotations

import contextlib
import enum
import fcntl
import os
import select
import socket
import time
from typing import NamedTuple

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home

BACKLOG = 1024
"""Clients that may wait to be accepted; one more gets EAGAIN and tries again."""


class Standing(enum.Enum):
    """What became of the socket's path."""

    HELD = "clients reach this daemon"
    GONE = "the path leads nowhere: it can be taken again"
    LOST = "the directory has gone, or someone else serves the path"


class Held(NamedTuple):
    """What a listener holds: its socket, the descriptor that holds the lock, whether the socket is lent."""

    socket: socket.socket
    lock: int
    lent: bool


class Listener:
    """One daemon a home, with a socket that is there whole or not at all.

    Attributes:
        socket: the listening one, non-blocking.
        lock: the descriptor of the home's directory that holds the lock.
        lent: whether the socket is a service manager's, who made it and removes it.

    Raises:
        SafeShellError: another daemon serves the home, or the socket can't be made.
    """

    def __init__(self, home: Home, held: Held | None = None) -> None:
        self._home = home
        self._path = home.socket
        self.socket, self.lock, self.lent = held or _take(home)
        self._left = False
        self._watched = -1
        # Open, so that the file's number stays its own once it is removed.
        self._file = _open_path(self._path)

    def watch(self, number: int) -> None:
        """Asks for a signal whenever something is removed from the home, renamed or made there."""
        self._watched = os.open(self._home.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        events = fcntl.DN_DELETE | fcntl.DN_RENAME | fcntl.DN_CREATE | fcntl.DN_MULTISHOT
        with contextlib.suppress(OSError):  # a kernel without it: then the daemon only looks now and then
            fcntl.fcntl(self._watched, fcntl.F_SETSIG, number)
            fcntl.fcntl(self._watched, fcntl.F_NOTIFY, events)

    def standing(self) -> Standing:
        """Looks whether clients still find this daemon."""
        if is_same_file(self._path, self._file):
            return Standing.HELD
        if self.lent or not is_same_file(os.path.realpath(self._home.root), self.lock) or _answers(self._path):
            return Standing.LOST
        return Standing.GONE

    def answer_for(self) -> None:
        """Has clients find this process at the other end (SO_PEERCRED): it is who called listen(2) last.

        A socket may come from a service manager, or from a daemon that handed over.
        """
        self.socket.listen(BACKLOG)

    def listen_anew(self) -> None:
        """Puts a new socket at the path; who waits at the old one has to be accepted before.

        Raises:
            SafeShellError: the socket can't be made; the old one stays.
        """
        listener = _listen(self._path)
        self.socket.close()
        self.socket = listener
        if self._file >= 0:
            os.close(self._file)
        self._file = _open_path(self._path)

    def leave(self) -> None:
        """Gives the socket and the lock up, so that another daemon may come while commands still run here."""
        if not self._left and not self.lent and is_same_file(self._path, self._file):
            with contextlib.suppress(OSError):
                os.unlink(self._path)
        self.hand_over()

    def hand_over(self) -> None:
        """Closes the socket and the lock, which the next daemon holds already."""
        if self._left:
            return
        self._left = True
        self.socket.close()
        for descriptor in (self.lock, self._file, self._watched):
            if descriptor >= 0:
                os.close(descriptor)


def is_same_file(path: str, descriptor: int) -> bool:
    """Whether a path, links not followed, still leads to an open file."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except OSError:
        return False


def _open_path(path: str) -> int:
    """A descriptor of the file itself, or -1."""
    try:
        return os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return -1


def _answers(path: str) -> bool:
    """Whether someone listens at a path."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(path)
        except BlockingIOError:
            return True  # its queue is full
        except OSError:
            return False
    return True


def _take(home: Home) -> Held:
    lock = take_lock(home)
    try:
        return Held(_listen(home.socket), lock, lent=False)
    except SafeShellError:
        os.close(lock)
        raise


def take_lock(home: Home, patience_s: float = 0) -> int:
    """Holds the home's directory itself, so there is no lock file that could be stale.

    Raises:
        SafeShellError: another daemon still holds it after so many seconds.
    """
    descriptor = os.open(home.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise SafeShellError(f"a daemon serves {home.root} already") from error
            select.select([], [], [], 0.01)
        else:
            return descriptor


def _listen(path: str) -> socket.socket:
    """A listening socket at `path`, never to be seen with another mode or half set up.

    Whoever holds the lock is the only daemon, so what stands at the path is stale and is replaced.
    """
    # Short, for the path has to fit a socket address.
    aside = os.path.join(os.path.dirname(path), f".s{os.getpid()}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    mask = os.umask(0o177)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)
        listener.bind(aside)
        listener.listen(BACKLOG)
        os.rename(aside, path)
    except OSError as error:
        listener.close()
        with contextlib.suppress(OSError):
            os.unlink(aside)
        raise SafeShellError(f"can't listen at {path}: {error.strerror}") from error
    finally:
        os.umask(mask)
    return listener
