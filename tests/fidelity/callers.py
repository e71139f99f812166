"""Callers that are not plain: each sets one thing of its own that its commands inherit."""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import signal
import struct
from collections.abc import Callable

PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_SET_TIMERSLACK, PR_SET_NO_NEW_PRIVS, PR_SET_THP_DISABLE = 1, 28, 29, 38, 41
ADDR_NO_RANDOMIZE = 0x0040000
NO_SETUID_FIXUP = 4
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
PR_SET_TSC, PR_TSC_SIGSEGV = 26, 2
SYS_KEYCTL, SYS_IOPRIO_SET, SYS_SET_MEMPOLICY = {"x86_64": (250, 251, 238), "aarch64": (219, 30, 237)}[
    os.uname().machine
]
SYS_LANDLOCK_CREATE_RULESET, SYS_LANDLOCK_RESTRICT_SELF = 444, 446
SYS_KCMP = {"x86_64": 312, "aarch64": 272}[os.uname().machine]
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
SECCOMP_RET_EPERM, SECCOMP_RET_ALLOW = 0x00050001, 0x7FFF0000
MAKE_FIFO = 1 << 10
MPOL_PREFERRED = 1
KEYCTL_JOIN_SESSION_KEYRING = 1
IOPRIO_IDLE = 3 << 13

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _prctl(option: int, value: int) -> None:
    _check(_libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)))


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as stream:
        stream.write(text)


def _open_nine() -> None:
    os.dup2(0, 9)


def _enter_landlock() -> None:
    """A domain in which no pipe with a name can be made; root needs no no_new_privs for it."""
    handled = ctypes.c_uint64(MAKE_FIFO)
    call = _libc.syscall
    ruleset = call(SYS_LANDLOCK_CREATE_RULESET, ctypes.byref(handled), ctypes.c_size_t(ctypes.sizeof(handled)), 0)
    _check(ruleset)
    _check(call(SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _prefer_memory() -> None:
    nodes = ctypes.c_ulong(1)
    _check(_libc.syscall(SYS_SET_MEMPOLICY, MPOL_PREFERRED, ctypes.byref(nodes), ctypes.c_ulong(2)))


def _set_timer() -> None:
    signal.setitimer(signal.ITIMER_REAL, 1000)


def _limit_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (77, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def _raise_signal_blocked() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    os.kill(os.getpid(), signal.SIGUSR1)


CALLERS: dict[str, Callable[[], object]] = {
    "plain": lambda: None,
    "umask": lambda: os.umask(0o027),
    "directory": lambda: os.chdir("/"),
    "nice": lambda: os.nice(3),
    "batch": lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)),
    "affinity": lambda: os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]),
    "limits": _limit_files,
    "ignored": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    "blocked": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2]),
    "pending": _raise_signal_blocked,
    "descriptor": _open_nine,
    "nonblocking": lambda: fcntl.fcntl(0, fcntl.F_SETFL, os.O_NONBLOCK),
    "no-new-privileges": lambda: _prctl(PR_SET_NO_NEW_PRIVS, 1),
    "securebits": lambda: _prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP),
    "write-execute": lambda: _prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN),
    "landlock": _enter_landlock,
    "memory-policy": _prefer_memory,
    "timer-slack": lambda: _prctl(PR_SET_TIMERSLACK, 77_000),
    "huge-pages": lambda: _prctl(PR_SET_THP_DISABLE, 1),
    "personality": lambda: _check(_libc.personality(ctypes.c_ulong(ADDR_NO_RANDOMIZE))),
    "input-output": lambda: _check(_libc.syscall(SYS_IOPRIO_SET, 1, 0, IOPRIO_IDLE)),
    "keyring": lambda: _check(_libc.syscall(SYS_KEYCTL, KEYCTL_JOIN_SESSION_KEYRING, b"of the caller")),
    "oom-score": lambda: _write("/proc/self/oom_score_adj", "300"),
    "core-filter": lambda: _write("/proc/self/coredump_filter", "0x1"),
    "timer": _set_timer,
    "death-signal": lambda: _prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
}
"""What to do in the caller before it executes the command, by name."""

PRIVILEGED = {"landlock", "securebits"}
"""Those that only root can be."""

KEPT = {"keyring", "plain", "umask", "directory", "nonblocking", "oom-score", "core-filter", "timer", "death-signal"}
"""Those whose commands a child of the daemon may run: it keeps what they set, or is listed not to."""

OWN_WORD = ("landlock", "securebits", "write-execute")
"""Those that confine, and that only the caller itself can tell."""

CONFINED = {"no-new-privileges", *OWN_WORD}
"""Those whose commands run in place whatever a setting says."""


def forgo_counter() -> None:
    """Gives the processor's time stamp counter up, without which no program starts that libc's loader starts."""
    _prctl(PR_SET_TSC, PR_TSC_SIGSEGV)


def forbid_kcmp() -> None:
    """A filter as containers have it: kcmp(2) fails with EPERM; root needs no no_new_privs for it."""
    load, equal, answer = 0x20, 0x15, 0x06  # BPF_LD+BPF_W+BPF_ABS, BPF_JMP+BPF_JEQ+BPF_K, BPF_RET+BPF_K
    code = [
        (load, 0, 0, 0),
        (equal, 0, 1, SYS_KCMP),
        (answer, 0, 0, SECCOMP_RET_EPERM),
        (answer, 0, 0, SECCOMP_RET_ALLOW),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(program)))
    _check(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, ctypes.c_ulong(0), ctypes.c_ulong(0)))


def why_not(change: Callable[[], object]) -> str:
    """Why this machine has no such caller, or "": tried in a process of its own."""
    pid = os.fork()
    if not pid:
        try:
            change()
        except OSError:
            os._exit(1)
        os._exit(0)
    return f"needs a kernel that lets a process {getattr(change, '__name__', '')}" if os.waitpid(pid, 0)[1] else ""
