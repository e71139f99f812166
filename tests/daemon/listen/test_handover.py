"""Restarting by handover: nobody is refused, nothing that runs is lost, a new daemon that fails changes nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from daemon.test_server import ENV, frames, refusal, serves, sleeping
from harness import Daemon, descriptors_of, run, safeshell, until, wait_for

from safeshell.cli.daemon import hand_over
from safeshell.client import connect, control, execute
from safeshell.errors import SafeShellError
from safeshell.home.client_conf import daemon_command
from safeshell.home.paths import Home
from safeshell.protocol import Frame, Reply, Type, encode_control


@contextlib.contextmanager
def heirs_ended(home: Home) -> Iterator[None]:
    """An heir is nobody's child here: it is told to end, and has ended after the block."""
    try:
        yield
    finally:
        with contextlib.suppress(SafeShellError, ProcessLookupError):
            assert wait_for(control(Type.STOP, 2, home=home)["pid"])


def pid_of(home: Home) -> int:
    return int(control(Type.STATUS, home=home)["pid"])


def start_instead(home: Home, *words: str) -> None:
    with open(home.client_conf, encoding="utf-8") as stream:
        kept = [line for line in stream if not line.startswith("start=")]
    with open(home.client_conf, "w", encoding="utf-8") as stream:
        stream.writelines([*kept, *(f"start={word}\n" for word in words)])


def test_what_runs_ends_under_the_old_daemon(daemon: Daemon) -> None:
    with heirs_ended(daemon.home), sleeping(daemon.home) as (sock, pid):
        assert hand_over(daemon.home, now=False)
        assert pid_of(daemon.home) != daemon.pid
        assert serves(daemon)
        assert os.path.exists(f"/proc/{daemon.pid}/fd")
        os.kill(pid, signal.SIGTERM)
        assert frames(sock)[-1] == Frame(Reply.EXITED, 0, struct.pack("<I", signal.SIGTERM))
        assert daemon.wait() == 0
        assert serves(daemon)  # its end takes nothing away


def test_s11_clients_look_at_whoever_serves_now(shims: Home, daemon: Daemon) -> None:
    """Whom they find at the other end is who listened last: they could look at nobody who has ended."""

    def run_here() -> dict[str, int]:
        assert run(shims, "sh", "-c", "exit 7").returncode == 7
        found: dict[str, int] = {
            where: placed["count"] for where, placed in control(Type.STATUS, home=shims)["placement"].items()
        }
        return found

    with heirs_ended(shims):
        start_instead(shims, "/bin/false")
        with connect(shims) as sock:
            sock.sendall(encode_control(Type.HANDOVER, 1))
            assert "did not start" in refusal(sock)[1]
        assert run_here() == {"daemon": 1}
        assert hand_over(shims, now=True)
        assert daemon.wait() == 0
        assert run_here() == {"daemon": 1}


def test_the_tables_in_force_are_taken_over(daemon: Daemon) -> None:
    def memory(pid: int) -> set[str]:
        with open(f"/proc/{pid}/maps", encoding="utf-8", errors="surrogateescape") as stream:
            return {line.split()[4] for line in stream if "memfd:safeshell-table" in line}

    before = memory(daemon.pid)
    os.truncate(daemon.home.tables, 0)
    with heirs_ended(daemon.home):
        assert hand_over(daemon.home, now=True)
        assert daemon.wait() == 0
        status = control(Type.STATUS, home=daemon.home)
        assert (memory(status["pid"]), status["error"], status["reloads"]) == (before, None, 0)
        assert execute(["rm", "precious"], env=ENV, home=daemon.home).returncode == 126
        assert control(Type.STATUS, home=daemon.home)["reloads"] == 0


def test_now_ends_what_runs(daemon: Daemon) -> None:
    with heirs_ended(daemon.home), sleeping(daemon.home) as (sock, _pid):
        assert hand_over(daemon.home, now=True)
        assert frames(sock)[-1] == Frame(Reply.EXITED, 0, struct.pack("<I", signal.SIGTERM))
        assert daemon.wait() == 0


def test_nobody_is_refused_while_it_happens_again_and_again(daemon: Daemon) -> None:
    ended = threading.Event()
    failures: list[str] = []
    served = [0] * 4

    def call(number: int) -> None:
        while not ended.is_set():
            try:
                done = execute(["echo", str(served[number])], env=ENV, home=daemon.home)
            except SafeShellError as error:
                failures.append(error.message)
                return
            if done.stdout != b"%d\n" % served[number]:
                failures.append(f"{done}")
            served[number] += 1

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    with heirs_ended(daemon.home):
        for thread in threads:
            thread.start()
        try:
            pids = {daemon.pid}
            for _ in range(5):
                wanted = sum(served) + 8
                assert hand_over(daemon.home, now=False)
                pids.add(pid_of(daemon.home))
                until(partial(_passed, served, failures, wanted), "commands in between")
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        assert failures == []
        assert len(pids) == 6
        assert daemon.wait() == 0


def _passed(served: list[int], failures: list[str], wanted: int) -> bool:
    return bool(failures) or sum(served) > wanted


