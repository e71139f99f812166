"""A guard beside the real one, for what is measured and denied on purpose: nothing of it is counted or recorded."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import tempfile
from collections.abc import Iterator

from safeshell.cli.daemon import launch
from safeshell.client import control
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.home.writing import write_atomically
from safeshell.protocol import Type

_END_S = 5.0


@contextlib.contextmanager
def aside(home: Home) -> Iterator[Home]:
    """A home with the same rules and settings, and a daemon of this installation, for as long as the block takes.

    Raises:
        SafeShellError: its daemon does not start, or the rules can't be included from elsewhere.
    """
    from safeshell_compiler.publish import compile_home, publish  # noqa: PLC0415 # `--help` need not wait for it

    with tempfile.TemporaryDirectory(prefix="safeshell-doctor-") as directory:
        beside = Home(os.path.join(directory, "home"))
        beside.create()
        write_atomically(beside.rules, f"version: 1\ninclude: [{json.dumps(home.rules)}]\n".encode(), 0o600)
        if os.path.exists(home.config):
            shutil.copy(home.config, beside.config)
        compiled = compile_home(beside)
        if compiled.errors:
            raise SafeShellError(compiled.errors[0].message)
        publish(beside, compiled)
        launch(beside)
        try:
            yield beside
        finally:
            _end(control(Type.STATUS, home=beside)["pid"])


def _end(pid: int) -> None:
    """Ends its daemon, which is this process's own: no request, for inside an agent that would take a person."""
    process = os.pidfd_open(pid)
    try:
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            signal.pidfd_send_signal(process, number)
            if select.select([process], [], [], _END_S)[0]:
                return
    finally:
        os.close(process)
