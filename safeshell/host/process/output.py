"""Output of a program that is short and soon over."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Mapping

_OUTPUT_MAX = 8192  # bytes


def run(argv: list[bytes], environment: Mapping[bytes, bytes], timeout_s: float) -> tuple[int, bytes]:
    """Runs a program with nothing of ours but a pipe, and kills it when it has had its time.

    Returns:
        Its exit status (negative: a signal) and the beginning of its output.

    Raises:
        OSError: it can't be started.
    """
    deadline = time.monotonic() + timeout_s
    reader, writer = os.pipe()
    try:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, b"/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, writer, 1),
            (os.POSIX_SPAWN_OPEN, 2, b"/dev/null", os.O_WRONLY, 0),
        ]
        defaults = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
        pid = os.posix_spawn(argv[0], argv, environment, file_actions=actions, setsigmask=[], setsigdef=defaults)
    except OSError:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    try:
        output = _read_until(reader, deadline)
    finally:
        os.close(reader)
        status = _end(pid, deadline)
    return status, output


def _read_until(reader: int, deadline: float) -> bytes:
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    output = b""
    while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        piece = os.read(reader, 4096)
        if not piece or len(output) > _OUTPUT_MAX:
            break
        output += piece
    return output


def _end(pid: int, deadline: float) -> int:
    """Waits for a child, ends it at the deadline."""
    descriptor = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