def test_who_waits_in_the_queue_is_served_by_the_heir(daemon: Daemon) -> None:
    with heirs_ended(daemon.home):
        os.kill(daemon.pid, signal.SIGSTOP)
        with connect(daemon.home) as asking, connect(daemon.home) as waiting:
            asking.sendall(encode_control(Type.HANDOVER, 1))
            waiting.sendall(encode_control(Type.STATUS))
            os.kill(daemon.pid, signal.SIGCONT)
            assert frames(asking)[-1].kind is Reply.RESULT
            assert frames(waiting)[-1].kind is Reply.RESULT
        assert daemon.wait() == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["/bin/false"], "the next daemon did not start: it ended"),
        (["/bin/sh", "-c", "echo no such luck >&2; exit 1"], "the next daemon did not start: no such luck"),
        (["/nonexistent/python"], "the next daemon can't be started: No such file or directory"),
        ([], "does not say how to start the daemon"),
        (["relative"], "does not say how to start the daemon"),
    ],
)
def test_an_heir_that_fails_leaves_the_old_daemon_serving(daemon: Daemon, words: list[str], reason: str) -> None:
    start_instead(daemon.home, *words)
    before = daemon.idle()["descriptors"]
    with connect(daemon.home) as sock:
        sock.sendall(encode_control(Type.HANDOVER, 1))
        status, text = refusal(sock)
    assert (status, reason in text) == (125, True), text
    assert serves(daemon)
    assert pid_of(daemon.home) == daemon.pid
    until(lambda: daemon.status()["descriptors"] == before, "the descriptors to be given back")


def test_the_command_says_why_and_that_the_old_one_serves_on(daemon: Daemon) -> None:
    os.chmod(daemon.home.client_conf, 0o622)
    done = safeshell(daemon.home, "daemon", "restart")
    assert done.returncode == 1
    assert "is not yours alone to write; the old daemon goes on serving" in done.stderr
    os.chmod(daemon.home.client_conf, 0o600)
    assert serves(daemon)
    assert pid_of(daemon.home) == daemon.pid


def test_the_command_names_its_own_installation(daemon: Daemon) -> None:
    start_instead(daemon.home, "/an/older/python", "-m", "elsewhere")
    with heirs_ended(daemon.home):
        assert hand_over(daemon.home, now=False)
        with open(daemon.home.client_conf, encoding="utf-8") as stream:
            words = [line.strip().removeprefix("start=") for line in stream if line.startswith("start=")]
        assert words == daemon_command()
        assert daemon.wait() == 0


def test_two_at_once_end_with_one_heir(daemon: Daemon) -> None:
    with heirs_ended(daemon.home):
        os.kill(daemon.pid, signal.SIGSTOP)
        with connect(daemon.home) as first, connect(daemon.home) as second:
            for sock in (first, second):
                sock.sendall(encode_control(Type.HANDOVER, 1))
            os.kill(daemon.pid, signal.SIGCONT)
            kinds = sorted(frames(sock)[-1].kind for sock in (first, second))
        assert kinds == [Reply.REFUSED, Reply.RESULT]
        assert daemon.wait() == 0


def test_a_confined_caller_is_refused(daemon: Daemon) -> None:
    code = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "s.sendall(bytes.fromhex(sys.argv[2])); sys.stdout.buffer.write(s.recv(65536))"
    )
    request = encode_control(Type.HANDOVER, 1).hex()
    command = ["setpriv", "--no-new-privs", sys.executable, "-IS", "-c", code, daemon.home.socket, request]
    done = subprocess.run(command, capture_output=True, check=True)
    assert b"confined differently" in done.stdout
    assert pid_of(daemon.home) == daemon.pid


def test_an_heir_has_nothing_of_the_old_daemons_but_socket_and_lock(daemon: Daemon) -> None:
    with heirs_ended(daemon.home), sleeping(daemon.home) as (_sock, pid):
        assert hand_over(daemon.home, now=False)
        heir = pid_of(daemon.home)
        kinds = [target.partition(":")[0] for target in descriptors_of(heir).values()]
        with open(f"/proc/{heir}/environ", "rb") as stream:
            names = {entry.partition(b"=")[0] for entry in stream.read().split(b"\0")[:-1]}
        assert os.getsid(heir) == heir
        assert names == {b"SAFESHELL_HOME", b"SAFESHELL_READY_FD", b"SAFESHELL_INHERITED", b"HOME", b"PATH"}
        assert kinds.count("socket") <= 4  # the listener, the loop's wake-up, and whoever asks just now
        assert kinds.count("pipe") == 1  # stderr, whose reader has gone
        os.kill(pid, signal.SIGKILL)
        assert daemon.wait() == 0


def test_the_heir_ends_what_the_first_one_would(daemon: Daemon) -> None:
    with heirs_ended(daemon.home):
        assert hand_over(daemon.home, now=False)
        assert daemon.wait() == 0
        heir = pid_of(daemon.home)
        control(Type.STOP, 1, home=daemon.home)
        with contextlib.suppress(ProcessLookupError):
            assert wait_for(heir)
        assert not os.path.exists(daemon.home.socket)
