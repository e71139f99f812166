"""What a service manager passes and is told: socket activation and readiness (sd_listen_fds(3), sd_notify(3))."""

from __future__ import annotations

import contextlib
import os
import socket

from safeshell.errors import SafeShellError

_FIRST = 3

ADDRESS = os.environ.pop("NOTIFY_SOCKET", "")
"""Where the service manager listens, or "". Taken out of the environment: what the daemon starts is not the service."""


def take_activated() -> int | None:
    """The descriptor of a socket that was passed for activation, or None.

    Raises:
        SafeShellError: several were passed.
    """
    pid, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdigit() or count == "0":
        return None
    if count != "1":
        raise SafeShellError(f"{count} sockets were passed, the daemon has one")
    return _FIRST


def tell(state: str) -> None:
    """Tells the service manager, where there is one: `READY=1`, `STOPPING=1`, `MAINPID=…`."""
    if not ADDRESS:
        return
    address = "\0" + ADDRESS[1:] if ADDRESS.startswith("@") else ADDRESS
    # It may have gone, which is no reason not to serve.
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.setblocking(False)
        sock.sendto(state.encode(), address)
