"""A service manager's socket: taken over as it was passed, told of readiness, never removed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from daemon.listen.test_handover import pid_of
from harness import PATH, Daemon, environment, run, running_daemon, sync_shims, until, wait_for

from safeshell.cli.daemon import hand_over
from safeshell.client import control, execute
from safeshell.daemon.listen.activation import activate
from safeshell.errors import SafeShellError
from safeshell.home.client_conf import daemon_command
from safeshell.home.paths import Home
from safeshell.protocol import Type

# As sd_listen_fds(3) has it: the descriptors from 3 on, their number, and the pid that they are for.
MANAGER = """
import os, socket, sys
if sys.argv[1] != "3":
    os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS=sys.argv[2], LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
"""


@contextlib.contextmanager
def listening(path: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(16)
        yield listener


def start(home: Home, listener: socket.socket, more: dict[str, str] | None = None, count: int = 1) -> int:
    """Starts the daemon as a service manager would; returns its pid."""
    command = [sys.executable, "-IS", "-c", MANAGER, str(listener.fileno()), str(count), *daemon_command()]
    process = subprocess.Popen(
        command,
        env={**environment(home, more), "PATH": PATH},
        pass_fds=[listener.fileno()],
        start_new_session=True,
        stderr=subprocess.PIPE if count != 1 else None,
    )
    if count != 1:
        _, said = process.communicate(timeout=20)
        raise SafeShellError(said.decode())
    process.returncode = 0  # reaped by its pid
    return process.pid


def test_a_passed_socket_is_served_and_stays(home: Home) -> None:
    with listening(home.socket) as listener:
        for _ in range(2):  # the manager starts the next one on the same socket
            pid = start(home, listener)
            assert execute(["echo", "a"], env={"PATH": PATH}, home=home).stdout == b"a\n"
            assert pid_of(home) == pid
            control(Type.STOP, 1, home=home)
            assert os.waitpid(pid, 0)[1] == 0
            assert os.path.exists(home.socket)


def test_clients_that_come_before_the_daemon_are_served(shims: Home) -> None:
    with listening(shims.socket) as listener:
        process = subprocess.Popen(
            ["cat"], executable=os.path.join(shims.shims, "cat"), env=environment(shims), stdin=subprocess.DEVNULL
        )
        pid = start(shims, listener)
        assert process.wait(20) == 0
        assert run(shims, "rm", "precious").returncode == 126
        control(Type.STOP, 1, home=shims)
        assert os.waitpid(pid, 0)[1] == 0


def test_the_manager_is_told_when_it_serves_who_succeeds_and_that_it_ends(home: Home) -> None:
    with (
        listening(home.socket) as listener,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(f"\0{home.root}/notify")
        manager.settimeout(20)
        pid = start(home, listener, {"NOTIFY_SOCKET": f"@{home.root}/notify"})
        assert manager.recv(100) == b"READY=1"
        assert hand_over(home, now=False)
        heir = pid_of(home)
        assert manager.recv(100) == b"MAINPID=%d" % heir
        assert os.waitpid(pid, 0)[1] == 0
        assert execute(["sh", "-c", "echo $NOTIFY_SOCKET"], env={"PATH": PATH}, home=home).stdout == b"\n"
        control(Type.STOP, 1, home=home)
        assert manager.recv(100) == b"STOPPING=1"
        with contextlib.suppress(ProcessLookupError):
            assert wait_for(heir)
        assert os.path.exists(home.socket)  # lent to the heir as well


def test_several_sockets_are_refused(home: Home) -> None:
    with listening(home.socket) as listener, pytest.raises(SafeShellError, match="2 sockets were passed"):
        start(home, listener, count=2)


def test_a_socket_that_listens_elsewhere_is_refused(home: Home) -> None:
    with listening(f"{home.root}/elsewhere") as listener, pytest.raises(SafeShellError, match="listens at"):
        activate(home, os.dup(listener.fileno()))


def test_what_is_no_listening_socket_is_refused(home: Home) -> None:
    left, right = socket.socketpair()
    with left, right, open("/dev/null", "rb") as null:
        for descriptor in (os.dup(left.fileno()), os.dup(null.fileno())):
            with pytest.raises(SafeShellError, match="is no "):
                activate(home, descriptor)


def test_variables_for_another_process_are_not_heard(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", "1")
    with running_daemon(home) as daemon:
        assert daemon.status()["pid"] == daemon.pid


def test_a_daemon_that_a_client_started_gives_way_to_the_managers_socket(daemon: Daemon) -> None:
    os.unlink(daemon.home.socket)  # as systemd does with what stands at its socket's path
    with listening(daemon.home.socket) as listener:
        pid = start(daemon.home, listener)
        assert daemon.wait() == 0
        assert pid_of(daemon.home) == pid
        control(Type.STOP, 1, home=daemon.home)
        assert os.waitpid(pid, 0)[1] == 0


def is_listened_at(path: str) -> bool:
    """Whether a socket is not only there: who connects before somebody listens is refused (__SO_ACCEPTCON)."""
    with open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as stream:
        return any(line.split()[3] == "00010000" for line in stream if line.rstrip("\n").endswith(f" {path}"))


@pytest.mark.needs("systemd-socket-activate")
def test_systemds_own_activation(home: Home) -> None:
    sync_shims(home)
    command = ["systemd-socket-activate", f"--listen={home.socket}", f"--setenv=SAFESHELL_HOME={home.root}"]
    process = subprocess.Popen(
        [*command, *daemon_command()],
        env={**environment(home), "PATH": PATH},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(lambda: is_listened_at(home.socket), "systemd to listen")
        assert run(home, "rm", "precious").returncode == 126
        assert run(home, "sh", "-c", "exit 7").returncode == 7
        assert pid_of(home) == process.pid
        # Clients see the daemon at the other end, not who made the socket: nothing stands against its running them.
        assert control(Type.STATUS, home=home)["placement"].keys() == {"daemon"}
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
