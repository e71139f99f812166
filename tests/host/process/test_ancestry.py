"""Processes as the kernel tells of them, whatever they call themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from harness import until

from safeshell.host.process import ancestry

NAMED = "import ctypes; ctypes.CDLL(None).prctl(15, b') R 1 1 (', 0, 0, 0); print(flush=True); input()"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    """One whose name looks like what follows a name."""
    with subprocess.Popen(
        [sys.executable, "-ISc", NAMED],
        env={"A": "1", "TOLD": "x=y"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as made:
        assert made.stdout is not None
        made.stdout.readline()
        yield made
        made.kill()


def test_a_name_that_looks_like_fields_changes_nothing(child: subprocess.Popen[str]) -> None:
    found = ancestry.read(child.pid)
    assert found is not None
    assert (found.pid, found.parent, found.session, found.terminal) == (child.pid, os.getpid(), child.pid, 0)
    own = ancestry.read(os.getpid())
    assert own is not None
    assert found.started >= own.started


def test_the_lineage_is_a_process_and_who_started_it(child: subprocess.Popen[str]) -> None:
    pids = [process.pid for process in ancestry.lineage(child.pid)]
    assert pids[:3] == [child.pid, os.getpid(), os.getppid()]
    assert len(set(pids)) == len(pids)


def test_the_environment_is_what_it_was_started_with(child: subprocess.Popen[str]) -> None:
    assert ancestry.environment(child.pid) == b"\0A=1\0TOLD=x=y\0\0"


def test_who_has_gone_is_none(child: subprocess.Popen[str]) -> None:
    child.kill()
    until(lambda: child.poll() is not None, "its end")
    assert ancestry.read(child.pid) is None
    assert list(ancestry.lineage(child.pid)) == []
    assert ancestry.environment(child.pid) == b"\0"
