"""The fallback client: asked by its own name, forwarding signals, proof against its caller's environment."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from harness import until
from shims.conftest import Shim
from shims.fake_daemon import Connection, FakeDaemon
from shims.test_signals import Later

CHECK = "safeshell-check"


@pytest.fixture
def check(bash_shim: Shim) -> Shim:
    """The client under its own name."""
    return bash_shim.install(CHECK)


def test_asking_prints_nothing_where_it_would_run(check: Shim) -> None:
    with FakeDaemon(check.home, b"allowed\n") as daemon:
        done = check.run(CHECK, "--", "echo", "-e", "--", "x")
        request = daemon.request()
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (request.verb, request.name, request.argv) == ("ask", b"echo", [b"echo", b"-e", b"--", b"x"])


def test_asking_gives_the_refusals_status_and_text(check: Shim) -> None:
    with FakeDaemon(check.home, b"notice careful\nrefused 77 ask\\\\first\n"):
        done = check.run(CHECK, "--", "probe")
    assert (done.returncode, done.stdout, done.stderr) == (77, b"", b"careful\nask\\first\n")


@pytest.mark.parametrize("answer", [b"exec 0 /usr/bin/touch\n", b"exited 0\n", b"killed 9\n", b"stopped 19\n"])
def test_asking_never_runs_the_command(check: Shim, answer: bytes, tmp_path: Path) -> None:
    with FakeDaemon(check.home, answer):
        assert check.run(CHECK, "--", "touch", "canary", cwd=tmp_path).returncode == 125
    assert not os.listdir(tmp_path)


def test_asking_nobody_fails_whatever_the_settings_allow(check: Shim) -> None:
    check.configure("unreachable_human=allow")
    done = check.run(CHECK, "--", "echo", "x")
    assert (done.returncode, done.stdout) == (125, b"")
    assert done.stderr.startswith(b"safeshell: can't reach the daemon (")


def test_executing(check: Shim) -> None:
    with FakeDaemon(check.home, b"exec 0 /bin/echo\n") as daemon:
        assert check.run(CHECK, "-e", "--", "echo", "-n", "x").stdout == b"x"
        request = daemon.request()
    assert (request.name, request.argv) == (b"echo", [b"echo", b"-n", b"x"])


@pytest.mark.parametrize("words", [[], ["--"], ["-e", "--"], ["rm", "x"], ["-e", "rm"], ["-x", "--", "rm"]])
def test_usage(check: Shim, words: list[str]) -> None:
    done = check.run(CHECK, *words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"safeshell: usage: safeshell-check -- COMMAND")


def test_help(check: Shim) -> None:
    done = check.run(CHECK, "--help")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"usage: safeshell-check -- COMMAND")


def test_what_it_offers(bash_shim: Shim) -> None:
    """Nothing that the daemon's child would lack: `spawn`; a terminal or a further descriptor: in place."""
    other, terminal = os.openpty()
    with FakeDaemon(bash_shim.home, b"refused 9 no\n") as daemon:
        bash_shim.run("probe", start_new_session=True)
        bash_shim.run("probe", start_new_session=True, stderr=terminal)
        bash_shim.run("probe", start_new_session=True, pass_fds=[terminal])
        bash_shim.run("probe", start_new_session=True, preexec_fn=lambda: os.close(0))
        bash_shim.run("probe", start_new_session=True, preexec_fn=lambda: os.close(2))
        assert [daemon.request().verb for _ in range(5)] == ["spawn", *["execute"] * 4]
    os.close(terminal)
    os.close(other)


@pytest.mark.parametrize("status", [0, 1, 124, 255])
def test_exit_statuses(bash_shim: Shim, status: int) -> None:
    with FakeDaemon(bash_shim.home, b"exited %d\n" % status):
        done = bash_shim.run("probe", start_new_session=True)
    assert (done.returncode, done.stderr) == (status, b"")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGPIPE, signal.SIGINT])
def test_death_by_the_same_signal(bash_shim: Shim, number: int, tmp_path: Path) -> None:
    with FakeDaemon(bash_shim.home, b"killed %d\n" % number):
        done = bash_shim.run("probe", start_new_session=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (-number, b"")
    assert not os.listdir(tmp_path)  # no core


@pytest.mark.parametrize("answer", [b"exited 3\n", b"killed 15\n", b"stopped 19\n", b"allowed\n"])
def test_answers_to_another_question(bash_shim: Shim, answer: bytes) -> None:
    with FakeDaemon(bash_shim.home, answer), open("/dev/null", "rb") as more:
        done = bash_shim.run("probe", start_new_session=True, pass_fds=[more.fileno()])
    assert done.returncode == 125
    assert b"can't be understood" in done.stderr


def test_signals_are_forwarded(bash_shim: Shim) -> None:
    names = ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "ALRM", "WINCH", "TSTP", "CONT"]

    def expect(connection: Connection) -> None:
        for name in names:
            os.kill(pid.get(), signal.Signals[f"SIG{name}"])
            assert connection.signal_line() == name.encode()

    pid = Later()
    with (
        FakeDaemon(bash_shim.home, expect, b"exited 5\n"),
        bash_shim.popen("probe", start_new_session=True) as process,
    ):
        pid.set(process.pid)
        assert process.wait(20) == 5


