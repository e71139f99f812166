"""What a machine does to a daemon: out of descriptors, processes and disk, its socket removed, its clock set back."""

from __future__ import annotations

import ast
import contextlib
import inspect
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon.test_server import ENV, SLEEP, request, serves
from harness import (
    PATH,
    RULES,
    Daemon,
    environment,
    idle,
    make_home,
    running_daemon,
    safeshell,
    temporary_directory,
    until,
    wait_for,
    write,
)
from needs import need

from safeshell.client import connect, control, execute
from safeshell.daemon.core.loop import Loop
from safeshell.errors import SafeShellError
from safeshell.home.client_conf import daemon_command
from safeshell.home.paths import Home
from safeshell.protocol import ReplyReceiver, Type

AS_ROOT = pytest.mark.needs("root")
NOBODY = 65534
ORDINARY = os.geteuid() or NOBODY
"""A user who is held to the limit on processes, as root isn't."""

AS_ORDINARY = () if os.geteuid() else ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@contextlib.contextmanager
def constrained(home: Home, *prefix: str) -> Iterator[int]:
    """A daemon behind a command that constrains it; gives its pid."""
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [*prefix, *daemon_command()],
        env={**environment(home, {"SAFESHELL_READY_FD": str(writer)}), "PATH": PATH},
        pass_fds=[writer],
        start_new_session=True,
    )
    os.close(writer)
    try:
        with os.fdopen(reader, "rb") as ready:
            assert ready.read(1) == b"\n"
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


# Descriptors


def test_out_of_descriptors_callers_wait_and_nobody_is_lost(home: Home) -> None:
    with constrained(home, "prlimit", "--nofile=64:64"), contextlib.ExitStack() as stack:
        before = idle(home)["descriptors"]
        silent = [stack.enter_context(connect(home)) for _ in range(100)]
        for sock in silent:
            sock.sendall(b"SfSh")
        with connect(home) as last:
            last.sendall(request("echo", "served"))
            for sock in silent:
                sock.close()
            frame, *_ = ReplyReceiver().feed(last.recv(4096))
            assert frame.payload == b"served\n"
        until(lambda: control(Type.STATUS, home=home)["descriptors"] == before, "the descriptors to be given back")


def test_a_hard_limit_that_is_low_still_runs_commands(home: Home) -> None:
    with constrained(home, "prlimit", "--nofile=48:48"):
        done = execute(["sh", "-c", "ulimit -n"], env=ENV, home=home)
        assert (done.returncode, done.stdout) == (0, b"48\n")


# Processes


