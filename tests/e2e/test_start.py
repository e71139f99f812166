"""Clients that find no daemon: one of them starts it, the others wait for that one's."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import stat
import subprocess
import time

from e2e.guard import Guard, unattended
from e2e.test_unreachable import AI, AT_ONCE, break_start
from harness import until, wait_for

from safeshell.client import control
from safeshell.home.client_conf import daemon_command
from safeshell.protocol import Type


def start_by(guard: Guard, script: str) -> str:
    """Has the clients start the daemon by a shell script that notes its pid first; returns the notes' path."""
    notes = os.path.join(guard.root, "starts")
    path = guard.install("starter", f"#!/bin/sh\necho $$ >> {notes}\n{script}\nexec {shlex.join(daemon_command())}\n")
    assert os.stat(path).st_mode & stat.S_IXUSR
    break_start(guard, path)
    return notes


def started(notes: str) -> list[int]:
    with contextlib.suppress(FileNotFoundError), open(notes, encoding="ascii") as stream:
        return [int(line) for line in stream if line.endswith("\n")]
    return []


def test_one_of_many_clients_starts_the_daemon() -> None:
    with unattended() as guard:
        notes = start_by(guard, ":")
        commands = [guard.start("sh", "-c", f"exits {number}") for number in range(AT_ONCE)]
        done = [(process.communicate(), process.returncode) for process in commands]
        assert done == [((b"", b""), number) for number in range(AT_ONCE)]
        assert started(notes) == [control(Type.STATUS, home=guard.home)["pid"]]


def test_a_start_that_fails_is_tried_once_by_each_that_still_has_time() -> None:
    with unattended() as guard:
        notes = start_by(guard, "exit 1")
        began = time.monotonic()
        commands = [guard.start("exits", "5", env=AI) for _ in range(5)]
        assert [process.wait(20) for process in commands] == [125] * 5
        for process in commands:
            process.communicate()
        assert time.monotonic() - began < 10
        assert 1 <= len(started(notes)) <= 5


def test_a_launcher_that_dies_is_followed_by_another() -> None:
    with unattended() as guard:
        gate = os.path.join(guard.root, "gate")
        os.mkfifo(gate)
        notes = start_by(guard, f"[ -e {guard.root}/second ] || read -r _ < {gate}")
        first = guard.start("exits", "5", env=AI)
        (hung,) = until(lambda: started(notes), "the first start")
        with open(f"{guard.root}/second", "wb"):
            second = guard.start("exits", "5", env=AI)
        first.kill()
        first.communicate()
        assert second.wait(20) == 5, second.communicate()
        second.communicate()
        assert len(started(notes)) == 2
        os.kill(hung, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            wait_for(hung)


def test_the_lock_is_nothing_the_command_or_the_daemon_has() -> None:
    with unattended() as guard:
        done = guard.run("sh", "-c", "exits 3")
        assert done.status == 3
        free = subprocess.run(["flock", "-n", guard.home.client_conf, "true"], check=False)
        assert free.returncode == 0
