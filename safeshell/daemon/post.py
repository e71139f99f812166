"""The place a daemon holds: its home's lock and its listening socket."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket

from safeshell.errors import SafeShellError
from safeshell.paths import Home

BACKLOG = 1024
"""Clients that may wait to be accepted; one more gets EAGAIN and tries again."""


class Post:
    """One daemon a home, with a socket that is there whole or not at all.

    Attributes:
        listener: the listening socket, non-blocking.

    Raises:
        SafeShellError: another daemon serves the home, or the socket can't be made.
    """

    def __init__(self, home: Home) -> None:
        self._path = home.socket
        self._lock = _lock(home)
        self._left = False
        try:
            self.listener = _listen(self._path)
        except SafeShellError:
            os.close(self._lock)
            raise

    def leave(self) -> None:
        """Gives the socket and the lock up, so that another daemon may come while commands still run here."""
        if self._left:
            return
        self._left = True
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        self.listener.close()
        os.close(self._lock)


def _lock(home: Home) -> int:
    """Holds the home's directory itself, so there is no lock file that could be stale."""
    descriptor = os.open(home.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise SafeShellError(f"a daemon serves {home.root} already") from error
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