def test_out_of_processes_is_said_and_ends_when_there_are_some_again() -> None:
    if subprocess.run([*AS_ORDINARY, sys.executable, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip("needs a Python that an ordinary user can start")  # not one in root's own directory
    with temporary_directory() as root:
        os.chmod(root, 0o755)
        home = make_home(os.path.join(root, "h"))
        for path in (home.root, *(os.path.join(home.root, name) for name in os.listdir(home.root))):
            os.chown(path, ORDINARY, -1)
        with constrained(home, *AS_ORDINARY) as pid:
            done = _as_ordinary(home)  # has the rules compiled, whose owner is another now: see below
            assert done.stdout.startswith("served\n"), done
            with _no_process_more(pid):
                done = _as_ordinary(home)
                assert "can't be started here: spawn: Resource temporarily unavailable" in done.stdout, done
                before = idle(home)
                write(home.rules, RULES.replace("precious", "dear"))
                os.chown(home.rules, ORDINARY, -1)
                assert "spawn: Resource temporarily unavailable" in _as_ordinary(home).stdout  # by the last rules
                refused = "the compiler can't be started: Resource temporarily unavailable"

                def told() -> bool:  # it is tried again after a while
                    _as_ordinary(home)
                    return str(idle(home)["error"]).endswith(refused)

                until(told, "that no compiler can be started")
                after = idle(home)
                assert after["descriptors"] == before["descriptors"]
            assert _as_ordinary(home).stdout.startswith("served\n")
            # Where the interpreter is in root's own directory, nobody's compiler still fails, but for another reason.

            def recovered() -> bool:
                _as_ordinary(home)
                return "temporarily" not in (control(Type.STATUS, home=home)["error"] or "")

            until(recovered, "that a compiler is started again")


_CALL = (
    "import sys; from safeshell.client import execute; from safeshell.home.paths import Home;"
    "done = execute(['echo', 'served'], env={'PATH': '/usr/bin:/bin'}, home=Home(sys.argv[1]));"
    "print(done.stdout.decode() + done.message, end='')"
)


def _as_ordinary(home: Home) -> subprocess.CompletedProcess[str]:
    command = [*AS_ORDINARY, sys.executable, "-I", "-c", _CALL, home.root]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd="/")


@contextlib.contextmanager
def _no_process_more(pid: int) -> Iterator[None]:
    """A process can start none for as long as the block: it is one itself, so 0 holds however many its user has."""
    inherited = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    _limit_processes(pid, "0")
    try:
        yield
    finally:
        _limit_processes(pid, "unlimited" if inherited == resource.RLIM_INFINITY else str(inherited))


def _limit_processes(pid: int, soft: str) -> None:
    subprocess.run([*AS_ORDINARY, "prlimit", f"--pid={pid}", f"--nproc={soft}:"], check=True)


# The disk


@pytest.fixture
def small_disk() -> Iterator[str]:
    """A file system of its own, of 4 MiB."""
    with temporary_directory() as root:
        need("mount", "root")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", root], check=False)
        if mounted.returncode:
            pytest.skip("needs to mount a small disk")
        try:
            yield root
        finally:
            subprocess.run(["umount", root], check=True)


def _fill(path: str) -> None:
    with open(path, "wb", buffering=0) as stream, contextlib.suppress(OSError):
        while stream.write(b"x" * 4096):
            pass


@AS_ROOT
def test_a_full_disk_leaves_the_last_rules_in_force_and_is_said(small_disk: str) -> None:
    home = make_home(os.path.join(small_disk, "h"))
    with running_daemon(home) as daemon:
        changed = RULES.replace("precious", "precious-too") + "".join(
            f"  - {{name: more-{number}, commands: [x{number}], action: deny, message: {'no' * 200},"
            f" tests: {{match: [x{number}]}}}}\n"
            for number in range(2000)
        )
        write(home.rules, changed)
        _fill(os.path.join(small_disk, "full"))
        done = safeshell(home, "compile")
        assert done.returncode == 1, done.stderr[-500:]
        assert done.stderr.startswith("safeshell: "), done.stderr
        assert "Traceback" not in done.stderr
        assert execute(["rm", "precious-too"], env=ENV, home=home).returncode == 126
        os.unlink(os.path.join(small_disk, "full"))
        assert safeshell(home, "compile").returncode == 0
        assert execute(["rm", "precious-too"], env=ENV, home=home).returncode == 126
        assert serves(daemon)


def test_a_warning_that_nobody_hears_changes_no_exit_status() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as deaf:
        script = "from safeshell.daemon.observe.journal import _warn; _warn('the audit log can\\'t be written')"
        done = subprocess.run([sys.executable, "-I", "-c", script], stderr=deaf, check=False)
    assert done.returncode == 0


# The socket


def test_a_removed_socket_is_put_back(daemon: Daemon) -> None:
    with connect(daemon.home) as sock:
        sock.sendall(request(*SLEEP))
        assert sock.recv(4096)
        for _ in range(3):
            os.unlink(daemon.home.socket)
            until(lambda: os.path.exists(daemon.home.socket), "the socket to be put back")
            assert serves(daemon)
            assert daemon.status()["pid"] == daemon.pid
        assert daemon.status()["running"] == 1  # who had connected before is still served
    assert os.stat(daemon.home.socket).st_mode & 0o7777 == 0o600


def test_a_socket_that_was_renamed_or_replaced_is_put_back(daemon: Daemon) -> None:
    os.rename(daemon.home.socket, f"{daemon.home.socket}.old")
    until(lambda: os.path.exists(daemon.home.socket), "the socket to be put back")
    assert serves(daemon)
    write(daemon.home.socket, "no socket")
    until(lambda: not os.path.isfile(daemon.home.socket), "the socket to be put back")
    until(lambda: serves(daemon), "the daemon to serve")


def test_without_its_directory_the_daemon_ends_and_the_next_one_serves(home: Home) -> None:
    with running_daemon(home) as daemon:
        aside = f"{home.root}.aside"
        shutil.copytree(home.root, aside, ignore=shutil.ignore_patterns("*.sock"))
        shutil.rmtree(home.root)
        assert daemon.wait() == 0
        os.rename(aside, home.root)
        with running_daemon(home) as other:
            assert serves(other)


# The clock


def test_timers_do_not_hear_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop()
    monkeypatch.setattr(time, "time", lambda: -1e9)
    fired = []
    loop.call_later(0.01, lambda: fired.append("second"))
    loop.call_later(0.001, lambda: fired.append("first"))
    loop.call_later(0.02, loop.stop)
    loop.run()
    loop.close()
    assert fired == ["first", "second"]


def test_no_deadline_of_the_daemon_is_by_the_clock() -> None:
    directory = Path(inspect.getfile(Loop)).parent
    clocks = {"time", "time_ns", "CLOCK_REALTIME", "datetime", "now", "ctime", "localtime"}
    for path in directory.glob("*.py"):
        if path.name in ("approvals.py", "journal.py"):
            continue  # they say when something was; their deadlines are the loop's
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "time"
        }
        assert not used & clocks, f"{path.name} uses {used & clocks}"


def test_rules_edited_while_the_clock_is_behind_are_seen(daemon: Daemon) -> None:
    assert execute(["rm", "dear"], env={"PATH": "/nonexistent"}, home=daemon.home).returncode == 127
    write(daemon.home.rules, RULES.replace("precious", "dear"))
    os.utime(daemon.home.rules, (1, 1))
    assert execute(["rm", "dear"], env=ENV, home=daemon.home).returncode == 126


# Its end


def test_50_commands_outlive_no_killed_daemon_unheard(daemon: Daemon) -> None:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(connect(daemon.home)) for _ in range(50)]
        pids = []
        for sock in sockets:
            sock.sendall(request(*SLEEP))
            pids.append(int(ReplyReceiver().feed(sock.recv(4096))[0].payload))
        os.kill(daemon.pid, signal.SIGKILL)
        assert daemon.wait() == -signal.SIGKILL
        for sock in sockets:
            sock.settimeout(20)
            with contextlib.suppress(ConnectionResetError):
                assert sock.recv(1) == b""
        with pytest.raises(SafeShellError):
            execute(["echo"], env=ENV, home=daemon.home)
        with running_daemon(daemon.home) as other:
            assert serves(other)
        for pid in pids:  # its commands are nobody's to end any more
            os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                wait_for(pid)
    daemon.ended = 0
