"""Probe of what is seen here of a caller's confinement: what the daemon reads, and what only its client can tell."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable

from safeshell.cli.probes.model import Probe
from safeshell.client import control
from safeshell.errors import SafeShellError
from safeshell.home.in_force import published
from safeshell.home.paths import Home
from safeshell.host.process.own import Own
from safeshell.install.native import native_client
from safeshell.protocol import Type

_KCMP, _GET_MEMPOLICY = {"x86_64": (312, 239), "aarch64": (272, 236)}.get(os.uname().machine, (0, 0))
_KCMP_VM = 1
_PR_GET_TSC, _PR_GET_SECUREBITS, _PR_GET_MDWE = 25, 27, 66
_ABSENT = frozenset((errno.EINVAL, errno.ENOSYS, errno.ENODEV))
"""How a kernel says that it has no such thing."""

Look = Callable[[ctypes.CDLL, int], int]
"""A look of the client's own, at the daemon of this number; it returns an error's number, 0 for none."""


def probe_confinement(home: Home) -> Probe:
    """What of a caller's confinement can be told on this kernel?"""
    try:
        pid = control(Type.STATUS, home=home)["pid"]
        own = Own.of(pid)
        _, settings = published(home)
    except SafeShellError as error:
        return Probe("confinement", None, error.message, error.hint)
    stands_against = own.unprovable or own.unusual
    if stands_against:
        hint = "start the daemon outside of what confines it here"
        return Probe("confinement", True, f"every command runs in place: {stands_against}", hint)
    if settings.shims_client == "bash" or native_client() is None:
        found = f"the daemon's own looks; the bash client can't tell of {', '.join(_LOOKS)}"
        return Probe("confinement", True, found)
    return _describe({name: look(ctypes.CDLL(None, use_errno=True), pid) for name, look in _LOOKS.items()})


def _describe(errors: dict[str, int]) -> Probe:
    told = [name for name, error in errors.items() if not error]
    absent = [name for name, error in errors.items() if error in _ABSENT]
    denied = {name: os.strerror(error) for name, error in errors.items() if error and error not in _ABSENT}
    parts = [f"told here: {', '.join(told) or 'nothing'}"]
    if absent:
        parts.append(f"not in this kernel: {', '.join(absent)}")
    if denied:
        parts.append(f"can't be told: {', '.join(f'{name} ({why})' for name, why in denied.items())}")
    hint = ""
    if LANDLOCK in denied:
        hint = "clients may not look at the daemon, so every command runs in place: is one of the two in a sandbox?"
    elif denied:
        hint = "a sandbox forbids the looks: what they would see is not noticed"
    return Probe("confinement", True, "; ".join(parts), hint)


def _look_at(library: ctypes.CDLL, pid: int) -> int:
    """As the client does: by kcmp, or where that is forbidden to all by reading a link of the daemon's."""
    if _KCMP and library.syscall(_KCMP, os.getpid(), pid, _KCMP_VM, 0, 0) >= 0:
        return 0
    try:
        os.readlink(f"/proc/{pid}/root")
    except OSError as error:
        return error.errno or errno.EPERM
    return 0


def _ask(option: int) -> Look:
    def look(library: ctypes.CDLL, _pid: int) -> int:
        value = ctypes.c_int()
        address = ctypes.addressof(value) if option == _PR_GET_TSC else 0
        nothing = ctypes.c_ulong(0)
        failed = library.prctl(option, ctypes.c_ulong(address), nothing, nothing, nothing) < 0
        return ctypes.get_errno() if failed else 0

    return look


def _ask_policy(library: ctypes.CDLL, _pid: int) -> int:
    if not _GET_MEMPOLICY:
        return errno.ENOSYS
    value, nothing = ctypes.c_int(), ctypes.c_ulong(0)
    failed = library.syscall(_GET_MEMPOLICY, ctypes.byref(value), nothing, nothing, nothing, nothing) < 0
    return ctypes.get_errno() if failed else 0


LANDLOCK = "Landlock"
_LOOKS: dict[str, Look] = {
    LANDLOCK: _look_at,
    "MDWE": _ask(_PR_GET_MDWE),
    "the time stamp counter": _ask(_PR_GET_TSC),
    "securebits": _ask(_PR_GET_SECUREBITS),
    "memory policy": _ask_policy,
}
