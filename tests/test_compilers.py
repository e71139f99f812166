"""Forked compilers of tests' daemons: the edit is in force, whatever the daemon can start; others start a real one."""

from __future__ import annotations

import json
import os
import socket

import compilers
import pytest
from harness import PATH, PATIENT, RULES, running_daemon, until, write

from safeshell.client import execute
from safeshell.home.paths import Home

SPAWNS_NOTHING = """
import os
def posix_spawn(*_words, **_options):
    raise OSError(11, "Resource temporarily unavailable")
os.posix_spawn = posix_spawn
"""


@pytest.mark.parametrize(("forks", "error"), [(True, None), (False, "the compiler can't be started")])
def test_a_daemon_that_can_start_nothing_has_its_edits_compiled_here(
    home: Home, forks: bool, error: str | None
) -> None:
    with running_daemon(home, SPAWNS_NOTHING + PATIENT, forks_compilers=forks) as daemon:
        write(home.rules, RULES.replace("[cat, sh, ", "[cat, "))
        before = daemon.status()["table"]
        execute(["true"], env={"PATH": PATH}, home=home)
        status = daemon.status()
        assert (status["table"] != before) is forks
        assert status["error"] is None if error is None else error in status["error"]


def test_what_a_forked_compiler_says_is_the_daemons(home: Home) -> None:
    with running_daemon(home) as daemon:
        write(home.rules, "version: 1\nrules: [{}]\n")
        done = execute(["true"], env={"PATH": PATH}, home=home)
        assert done.message.startswith(f"safeshell: {home.rules}:2:")
        assert daemon.status()["error"] in done.message


def test_who_sees_another_machine_has_to_start_its_own() -> None:
    memory = os.memfd_create("answer")
    assert ask([memory], targets=[1], argv=["user", "/nonexistent", "/nonexistent/rules.yaml"]).isdigit()
    until(compilers.idle, "the compiler to end")
    assert ask([memory], world=[]) == b""
    os.close(memory)


def ask(descriptors: list[int], **changes: object) -> bytes:
    """What is answered to a daemon's question that is changed so: the compiler's pid, or nothing."""
    (option,) = compilers.options()
    request = {"argv": [], "env": {}, "targets": [], "cwd": "/", "world": compilers.world(), **changes}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect("\0" + option.partition("=")[2])
        socket.send_fds(server, [json.dumps(request).encode()], descriptors)
        data, received, _, _ = socket.recv_fds(server, 32, 1)
    for descriptor in received:
        os.close(descriptor)
    return data
