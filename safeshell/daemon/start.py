"""Becoming the daemon of a home: one at a time, with a socket that is there whole or not at all."""

from __future__ import annotations

import contextlib
import gc
import os
import signal

from safeshell.daemon.confinement import Own
from safeshell.daemon.loop import Loop
from safeshell.daemon.post import Post
from safeshell.daemon.server import Server
from safeshell.paths import Home

_SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def serve(home: Home) -> None:
    """Serves a home until told to stop.

    Raises:
        SafeShellError: another daemon serves it already, or its directory or socket can't be used.
    """
    own = Own.read()
    home.check()
    post = Post(home)
    try:
        os.chdir("/")
        _forget_ignored_signals()
        loop = Loop()
        server = Server(home, post, loop, own)
        loop.watch_signals(_SIGNALS, server.on_signal)
        server.start()
        _tell_ready()
        gc.collect()
        gc.freeze()  # what start-up made lives as long as the daemon: the collector need not look at it again
        loop.run()
        loop.close()
    finally:
        post.leave()


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
