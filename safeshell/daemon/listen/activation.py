"""Becoming the daemon with a socket that someone else made: a service manager, or a daemon that hands over."""

from __future__ import annotations

import fcntl
import os
import socket

from safeshell.daemon.listen.listener import Held, Listener, is_same_file, take_lock
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home

LEAVING_S = 2.0
"""How long a socket-activated daemon waits for one that is about to leave."""


def activate(home: Home, descriptor: int) -> Listener:
    """Takes a listening socket that a service manager made.

    Raises:
        SafeShellError: it listens elsewhere, or another daemon serves the home and does not leave.
    """
    listener = _adopt(descriptor)
    if listener.getsockname() != home.socket:
        raise SafeShellError(f"the socket that was passed listens at {listener.getsockname()}, not {home.socket}")
    return Listener(home, Held(listener, take_lock(home, LEAVING_S), lent=True))


def inherit(home: Home, listener: int, lock: int, *, lent: bool) -> Listener:
    """Takes over what a daemon that hands over passed; its lock comes with the descriptor.

    Raises:
        SafeShellError: the descriptors are no listening socket and no lock on this home.
    """
    if not _is_locked(home, lock):
        raise SafeShellError(f"what was handed over is no lock on {home.root}")
    os.set_inheritable(lock, False)
    return Listener(home, Held(_adopt(listener), lock, lent=lent))


def _is_locked(home: Home, descriptor: int) -> bool:
    """Whether the descriptor holds the lock on the home, or can take it."""
    if not is_same_file(os.path.realpath(home.root), descriptor):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _adopt(descriptor: int) -> socket.socket:
    """Makes a passed descriptor this process's own listening socket."""
    try:
        listener = socket.socket(fileno=descriptor)
        listening = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise SafeShellError(f"descriptor {descriptor} is no socket: {error.strerror}") from error
    if not listening or (listener.family, listener.type) != (socket.AF_UNIX, socket.SOCK_STREAM):
        raise SafeShellError(f"descriptor {descriptor} is no listening Unix stream socket")
    listener.setblocking(False)
    listener.set_inheritable(False)
    return listener
