"""What is run within a time ends with it, and so does all that it has started in its session."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from harness import PATH, processes_of

from safeshell.host.process.bounded import Ended, run


def test_status_and_output_come_back() -> None:
    done = run(["/bin/sh", "-c", "read x; echo $x; echo no >&2; exit 3"], 20, given=b"yes\n")
    assert done == Ended(3, b"yes\n", b"no\n")
    assert run(["/bin/sh", "-c", "kill -9 $$"], 20).status == -9


def test_environment_and_directory_are_its_own(tmp_path: Path) -> None:
    done = run(["/bin/sh", "-c", "pwd; echo $A"], 20, environment={"A": "b"}, directory=str(tmp_path))
    assert done.stdout.decode().split() == [str(tmp_path), "b"]


def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    script = "echo begun; set -m; sleep 1000 & sh -c 'sleep 1000; :' & wait"
    began = time.monotonic()
    done = run(["/bin/bash", "-c", script], 0.5, environment={"PATH": PATH, "NAMED": str(tmp_path)})
    assert (done.status, done.stdout) == (None, b"begun\n")
    assert time.monotonic() - began < 500  # nobody waited for a sleep
    assert not processes_of(str(tmp_path))


def test_what_is_left_behind_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    done = run(["/bin/sh", "-c", f"cd {tmp_path}; sleep 1000 & echo $!"], 20)
    assert done.status == 0
    assert not os.path.exists(f"/proc/{done.stdout.decode().strip()}/exe")


def test_what_cant_be_started_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        run(["/nonexistent/x"], 20)
