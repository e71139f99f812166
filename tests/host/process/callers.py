"""Callers that are processes of their own, and what confines them."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

WAIT = ["/bin/sh", "-c", "echo ready; read line"]
ROOT = os.geteuid() == 0
needs_root = pytest.mark.needs("root")

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
SO_PEERPIDFD = 77

FILTER = f"""
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
program = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))  # BPF_RET, SECCOMP_RET_ALLOW
header = ctypes.create_string_buffer(struct.pack("HP", 1, ctypes.addressof(program)))
def add_filter():
    if libc.prctl({PR_SET_SECCOMP}, {SECCOMP_MODE_FILTER}, header, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")
def no_new_privs():
    if libc.prctl({PR_SET_NO_NEW_PRIVS}, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
"""

Spawn = Callable[..., int]


def reset_signals() -> None:
    """A test run under nohup, or by a Python that ignores SIGPIPE, still starts its children as a shell does."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError):  # the C library keeps two for itself
            signal.signal(number, signal.SIG_DFL)


def innermost(pid: int) -> int:
    """The last of a chain of only children: what a wrapper that forks runs."""
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        (pid,) = map(int, children)
    return pid
