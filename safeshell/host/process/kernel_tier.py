"""Whether this process is in a tree of the kernel tier: by the kernel's word, and no variable's."""

from __future__ import annotations

import errno
import os

_SECCOMP = {"x86_64": 317, "aarch64": 277}
"""The system call's number, by machine."""

_SET_MODE_FILTER, _NEW_LISTENER = 1, 8


def is_kept() -> bool:
    """Whether a keeper decides about what this process begins.

    The tree's filter refuses another listener with EBUSY before the kernel looks at what else is asked for, which is no
    filter at all: so elsewhere the call fails, too, and changes nothing (docs/kernel.md).
    """
    number = _SECCOMP.get(os.uname().machine)
    if number is None:
        return False
    import ctypes  # noqa: PLC0415 # a megabyte that only who asks pays for

    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(number, _SET_MODE_FILTER, _NEW_LISTENER, None) == -1 and ctypes.get_errno() == errno.EBUSY
