"""Signals and stops: what reaches the shim reaches the program, and what happens to the program shows at the shim."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from e2e.guard import Guard
from harness import PATIENCE_S, until

FORWARDED = ("TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "WINCH", "ALRM")

JOB_CONTROL = """\
import os, signal, subprocess, sys
# A shell without a terminal: the job is a process group of its own in the shell's session, so that stops work.
job = subprocess.Popen(sys.argv[1:], process_group=0)
print("job", job.pid, flush=True)
while True:
    _, status = os.waitpid(job.pid, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    print("stopped", signal.Signals(os.WSTOPSIG(status)).name, flush=True)
"""


def listen(guard: Guard, *options: str) -> tuple[subprocess.Popen[bytes], int]:
    """Starts the listener; returns it, or its shim, and the program's own pid."""
    process = guard.start("listener", *options, stdin=subprocess.PIPE, bufsize=0)
    return process, int(read_line(process))


def read_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(process.stdout.fileno(), 1)
        assert byte, f"ended after {bytes(line)!r}"
        line += byte
    return bytes(line[:-1])


def state(pid: int) -> str:
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:
        return stream.read().rpartition(")")[2].split()[0]


def test_signals_reach_the_program(guard: Guard) -> None:
    process, pid = listen(guard)
    assert (process.pid != pid) is guard.spawns
    for name in FORWARDED:
        process.send_signal(signal.Signals[f"SIG{name}"])
        assert read_line(process) == f"SIG{name}".encode()
    out, err = process.communicate()
    assert (process.returncode, out, err) == (6, b"end\n", b"")


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "USR1"])
def test_signals_end_the_program(guard: Guard, name: str) -> None:
    process, pid = listen(guard, "mortal")
    process.send_signal(signal.Signals[f"SIG{name}"])
    assert process.wait(20) == -signal.Signals[f"SIG{name}"]
    close(process)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_killing_the_program_shows(guard: Guard) -> None:
    process, pid = listen(guard)
    os.kill(pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_stop_and_continue(guard: Guard) -> None:
    job = guard.start(sys.executable, "-c", JOB_CONTROL, "listener", "mortal", stdin=subprocess.PIPE, bufsize=0)
    try:
        shim = int(read_line(job).split()[1])
        pid = int(read_line(job))
        for number, target in ((signal.SIGSTOP, pid), (signal.SIGTSTP, shim), (signal.SIGSTOP, pid)):
            os.kill(target, number)
            assert read_line(job) == b"stopped " + signal.Signals(number).name.encode()
            assert state(pid) == "T"
            assert state(shim) == "T"
            os.kill(shim, signal.SIGCONT)
            until(lambda: "T" not in (state(pid), state(shim)), "the program to go on")
    finally:
        out, _ = job.communicate()
    assert out == b"end\n"
    assert job.returncode == 6


def test_stopping_the_shim_alone(guard: Guard) -> None:
    process, _ = listen(guard)
    process.send_signal(signal.SIGSTOP)
    until(lambda: state(process.pid) == "T", "the shim to stop")
    process.send_signal(signal.SIGUSR1)
    process.send_signal(signal.SIGCONT)
    heard = {read_line(process), read_line(process)}
    assert heard == {b"SIGUSR1", b"SIGCONT"}
    process.communicate()
    assert process.returncode == 6


def test_killing_the_shim_ends_the_program(guard: Guard) -> None:
    process, pid = listen(guard, "mortal")
    with ending(pid):
        process.kill()
        assert process.wait() == -signal.SIGKILL
    close(process)


def test_killing_the_shim_ends_what_ignores_it_too(spawning: Guard) -> None:
    process, pid = listen(spawning, "stubborn")
    started = time.monotonic()
    with ending(pid):
        process.kill()
    assert 1.5 < time.monotonic() - started < 10  # TERM first, and KILL 2 s later
    process.wait()
    close(process)


def test_killing_the_shim_ends_the_whole_group(spawning: Guard) -> None:
    process = spawning.start("family", bufsize=0)
    with ending(int(read_line(process))):
        process.kill()
    process.wait()
    close(process)


@contextmanager
def ending(pid: int) -> Iterator[None]:
    """Shows that a process, which lives, ends by what the block does."""
    descriptor = os.pidfd_open(pid)
    try:
        assert not select.select([descriptor], [], [], 0)[0]
        yield
        assert select.select([descriptor], [], [], PATIENCE_S)[0]
    finally:
        os.close(descriptor)


def close(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
