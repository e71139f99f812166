"""Shells among processes: what agents start their hooks and their lines by."""

from __future__ import annotations

import os

SHELLS = frozenset(
    {"ash", "bash", "busybox", "dash", "fish", "ksh", "ksh93", "mksh", "rbash", "rzsh", "sh", "yash", "zsh"}
)
"""The basenames of their programs."""


def is_shell(pid: int) -> bool:
    """Whether a process is a shell; not one whose program can't be told."""
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")) in SHELLS
    except OSError:
        return False
