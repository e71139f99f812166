"""What a client makes of the daemon's answers."""

from __future__ import annotations

import os
import resource
import signal

import pytest
from shims.conftest import Shim
from shims.fake_daemon import Connection, FakeDaemon, Step, execute, exited, frame, notice, refused, stopped

CANARY = "canary"


@pytest.mark.parametrize("status", [0, 1, 77, 124, 125, 126, 255])
def test_exit_statuses(shim: Shim, status: int) -> None:
    with FakeDaemon(shim.home, exited(status << 8)):
        assert shim.run("probe").returncode == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGPIPE, signal.SIGINT])
def test_death_by_the_same_signal(shim: Shim, number: int, tmp_path: object) -> None:
    def prepare() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_IGN)

    with (
        FakeDaemon(shim.home, exited(number | 0x80)),
        shim.popen("probe", preexec_fn=prepare, cwd=str(tmp_path)) as process,
    ):
        status = os.waitpid(process.pid, 0)[1]
        process.returncode = 0  # reaped here, for the core flag
    assert os.WTERMSIG(status) == number
    assert not os.WCOREDUMP(status)
    assert os.listdir(str(tmp_path)) == []


def test_ended_by_a_timeout(shim: Shim) -> None:
    with FakeDaemon(shim.home, exited(signal.SIGTERM, flags=1)):
        assert shim.run("probe").returncode == 124


def test_refused(any_shim: Shim) -> None:
    answer = refused(126, b"no\\way\n") if not any_shim.speaks_lines else b"refused 126 no\\\\way\\n\n"
    with FakeDaemon(any_shim.home, answer):
        done = any_shim.run("probe")
    assert (done.returncode, done.stdout, done.stderr) == (126, b"", b"no\\way\n")


def test_a_long_refusal_is_written_whole(any_shim: Shim) -> None:
    text = b"".join(b"line %d\n" % i for i in range(20000))
    escaped = text.replace(b"\n", b"\\n")
    answer = refused(77, text) if not any_shim.speaks_lines else b"refused 77 " + escaped + b"\n"
    with FakeDaemon(any_shim.home, answer):
        done = any_shim.run("probe")
    assert (done.returncode, done.stderr) == (77, text)


def test_notices_come_before_the_end(any_shim: Shim) -> None:
    answer = notice(b"one\n") + notice(b"two\n") + refused(3, b"three\n")
    lines = b"notice one\\n\nnotice two\nrefused 3 three\n"
    with FakeDaemon(any_shim.home, lines if any_shim.speaks_lines else answer):
        done = any_shim.run("probe")
    assert (done.returncode, done.stderr) == (3, b"one\ntwo\nthree\n")


def test_frames_that_arrive_byte_by_byte(shim: Shim) -> None:
    answer = notice(b"x" * 600 + b"\n") + refused(9, b"y\n")
    steps: list[Step] = [answer[i : i + 1] for i in range(len(answer))]
    with FakeDaemon(shim.home, *steps):
        done = shim.run("probe")
    assert (done.returncode, done.stderr) == (9, b"x" * 600 + b"\ny\n")


def test_output_frames_where_descriptors_could_not_go(shim: Shim) -> None:
    with FakeDaemon(shim.home, frame(8, b"out" * 400), frame(9, b"err\n"), exited(0)):
        done = shim.run("probe", preexec_fn=lambda: os.close(0))
    assert (done.stdout, done.stderr) == (b"out" * 400, b"err\n")


RUBBISH = {
    "unknown frame": frame(99),
    "a result": frame(10, b"{}"),
    "reserved byte": b"\x02\x01\0\0\0\0\0\0",
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "short refusal": frame(3, b"\0"),
    "exited without a status": frame(4),
    "exited with a stop": exited(0x137F),
    "exited with more": exited(0x10000),
    "stopped by nothing": stopped(0),
    "stopped by kill": stopped(9),
    "waiting with a payload": frame(5, b"x"),
    "empty exec": frame(2),
    "exec without NUL": frame(2, bytes(8) + b"/usr/bin/touch"),
    "exec with too few": frame(2, bytes(4) + b"\x03\0\0\0" + b"/usr/bin/touch\0touch\0"),
    "exec with too many": frame(2, bytes(4) + b"\1\0\0\0" + b"/usr/bin/touch\0touch\0canary\0"),
    "exec with a tail": frame(2, bytes(8) + b"/usr/bin/touch\0canary\0"),
    "exec with a huge count": frame(2, bytes(4) + b"\xff\xff\xff\xff" + b"/usr/bin/touch\0"),
    "exec with a huge length": b"\x02\0\0\0\xff\xff\xff\xff" + bytes(64),
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_never_runs_the_command(shim: Shim, name: str, tmp_path: object) -> None:
    with FakeDaemon(shim.home, RUBBISH[name]):
        done = shim.run("touch", CANARY, cwd=str(tmp_path))
    assert done.returncode == 125
    assert done.stderr.startswith(b"safeshell: the daemon's answer can't be understood")
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize(
    "line", [b"exec 0\n", b"exec x /bin/true\n", b"exec 1x /bin/true\n", b"yes\n", b"\n", b"refused no\n", b"\0\xff\n"]
)
def test_rubbish_lines_never_run_the_command(bash_shim: Shim, line: bytes, tmp_path: object) -> None:
    with FakeDaemon(bash_shim.home, line):
        done = bash_shim.run("touch", CANARY, cwd=str(tmp_path))
    assert done.returncode == 125
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize(
    "cut", [b"", b"\2\0\0", notice(b"hm\n"), execute(b"/usr/bin/touch")[:-3], refused(0, b"some text")[:-2]]
)
def test_a_cut_connection_never_runs_the_command(shim: Shim, cut: bytes, tmp_path: object) -> None:
    with FakeDaemon(shim.home, cut):
        done = shim.run("touch", CANARY, cwd=str(tmp_path))
    assert done.returncode == 125
    assert b"failed before it answered" in done.stderr
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize("cut", [b"", b"notice hm\n", b"exec 0 /usr/bin/touch"])
def test_a_cut_line_never_runs_the_command(bash_shim: Shim, cut: bytes, tmp_path: object) -> None:
    with FakeDaemon(bash_shim.home, cut):
        done = bash_shim.run("touch", CANARY, cwd=str(tmp_path))
    assert done.returncode == 125
    assert b"failed before it answered" in done.stderr
    assert os.listdir(str(tmp_path)) == []


def test_an_answer_before_the_request_is_whole(shim: Shim) -> None:
    class Impatient(FakeDaemon):
        def converse(self, connection: Connection) -> None:
            connection.take(12)
            connection.send(refused(125, b"too large\n"))

    roomy = (64 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1])
    with Impatient(shim.home):
        done = shim.run(
            "probe", *["x" * 100000] * 30, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, roomy)
        )
    assert (done.returncode, done.stderr) == (125, b"too large\n")
