"""Who else can type at a terminal, of real ones: held here, held where nobody can look, and a multiplexer's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.terminal import Terminal
from harness import PATH, until

from safeshell.host.process import ancestry
from safeshell.host.process.terminals import who_types

ENV = {"PATH": PATH}

LOOK = """
import os
from safeshell.host.process import ancestry
from safeshell.host.process.terminals import who_types
print("typist:", who_types(ancestry.read(os.getpid())) or "nobody", flush=True)
"""


def seen(pid: int) -> str:
    process = ancestry.read(pid)
    assert process is not None
    return who_types(process)


def test_s9_who_holds_the_other_end_can_type() -> None:
    with Terminal("sh", "-c", "echo up; sleep 60", env=ENV, cwd="/") as shell:
        shell.expect("up")
        assert seen(shell.process.pid).endswith(f"(process {os.getpid()})")


def test_s9_each_terminal_is_another() -> None:
    """The other end of one is not that of the next, which this process doesn't hold but by an heir of it."""
    with Terminal("sh", "-c", "echo up; sleep 60", env=ENV, cwd="/") as shell:
        shell.expect("up")
        master = os.fdopen(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC), "rb", buffering=0)
        with master, subprocess.Popen(["sleep", "60"], stdin=shell._master, start_new_session=True) as heir:
            os.close(shell._master)
            shell._master = os.open(os.devnull, os.O_RDONLY)
            until(lambda: seen(shell.process.pid).endswith(f"sleep (process {heir.pid})"), "the heir alone")
            heir.kill()


@pytest.mark.needs("setpriv", "root")
def test_s9_of_an_ssh_session_nobody_of_the_user_holds_it() -> None:
    """Root's process holds the other end, as sshd does: the user may not look into it, nor type by it."""
    shutil.which("setpriv")
    argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c", LOOK]
    with Terminal(*argv, env={**ENV, "PYTHONPATH": os.pathsep.join(sys.path)}, cwd="/") as person:
        assert b"typist: nobody" in person.expect("typist: .*\r\n")


def test_s9_who_has_no_terminal_has_nobody_to_type() -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        assert seen(process.pid) == ""
        process.kill()


@pytest.mark.parametrize("name", ["tmux: server", "screen", "SCREEN", "zellij"])
def test_s9_a_multiplexer_is_known_by_its_name_whatever_it_lets_see(name: str, tmp_path: Path) -> None:
    os.symlink("/bin/sh", tmp_path / name)
    with subprocess.Popen(
        [tmp_path / name, "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        assert server.stdout is not None
        pane = int(server.stdout.readline())
        try:
            until(lambda: seen(pane) == f"{name} (process {server.pid})", f"{name} above what runs in it")
        finally:
            os.kill(pane, 9)
