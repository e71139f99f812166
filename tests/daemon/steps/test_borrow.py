"""Taking a bash client's descriptors: only from a client, and whatever stands against it ends in place."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator

import pytest
from harness import PATH, Daemon, make_home, run, running_daemon, sync_shims, temporary_directory, until, write

from safeshell.daemon.steps import borrow
from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - name: known
    commands: [cat, env, ls, sh]
    action: allow
    message: Seen.
"""
REQUEST = b"safeshell/1 spawn 1 1 %d %d %d\ncat\0cat\0PATH=/usr/bin:/bin\0"


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A home whose shims are the bash client, with its daemon."""
    with temporary_directory() as root:
        yield make_home(f"{root}/h", RULES, "shims: {client: bash}\n")


@pytest.fixture(scope="module")
def daemon(home: Home) -> Iterator[Daemon]:
    sync_shims(home)
    with running_daemon(home) as daemon:
        yield daemon


def placed(daemon: Daemon, placement: str) -> dict[str, int]:
    reasons: dict[str, int] = daemon.status()["placement"].get(placement, {}).get("reasons", {})
    return reasons


def test_the_daemon_runs_it_on_the_callers_streams(home: Home, daemon: Daemon) -> None:
    before = placed(daemon, "daemon").get("", 0)
    opened = daemon.idle()["descriptors"]
    done = run(home, "cat", "-", "/proc/self/status", stdin=b"from the caller\n")
    assert done.stdout.startswith(b"from the caller\n")
    assert b"PPid:\t%d\n" % daemon.pid in done.stdout
    assert placed(daemon, "daemon")[""] == before + 1
    until(lambda: daemon.status()["descriptors"] == opened, "what was borrowed to be given back")


def test_environment_is_exact_there(home: Home, daemon: Daemon) -> None:
    """Nothing of what bash adds, in the order given."""
    before = placed(daemon, "daemon").get("", 0)
    given = {"B": "2", "A": "\udcff\n", "SHLVL": "7", "PWD": "/odd"}
    environment = run(home, "cat", "/proc/self/environ", env=given).stdout
    assert environment.endswith(b"B=2\0A=\xff\n\0SHLVL=7\0PWD=/odd\0")
    assert placed(daemon, "daemon")[""] == before + 1


def test_only_a_client_is_borrowed_from(home: Home, daemon: Daemon) -> None:
    """Neither a program that connects itself nor a script of somebody's: theirs are not what was asked for."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(home.socket)
        sock.sendall(REQUEST % (0, 1, 2))
        assert sock.recv(100) == b"exec 0 /usr/bin/cat\n"  # whatever is the parent of the tests
    before = placed(daemon, "in_place").get("not asked by the bash client", 0)
    script = f"exec 2>&1; nc -U '{home.socket}' && :"
    done = subprocess.run(
        ["bash", "-pc", script], input=REQUEST % (0, 1, 2), env={"PATH": PATH}, capture_output=True, check=False
    )
    assert done.stdout == b"exec 0 /usr/bin/cat\n"
    assert placed(daemon, "in_place")["not asked by the bash client"] == before + 1


def test_what_cannot_be_taken_means_in_place(home: Home, daemon: Daemon) -> None:
    """A client, as its marker says, that offers what it doesn't have."""
    script = os.path.join(home.root, "client")
    write(script, f"#!/bin/bash -p\n# SAFESHELL-SHIM-MARKER-1\nnc -U '{home.socket}' && :\n", 0o700)
    before = placed(daemon, "in_place").get("closed descriptor", 0)
    opened = daemon.idle()["descriptors"]
    done = subprocess.run([script], input=REQUEST % (0, 1, 99), env={"PATH": PATH}, capture_output=True, check=False)
    assert done.stdout == b"exec 0 /usr/bin/cat\n"
    assert placed(daemon, "in_place")["closed descriptor"] == before + 1
    until(lambda: daemon.status()["descriptors"] == opened, "what was borrowed to be given back")


def test_taking() -> None:
    own = os.pidfd_open(os.getpid())
    copy = borrow.take(own, 0)
    assert os.fstat(copy) == os.fstat(0)
    assert not os.get_inheritable(copy)
    with pytest.raises(borrow.NotTakenError, match=r"^closed descriptor$"):
        borrow.take(own, 1 << 20)
    with subprocess.Popen(["true"]) as ended:
        gone = os.pidfd_open(ended.pid)
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(borrow.NotTakenError, match=r"^pidfd_getfd: No such process$"):
        borrow.take(gone, 0)
    for descriptor in (own, copy, gone):
        os.close(descriptor)
