"""Becoming the daemon of a home: one at a time, with a socket that is there whole or not at all."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
from collections.abc import Sequence

from safeshell.daemon.core.loop import Loop
from safeshell.daemon.listen import systemd
from safeshell.daemon.listen.activation import activate, inherit
from safeshell.daemon.listen.handover import INHERITED
from safeshell.daemon.listen.listener import Listener
from safeshell.home.in_force import begin_reading
from safeshell.home.paths import Home
from safeshell.host.process.own import Own

_SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGIO, signal.SIGURG)


def serve(home: Home) -> None:
    """Serves a home until told to stop.

    Raises:
        SafeShellError: another daemon serves it already, or its directory or socket can't be used.
    """
    own = Own.read()
    home.check()
    inherited = os.environ.pop(INHERITED, "").split()
    listener = _take_listener(home, inherited)
    try:
        reading = begin_reading(home, [int(descriptor) for descriptor in inherited[3:]])
        # While another process reads the tables, for this is most of what there is to import.
        from safeshell.daemon.server import Server  # noqa: PLC0415

        os.chdir("/")
        _forget_ignored_signals()
        loop = Loop()
        server = Server(home, listener, loop, own, reading)
        loop.watch_signals(_SIGNALS, server.on_signal)
        listener.watch(signal.SIGIO)
        server.start()
        if not inherited:  # who hands over names its heir to the service manager itself
            systemd.tell("READY=1")
        _tell_ready()
        gc.freeze()  # what start-up made lives as long as the daemon: the collector need not look at it, ever
        gc.enable()
        server.run()
        loop.close()
    finally:
        listener.leave()


def _take_listener(home: Home, inherited: Sequence[str]) -> Listener:
    """Takes the listener: from a daemon that hands over, from a service manager, or by itself."""
    if inherited:
        return inherit(home, int(inherited[0]), int(inherited[1]), lent=inherited[2] == "lent")
    activated = systemd.take_activated()
    return Listener(home) if activated is None else activate(home, activated)


def _forget_ignored_signals() -> None:
    """What the daemon's starter ignored (nohup), its children would ignore too."""
    for number in signal.valid_signals() - {signal.SIGPIPE, signal.SIGXFSZ}:  # the executor resets these in children
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _tell_ready() -> None:
    """Tells whoever started the daemon that it listens."""
    ready = os.environ.pop("SAFESHELL_READY_FD", "")
    if ready.isdigit():
        with contextlib.suppress(OSError):
            os.write(int(ready), b"\n")
            os.close(int(ready))
