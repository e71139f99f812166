"""The state of a daemon, and callers of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest
from host.process.callers import WAIT, Spawn, innermost, reset_signals

from safeshell.host.process.own import Own


@pytest.fixture(scope="module")
def own() -> Own:
    return Own.read()


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Starts a process that waits on its stdin until the test is over, and returns the pid of the one that waits."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*prefix: str, change: Callable[[], object] = lambda: None) -> int:
        def prepare() -> None:
            reset_signals()
            change()

        process = subprocess.Popen(
            [*prefix, *WAIT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=prepare,  # noqa: PLW1509 # no thread here
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stderr is not None
        if process.stdout.readline() != b"ready\n":
            pytest.skip(f"needs to be let run {os.path.basename(prefix[0])}")
        return innermost(process.pid)

    yield start
    for process in running:
        process.communicate(b"\n", timeout=30)
