"""Becoming the daemon of a home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import SAFESHELL, Daemon, descriptors_of, environment, reap, until

from safeshell.cli.daemon import launch
from safeshell.client import control, execute
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.protocol import Type


def test_of_two_that_start_at_once_one_wins_and_the_other_says_so(home: Home) -> None:
    start = threading.Barrier(2)

    def attempt(_number: int) -> str:
        start.wait()
        try:
            launch(home)
        except SafeShellError as error:
            return error.message
        return ""

    with ThreadPoolExecutor(2) as threads:
        said = sorted(threads.map(attempt, range(2)))
    assert said == ["", f"the daemon did not start: a daemon serves {home.root} already"]
    pid = control(Type.STOP, 2, home=home)["pid"]
    assert reap(pid) == 0


def test_the_daemon_is_nobodys_child_in_directory_session_descriptors_and_environment(daemon: Daemon) -> None:
    proc = f"/proc/{daemon.pid}"
    assert os.readlink(f"{proc}/cwd") == "/"
    assert os.getsid(daemon.pid) == daemon.pid
    with open(f"{proc}/environ", "rb") as stream:
        names = {entry.partition(b"=")[0] for entry in stream.read().split(b"\0")[:-1]}
    assert names == {b"SAFESHELL_HOME", b"SAFESHELL_READY_FD", b"HOME", b"PATH"}
    targets = descriptors_of(daemon.pid)
    assert (targets[0], targets[1]) == ("/dev/null", "/dev/null")
    kinds = sorted(target.partition(":")[0] for number, target in targets.items() if number > 2)
    assert "pipe" not in kinds  # but for stderr, which is its starter's, who has gone
    own = {target for target in targets.values() if target.startswith("/tmp/")}
    assert own == {daemon.home.root, daemon.home.socket, daemon.home.audit}


def test_a_home_that_others_may_write_is_refused(home: Home) -> None:
    os.chmod(home.root, 0o777)
    with pytest.raises(SafeShellError, match=f"the daemon did not start: {home.root} is writable by others"):
        launch(home)


def test_a_socket_path_that_does_not_fit_is_refused(home: Home) -> None:
    long = Home(os.path.join(home.root, "x" * 100))
    long.create()
    with pytest.raises(SafeShellError, match="a Unix socket takes 107"):
        launch(long)


def test_signals_that_its_starter_ignored_do_not_stay_ignored_in_its_children(home: Home) -> None:
    script = "trap '' HUP INT QUIT USR1; exec \"$0\" -m safeshell.daemon"
    reader, writer = os.pipe()
    process = subprocess.Popen(
        ["sh", "-c", script, sys.executable],
        env={**environment(home), "SAFESHELL_READY_FD": str(writer)},
        pass_fds=[writer],
        start_new_session=True,
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as ready:
        assert ready.read(1) == b"\n"
    try:
        done = execute(["sh", "-c", "grep SigIgn /proc/self/status"], env={"PATH": "/usr/bin:/bin"}, home=home)
        assert int(done.stdout.split()[1], 16) & ~(0b11 << 31) == 0  # 32 and 33 are glibc's own
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_run_stays_in_the_foreground_until_it_is_told_to_end(home: Home) -> None:
    process = subprocess.Popen([SAFESHELL, "daemon", "run"], env=environment(home), start_new_session=True)
    try:
        until(lambda: os.path.exists(home.socket), "the daemon to listen")
        assert control(Type.STATUS, home=home)["pid"] == process.pid
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