def test_signals_before_an_answer_in_place_are_the_commands(bash_shim: Shim) -> None:
    def expect(connection: Connection) -> None:
        os.kill(pid.get(), signal.SIGUSR1)
        assert connection.signal_line() == b"USR1"

    pid = Later()
    with (
        FakeDaemon(bash_shim.home, expect, b"exec 0 /bin/true\n"),
        bash_shim.popen("probe", start_new_session=True) as process,
    ):
        pid.set(process.pid)
        assert process.wait(20) == -signal.SIGUSR1


def test_it_stops_and_goes_on_as_the_command(bash_shim: Shim) -> None:
    def expect(connection: Connection) -> None:
        until(lambda: b") T " in Path(f"/proc/{pid.get()}/stat").read_bytes(), "the client to stop")
        os.kill(pid.get(), signal.SIGCONT)
        assert connection.signal_line() == b"CONT"

    pid = Later()
    with (
        FakeDaemon(bash_shim.home, b"stopped 19\n", expect, b"exited 6\n"),
        bash_shim.popen("probe", start_new_session=True) as process,
    ):
        pid.set(process.pid)
        assert process.wait(20) == 6


@pytest.mark.parametrize("answer", [b"exec 0 /usr/bin/env\n", b"exec 9000 /usr/bin/env\n"])
def test_the_scripts_own_variables_are_not_the_commands(bash_shim: Shim, answer: bytes) -> None:
    """What the caller exported stays exported when bash sets it: none of the script's names may be the caller's."""
    with open(bash_shim.client, encoding="utf-8") as stream:
        names = set(re.findall(r"\b([a-zA-Z]\w*)(?:\+?=|\b(?= in )|\})", stream.read()))
    assert {"value", "line", "directory"} <= names
    own = {name for name in names if name.startswith("ss_")} | {"SAFESHELL_HOME", "COPROC_PID", "SHLVL"}
    given = {name: f"the caller's {name}" for name in names - own} | {"IFS": "x", "PWD": "/", "OLDPWD": "/usr"}
    with FakeDaemon(bash_shim.home, answer):
        done = bash_shim.run("probe", env={**given, "LC_ALL": "C.UTF-8", "HOME": "/h"}, cwd="/")
    found = dict(entry.split(b"=", 1) for entry in done.stdout.splitlines())
    found.pop(b"SHLVL", None)  # which bash exports, always
    expected = bash_shim.environment({**given, "LC_ALL": "C.UTF-8", "HOME": "/h"})
    assert found == {os.fsencode(name): os.fsencode(value) for name, value in expected.items()}


def test_the_command_inherits_no_child(bash_shim: Shim) -> None:
    """What spoke to the daemon has been reaped: a command that waits for any child finds none."""
    script = "import os\ntry: os.waitpid(-1, 0)\nexcept ChildProcessError: print('none')"
    with FakeDaemon(bash_shim.home, b"exec 0 /usr/bin/env\n"):
        done = bash_shim.run("probe", sys.executable, "-c", script)
    assert (done.stdout, done.stderr) == (b"none\n", b"")


def test_a_failed_execution_is_told_once(bash_shim: Shim, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/nonexistent\n")
    broken.chmod(0o755)
    with FakeDaemon(bash_shim.home, b"exec 0 %b\n" % os.fsencode(broken)):
        done = bash_shim.run("probe")
    assert done.returncode in (126, 127)
    assert done.stderr.count(b"\n") == 1


HIDE_NC = 'mount --bind /dev/null "$(readlink -f /usr/bin/nc)" && exec "$@"'


def test_through_socat(bash_shim: Shim) -> None:
    """Where nc is not to be had: here under a mount that hides it."""
    hidden = ["unshare", "-m", "sh", "-c", HIDE_NC, "sh"]
    if subprocess.run([*hidden, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs to mount, in a namespace of its own")
    with FakeDaemon(bash_shim.home, b"refused 9 through socat\n") as daemon:
        words: list[str | bytes] = [*hidden, bash_shim.path, b"\xff", ""]
        done = subprocess.run(
            words, env=bash_shim.environment({}), stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False
        )
        assert daemon.request().argv == [b"probe", b"\xff", b""]
    assert (done.returncode, done.stderr) == (9, b"through socat\n")


def test_nothing_of_the_callers_environment_runs(bash_shim: Shim, tmp_path: Path) -> None:
    """Not BASH_ENV, nor exported functions, nor programs named as what it uses; an odd IFS splits nothing."""
    seen = tmp_path / "seen"
    (tmp_path / "env").write_text(f"echo sourced >{seen}; exit 0\n")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in ("nc", "socat", "bash", "sh", "printf", "kill", "env", "cat"):
        (bin_ / name).write_text(f'#!/bin/sh\necho {name} >>{seen}\necho "exec 0 /bin/true"\n')
        (bin_ / name).chmod(0o755)
    hostile = {
        "BASH_ENV": str(tmp_path / "env"),
        "ENV": str(tmp_path / "env"),
        "SHELLOPTS": "xtrace:noexec",
        "BASHOPTS": "nocasematch",
        "BASH_FUNC_printf%%": "() { exit 0; }",
        "BASH_FUNC_read%%": "() { exit 0; }",
        "BASH_FUNC_exec%%": "() { exit 0; }",
        "IFS": "0123456789/ s",
        "PATH": f"{bin_}:/usr/bin:/bin",
        "PS4": f"$(echo ps4 >>{seen})",
    }
    with FakeDaemon(bash_shim.home, b"refused 9 no\n") as daemon:
        done = bash_shim.run("probe", "a b", env=hostile)
        assert daemon.request().argv == [b"probe", b"a b"]
    assert (done.returncode, done.stdout, done.stderr) == (9, b"", b"no\n")
    assert not seen.exists()
