"""Boxes that only an administrator makes: control groups and bind mounts, for as long as a block."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import until
from needs import need


@contextlib.contextmanager
def made_cgroup(name: str = "box") -> Iterator[Path]:
    """A cgroup below the test's own, in a hierarchy that counts processes; who is left in it is let out."""
    parent = _counted()
    made = parent / f"safeshell-test-{os.getpid()}-{name}"
    try:
        made.mkdir()
    except OSError:
        pytest.skip("needs to make a cgroup")
    try:
        yield made
    finally:
        for pid in (made / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):
                (parent / "cgroup.procs").write_text(pid)
        until(lambda: was_removed(made), "a cgroup to be empty")


def _counted() -> Path:
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    held = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    for fields in mounts:
        if fields[-3] == "cgroup" and "pids" in fields[-1].split(",") and "pids" in held:
            return Path(fields[4] + held["pids"].removeprefix(fields[3].rstrip("/")))
        if fields[-3] == "cgroup2" and "" in held:
            parent = Path(fields[4] + held[""].removeprefix(fields[3].rstrip("/")))
            if "pids" in (parent / "cgroup.subtree_control").read_text().split():
                return parent
    pytest.skip("needs a hierarchy of cgroups that counts processes below the test's own")


def was_removed(made: Path) -> bool:
    """Whether a cgroup has been removed by now."""
    with contextlib.suppress(OSError):  # a process that has ended stays in it for a moment
        made.rmdir()
    return not made.exists()


def enter(cgroup: Path, pid: int = 0) -> None:
    """Moves a process, 0: this one, into a cgroup."""
    (cgroup / "cgroup.procs").write_text(str(pid))


@contextlib.contextmanager
def bind_mount(source: str, target: Path) -> Iterator[str]:
    """Shows a directory at another place, read-only, and without what is mounted in it."""
    target.mkdir()
    mount, place = need("mount"), str(target)
    if subprocess.run([mount, "--bind", source, place], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("needs to be let mount")
    try:
        subprocess.run([mount, "-o", "remount,bind,ro", place], check=True)
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
