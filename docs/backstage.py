"""What the demo needs behind the scenes: a directory that nothing is left of, a terminal for the person, timing."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import NamedTuple, NoReturn

from safeshell.home.paths import SOCKET_PATH_MAX, Home
from safeshell.install.native import native_client, native_front

_CALIBRATION = 20
"""Runs that tell how many there is time for."""


class Cost(NamedTuple):
    """What `true` costs, in µs.

    Attributes:
        native: the whole process, natively.
        repeated: how much more behind a shim, where the same line has run before.
        new: how much more where it never has, beside a native line as long.
    """

    native: float
    repeated: float
    new: float


def cost(home: Home, seconds: float) -> Cost:
    """Times whole processes natively and behind the home's shim, interleaved, for so long; the figures are of medians.

    The home's daemon runs and `true` has a shim.

    Raises:
        SystemExit: a run failed, or wasn't what it was meant to be.
    """
    sys.path.insert(0, str(Path(__file__).parent.parent / "perf"))
    from timing import Case, interleave  # noqa: PLC0415 # the benchmark's modules are found by path
    from workload import Running  # noqa: PLC0415 # as above

    made = Running(home, sys.executable)
    base = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": os.path.dirname(home.root), "SAFESHELL_CONTEXT": "ai"}
    shim, environment = made.shimmed("true", base)
    cases = [
        Case(f"{how}{', new' * is_new}", path or "", ["true"], env, is_new=is_new)
        for how, path, env in (("native", shutil.which("true", path=base["PATH"]), base), ("shim", shim, environment))
        for is_new in (False, True)
    ]
    if native_front():
        made.wait_for_front()
    tried = interleave(cases, _CALIBRATION).values()
    round_s = sum(sum(timing.samples) for timing in tried) / _CALIBRATION / 1e6
    runs = max(_CALIBRATION, int(seconds / round_s))
    # The lines that are new in the first rounds were already new in the calibration's.
    took = {name: timing.p50 for name, timing in interleave(cases, runs, warmup=2 * _CALIBRATION).items()}
    if native_client() and native_front():
        made.check_repeated(runs)
    return Cost(took["native"], took["shim"] - took["native"], took["shim, new"] - took["native, new"])


def at_terminal(line: str, typed: str, directory: str, environment: Mapping[str, str]) -> str:
    """Runs a shell line at a terminal of its own; returns what was shown there.

    It descends from nobody, as what a person types doesn't descend from the agent, which the caller may well do.

    Args:
        line: what to run.
        typed: typed, with the return key, wherever something is asked.
        directory: to run it in.
        environment: all of its environment.
    """
    master, slave = os.openpty()
    gate, held = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.fork() == 0:
                os.close(held)
                os.read(gate, 1)  # returns when the parent has ended
                os.login_tty(slave)
                os.chdir(directory)
                os.execve("/bin/sh", ["sh", "-c", line], environment)
        finally:
            os._exit(0)
    os.close(held)
    os.close(gate)
    os.close(slave)
    os.waitpid(child, 0)
    shown = b""
    with contextlib.suppress(OSError):  # EIO: nobody holds the other end any more
        while data := os.read(master, 1 << 12):
            shown += data
            if shown.endswith(b": "):
                os.write(master, f"{typed}\r".encode())
    os.close(master)
    return shown.decode("utf-8", "replace").replace("\r\n", "\n")


@contextlib.contextmanager
def stage(patience_s: int) -> Iterator[str]:
    """Yields a temporary directory; however that ends, no process with it in its environment is left, nor a file.

    Args:
        patience_s: how long it may take.

    Raises:
        KeyboardInterrupt: a signal came, which is its argument: SIGALRM where it takes too long.
    """
    try:
        os.fstat(0)
    except OSError:  # closed: the next file would be it
        os.open(os.devnull, os.O_RDONLY)
    os.umask(0o077)  # rules that others may write are refused
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    signal.alarm(patience_s)
    base = tempfile.gettempdir()
    fits = len(os.fsencode(base)) <= SOCKET_PATH_MAX - len("/ssd-12345678/.safeshell/daemon.sock")
    with tempfile.TemporaryDirectory(prefix="ssd-", dir=base if fits else "/tmp") as directory:  # noqa: S108 # in it
        try:
            yield directory
        finally:
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            _end_processes(directory)


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)


def _end_processes(directory: str) -> None:
    needle, found = os.fsencode(directory), True
    while found:
        found = False
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):  # another user's, or gone
                if needle in Path("/proc", pid, "environ").read_bytes():
                    os.kill(int(pid), signal.SIGKILL)
                    found = True
