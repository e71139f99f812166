"""Programs run within a time: in a session of their own, all of which is ended with it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from safeshell.host.process import ancestry


class Ended(NamedTuple):
    """How a program ended.

    Attributes:
        status: its exit status, or minus the signal that ended it; None where its time was over.
        stdout, stderr: what was written there until then, by it and by what it started.
    """

    status: int | None
    stdout: bytes
    stderr: bytes


def run(
    argv: Sequence[str],
    seconds: float,
    *,
    environment: Mapping[str, str] | None = None,
    directory: str | None = None,
    given: bytes = b"",
) -> Ended:
    """Runs a program.

    Args:
        argv: it and its arguments.
        seconds: how long it may take.
        environment: its, this process's where left out.
        directory: where, this process's where left out.
        given: what it can read from stdin.

    Raises:
        OSError: it can't be started.
    """
    # Files, not pipes: those are open as long as anything that was left behind.
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        stdin.write(given)
        stdin.seek(0)
        process = subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=environment,
            cwd=directory,
            start_new_session=True,
        )
        try:
            in_time = _has_ended(process.pid, seconds)
        finally:
            end_session(process.pid)  # before its leader is reaped: until then nobody else has its number
            process.wait()
        stdout.seek(0)
        stderr.seek(0)
        return Ended(process.returncode if in_time else None, stdout.read(), stderr.read())


def _has_ended(pid: int, seconds: float) -> bool:
    """Waits for a child, and doesn't reap it."""
    descriptor = os.pidfd_open(pid)
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def end_session(session: int) -> None:
    """Ends every process of a session, whichever group it is in; one that began a session of its own goes on."""
    ended: set[int] = set()
    while found := {pid for pid in _pids() if (one := ancestry.read(pid)) and one.session == session} - ended:
        for pid in found:  # and then those that one of them has started meanwhile
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        ended |= found


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
