"""No daemon: the first client starts it; where that fails, and where it dies, everyone is told and nothing hangs."""

from __future__ import annotations

import os
import signal
import time

import pytest
from e2e.guard import FORBIDDEN, Guard, unattended
from harness import MARKER, descriptors_of, processes_of, until

from safeshell.client import control
from safeshell.home.paths import Home
from safeshell.protocol import Type

AT_ONCE = 20


def daemons_of(home: Home) -> list[int]:
    return [pid for pid, line in processes_of(home.root, 0).items() if "safeshell.daemon" in line]


def test_clients_start_one_daemon() -> None:
    with unattended() as guard:
        commands = [guard.start("sh", "-c", f"exits {number}") for number in range(AT_ONCE)]
        done = [(process.communicate(), process.returncode) for process in commands]
        assert done == [((b"", b""), number) for number in range(AT_ONCE)]
        pid = control(Type.STATUS, home=guard.home)["pid"]
        until(lambda: daemons_of(guard.home) == [pid], "the daemons that came too late to end")
        assert os.getsid(pid) not in {os.getsid(0), *[process.pid for process in commands]}
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        targets = descriptors_of(pid)
        assert {targets[number] for number in range(3)} == {"/dev/null"}
        assert guard.run("cat", FORBIDDEN).status == 126


def break_start(guard: Guard, *program: str) -> None:
    """Has the clients start something else than a daemon, or nothing."""
    with open(guard.home.client_conf, encoding="utf-8") as stream:
        kept = [line for line in stream if not line.startswith("start=")]
    with open(guard.home.client_conf, "w", encoding="utf-8") as stream:
        stream.writelines([*kept, *(f"start={word}\n" for word in program)])


AI = {"SAFESHELL_CONTEXT": "ai"}
MARKED = {MARKER: "1"}


@pytest.mark.parametrize(
    ("config", "env", "allowed"),
    [
        (None, {}, True),
        (None, AI, False),
        (None, MARKED, False),
        ("unreachable: {ai: allow, human: deny}\n", {}, False),
        ("unreachable: {ai: allow, human: deny}\n", AI, True),
        ("agents: {markers: [MY_AGENT]}\n", {"MY_AGENT": "1"}, False),
        ("agents: {markers: [MY_AGENT]}\n", MARKED, True),
    ],
)
def test_policy(config: str | None, env: dict[str, str], *, allowed: bool) -> None:
    with unattended(config) as guard:
        break_start(guard)
        done = guard.run("exits", "5", env=env)
        if allowed:
            assert done.status == 5
            assert done.err.endswith(b"running the command unguarded\n")
        else:
            assert done.status == 125
            assert done.err.endswith(b"the command does not run\n")
        assert done.out == b""
        assert done.err.startswith(b"safeshell: can't reach the daemon (")
        assert done.err.count(b"\n") == 1


def test_daemon_that_does_not_start() -> None:
    with unattended() as guard:
        break_start(guard, "/bin/false")
        started = time.monotonic()
        done = guard.run("exits", "5", env=AI)
        assert time.monotonic() - started < 4  # it waits 2 s: another client may have started one
        assert done.status == 125
        assert done.err.count(b"\n") == 1


def test_killed_daemon() -> None:
    with unattended() as guard:
        assert guard.run("exits", "0").status == 0
        pid = control(Type.STATUS, home=guard.home)["pid"]
        gate, opener = os.pipe()
        try:
            commands = [guard.start("answer", str(number), stdin=gate) for number in range(AT_ONCE)]
            until(lambda: control(Type.STATUS, home=guard.home)["running"] == AT_ONCE, "all commands to run")
            os.kill(pid, signal.SIGKILL)
            for process in commands:
                assert process.wait(20) == 125
        finally:
            os.close(opener)  # what the daemon can't end any more ends by itself
            os.close(gate)
        for process in commands:
            _, err = process.communicate()
            lines = [line for line in err.splitlines() if line.startswith(b"safeshell: ")]
            assert len(lines) == 1
            assert lines[0].startswith(b"safeshell: the daemon failed before it answered (")
        assert guard.run("exits", "4") == (4, b"", b"")
        assert control(Type.STATUS, home=guard.home)["pid"] != pid
