"""Signals: forwarded while the daemon runs the command, suffered while it waits, the command's own in place."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from shims.conftest import Shim
from shims.fake_daemon import RUNNING, WAITING, Connection, FakeDaemon, execute, exited, stopped

DEADLY = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGALRM, signal.SIGRTMIN]


def blocked(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("SigBlk")).split()[1], 16)


def wait_until_stopped(pid: int) -> int:
    status = os.waitpid(pid, os.WUNTRACED)[1]
    assert os.WIFSTOPPED(status)
    return os.WSTOPSIG(status)


@pytest.mark.parametrize("number", [*DEADLY, signal.SIGWINCH, signal.SIGUSR2, signal.SIGTSTP])
def test_signals_are_forwarded(shim: Shim, number: int) -> None:
    got: list[int] = []

    def converse(connection: Connection) -> None:
        os.kill(pid.get(), number)
        got.append(connection.signal())

    pid = Later()
    with FakeDaemon(shim.home, converse, exited(5 << 8)), shim.popen("probe") as process:
        pid.set(process.pid)
        assert process.wait(20) == 5
    assert got == [number]


class Later:
    """A process id that the daemon's thread waits for."""

    def __init__(self) -> None:
        self.known = threading.Event()
        self.value = 0

    def set(self, value: int) -> None:
        self.value = value
        self.known.set()

    def get(self) -> int:
        assert self.known.wait(20)
        return self.value


def test_children_of_the_caller_are_no_news(shim: Shim) -> None:
    def converse(connection: Connection) -> None:
        os.kill(pid.get(), signal.SIGCHLD)
        os.kill(pid.get(), signal.SIGUSR1)
        assert connection.signal() == signal.SIGUSR1

    pid = Later()
    with FakeDaemon(shim.home, converse, exited(0)), shim.popen("probe") as process:
        pid.set(process.pid)
        assert process.wait(20) == 0


@pytest.mark.parametrize("number", DEADLY)
def test_waiting_signals_act_on_the_client(shim: Shim, number: int) -> None:
    def converse(connection: Connection) -> None:
        while blocked(pid.get()):
            os.sched_yield()
        os.kill(pid.get(), number)
        connection.gone()

    pid = Later()
    with FakeDaemon(shim.home, WAITING, converse), shim.popen("probe") as process:
        pid.set(process.pid)
        assert process.wait(20) == -number


def test_running_forwards_again(shim: Shim) -> None:
    def converse(connection: Connection) -> None:
        while not blocked(pid.get()):
            os.sched_yield()
        os.kill(pid.get(), signal.SIGTERM)
        assert connection.signal() == signal.SIGTERM

    pid = Later()
    with FakeDaemon(shim.home, WAITING, RUNNING, converse, exited(0)), shim.popen("probe") as process:
        pid.set(process.pid)
        assert process.wait(20) == 0


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU])
def test_stops_and_continues_with_the_command(shim: Shim, number: int) -> None:
    def converse(connection: Connection) -> None:
        assert connection.signal() == signal.SIGCONT

    # Of the test's own session and another group, so that the group is not orphaned and SIGTSTP stops it.
    with (
        FakeDaemon(shim.home, stopped(number), converse, exited(7 << 8)),
        shim.popen("probe", process_group=0) as process,
    ):
        assert wait_until_stopped(process.pid) == number
        os.kill(process.pid, signal.SIGCONT)
        assert process.wait(20) == 7


def test_a_group_that_cannot_stop_goes_on(shim: Shim) -> None:
    def converse(connection: Connection) -> None:
        assert connection.signal() == signal.SIGCONT

    with FakeDaemon(shim.home, stopped(signal.SIGTSTP), converse, exited(0)):
        assert shim.run("probe", start_new_session=True).returncode == 0


def test_a_signal_before_exec_is_the_commands(shim: Shim) -> None:
    def converse(connection: Connection) -> None:
        os.kill(pid.get(), signal.SIGTERM)
        assert connection.signal() == signal.SIGTERM

    pid = Later()
    with FakeDaemon(shim.home, converse, execute(b"/bin/true")), shim.popen("true") as process:
        pid.set(process.pid)
        assert process.wait(20) == -signal.SIGTERM


def test_the_daemon_sees_the_client_go(shim: Shim) -> None:
    def converse(connection: Connection) -> None:
        os.kill(pid.get(), signal.SIGKILL)
        connection.gone()

    pid = Later()
    with FakeDaemon(shim.home, converse), shim.popen("probe") as process:
        pid.set(process.pid)
        assert process.wait(20) == -signal.SIGKILL
