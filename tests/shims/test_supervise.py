"""A rule's timeout on a command in place: the client waits for it, and ends it."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any

import pytest
from shims.conftest import Process, Shim
from shims.fake_daemon import FakeDaemon
from shims.test_execute import in_place
from shims.test_signals import wait_until_stopped

LONG, SHORT = 60_000, 200


def start(shim: Shim, code: str, **options: Any) -> Process:
    return shim.popen("sh", "-c", code, **options)


def test_ends_with_the_commands_status(any_shim: Shim) -> None:
    with FakeDaemon(any_shim.home, in_place(any_shim, b"/bin/sh", timeout_ms=LONG)):
        done = any_shim.run("sh", "-c", "cat; echo out; echo err >&2; exit 6", stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout, done.stderr) == (6, b"out\n", b"err\n")


def test_ends_by_the_commands_signal(any_shim: Shim) -> None:
    with FakeDaemon(any_shim.home, in_place(any_shim, b"/bin/sh", timeout_ms=LONG)):
        assert any_shim.run("sh", "-c", "kill -USR1 $$").returncode == -signal.SIGUSR1


def test_ends_a_command_that_takes_too_long(any_shim: Shim) -> None:
    with FakeDaemon(any_shim.home, in_place(any_shim, b"/bin/sleep", timeout_ms=SHORT)):
        assert any_shim.run("sleep", "60").returncode == 124


def test_kills_a_command_that_does_not_listen(any_shim: Shim) -> None:
    silent, kept = os.pipe()
    with FakeDaemon(any_shim.home, in_place(any_shim, b"/bin/sh", timeout_ms=SHORT)):
        done = any_shim.run("sh", "-c", "trap 'echo term' TERM; while :; do read -r line; done", stdin=silent)
    os.close(silent)
    os.close(kept)
    assert done.returncode == 124
    assert done.stdout == b"term\n"


def test_stops_and_continues_with_the_command(shim: Shim) -> None:
    with (
        FakeDaemon(shim.home, in_place(shim, b"/bin/sh", timeout_ms=LONG)),
        start(shim, "kill -TSTP $$; exit 3", process_group=0) as process,
    ):
        assert wait_until_stopped(process.pid) == signal.SIGTSTP
        os.kill(process.pid, signal.SIGCONT)
        assert process.wait(20) == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_signals_of_processes_are_passed_on(any_shim: Shim, number: int) -> None:
    name = signal.Signals(number).name[3:]
    code = f"trap 'exit 9' {name}; echo ready; while read -r line; do :; done"
    answer = in_place(any_shim, b"/bin/sh", timeout_ms=LONG)
    with FakeDaemon(any_shim.home, answer), start(any_shim, code, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        os.kill(process.pid, number)
        assert process.wait(30) == 9


def test_a_caller_that_ignores_its_children(shim: Shim) -> None:
    def prepare() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    with FakeDaemon(shim.home, in_place(shim, b"/usr/bin/grep", timeout_ms=LONG)):
        done = shim.run("grep", "SigIgn", "/proc/self/status", preexec_fn=prepare)
        assert shim.run("grep", "nothing", "/proc/self/status", preexec_fn=prepare).returncode == 1
    assert int(done.stdout.split()[1], 16) & 1 << (signal.SIGCHLD - 1)


def test_the_command_has_the_callers_mask_and_descriptors(shim: Shim) -> None:
    with FakeDaemon(shim.home, in_place(shim, b"/bin/sh", timeout_ms=LONG)):
        done = shim.run("sh", "-c", "grep SigBlk /proc/self/status; ls /proc/self/fd")
    assert done.stdout.split() == [b"SigBlk:", b"0" * 16, b"0", b"1", b"2", b"3"]


def test_what_cannot_be_executed(any_shim: Shim) -> None:
    with FakeDaemon(any_shim.home, in_place(any_shim, b"/missing", timeout_ms=LONG)):
        assert any_shim.run("probe").returncode == 127
