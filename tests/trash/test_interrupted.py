"""Wherever it is interrupted, what was being deleted is whole: at its place, or in the trash with its record."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import FrameType
from typing import Any

import pytest
from harness import reap
from trash.bins import names, put
from trash.twins import environment, snapshot

from safeshell.trash.command import run
from safeshell.trash.locations import open_all
from safeshell.trash.restoring import listed

STEPS_MAX = 500
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
APART = """
import sys
sys.path.insert(0, sys.argv[1])
from trash.test_interrupted import lose_nothing
lose_nothing(sys.argv[2], sys.argv[3], int(sys.argv[4]))
"""

CHANGES = {
    *("chmod", "chown", "copy_file_range", "flock", "ftruncate", "link", "mkdir", "mknod", "open", "pwrite", "rename"),
    *("rmdir", "setxattr", "symlink", "unlink", "utime", "write"),
}
"""What changes anything on the disk, or who waits for whom."""


class Interruption:
    """Sends this process a signal after the n-th change that the trash makes."""

    def __init__(self, step: int, number: int) -> None:
        self._left = step
        self._number = number

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if "safeshell/trash" not in frame.f_code.co_filename:
            return
        changed = event == "c_return" and argument.__name__ in CHANGES
        if changed or (event == "return" and frame.f_code.co_name in ("rename_new", "sync_file_system")):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._number)


def interrupted(home: str, place: str, step: int, number: int) -> int:
    """Removes `tree`, interrupted at a step; returns the status, or minus the signal."""
    pid = os.fork()
    if pid == 0:
        os.chdir(place)
        os.environ.clear()
        os.environ.update(environment(home))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.setprofile(Interruption(step, number))
        try:
            status = run([b"-rf", b"tree"])
        except KeyboardInterrupt:
            status = 130
        os._exit(status)
    return reap(pid)


def plant(place: str) -> None:
    os.makedirs(os.path.join(place, "tree", "inner"))
    for name in ("a", "inner/b", "inner/c"):
        with open(os.path.join(place, "tree", name), "w", encoding="ascii") as stream:
            stream.write(name)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_lost(home: str, place: str, number: int) -> None:
    # In a process of its own: a hundred forks of one that holds all the tests take seconds.
    words = [sys.executable, "-c", APART, TESTS, home, place, str(int(number))]
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr


def lose_nothing(home: str, place: str, number: int) -> None:
    """Interrupts at every step, one after the other."""
    ended = []
    for step in range(1, STEPS_MAX):
        own_home, own_place = os.path.join(home, str(step)), os.path.join(place, str(step))
        plant(own_place)
        whole = snapshot(os.path.join(own_place, "tree"))
        ended.append(interrupted(own_home, own_place, step, number))
        assert is_safe(own_home, own_place, whole), f"lost at step {step}"
        check_cleared(own_home, own_place)
        if ended[-1] == 0:
            break
    assert ended[-1] == 0
    assert len(ended) > 10
    assert set(ended[:-1]) == {-signal.SIGKILL if number == signal.SIGKILL else 130}


def is_safe(home: str, place: str, whole: object) -> bool:
    tree = os.path.join(place, "tree")
    if os.path.isdir(tree) and snapshot(tree) == whole:
        return True
    with open_all(os.fsencode(home)) as trashes:
        kept = [entry for entry in listed(trashes) if entry.path == os.fsencode(tree)]
        files = [os.path.join(os.fsdecode(entry.trash.root), "files", os.fsdecode(entry.name)) for entry in kept]
    return bool(files) and snapshot(files[-1]) == whole


def check_cleared(home: str, place: str) -> None:
    """What the interrupted ones left is cleared away once there is room to be made, and is nobody's entry."""
    os.makedirs(home, exist_ok=True)
    with open(os.path.join(home, "client.conf"), "w", encoding="ascii") as stream:
        stream.write("trash_size=8192\n")
    for name in ("x", "y", "z"):
        assert put(home, place, name, 4096).status == 0
    assert names(home) == [b"y", b"z"]
    for directory in ("staging", "expunged"):
        assert os.listdir(os.path.join(home, "trash", directory)) == []
