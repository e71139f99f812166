"""No daemon: what client.conf says, and starting it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from boxes import enter, made_cgroup, was_removed
from fidelity.callers import CALLERS, OWN_WORD, why_not
from harness import until
from shims.conftest import Shim, make_shim
from shims.fake_daemon import FakeDaemon, exited, refused

NO, NO_LINE = refused(126, b"no\n"), b"refused 126 no\\n\n"
DENIED = b"); the command does not run\n"
ALLOWED = b"); running the command unguarded\n"


def outcome(shim: Shim, env: dict[str, str] | None = None) -> bool:
    """Whether the command ran; both ways it is said in one line."""
    echo = shim.install("echo")
    done = echo.run("echo", "ran", env=env)
    os.unlink(echo.path)
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"safeshell: can't reach the daemon (" + shim.home.encode() + b"/daemon.sock: ")
    if done.returncode == 125:
        assert (done.stdout, done.stderr.endswith(DENIED)) == (b"", True)
        return False
    assert (done.returncode, done.stdout, done.stderr.endswith(ALLOWED)) == (0, b"ran\n", True)
    return True


def test_without_settings_agents_are_denied(any_shim: Shim) -> None:
    assert outcome(any_shim)
    assert outcome(any_shim, {"SAFESHELL_CONTEXT": "human", "CLAUDECODE": ""})
    assert not outcome(any_shim, {"SAFESHELL_CONTEXT": "ai"})
    assert not outcome(any_shim, {"CLAUDECODE": "1"})


def test_settings_decide(any_shim: Shim) -> None:
    any_shim.configure("unreachable_ai=allow", "unreachable_human=deny", "marker=MY_AGENT", "marker=OTHER")
    assert not outcome(any_shim)
    assert not outcome(any_shim, {"MY_AGENT": "", "MY_AGENTS": "1", "CLAUDECODE": "1"})
    assert outcome(any_shim, {"MY_AGENT": "1"})
    assert outcome(any_shim, {"OTHER": "x", "SAFESHELL_CONTEXT": "human"})
    assert outcome(any_shim, {"SAFESHELL_CONTEXT": "ai"})


def test_a_socket_that_nobody_listens_on(any_shim: Shim) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(os.path.join(any_shim.home, "daemon.sock"))
    assert outcome(any_shim)


def test_a_socket_path_that_is_too_long(any_shim: Shim) -> None:
    done = any_shim.run("probe", env={"SAFESHELL_HOME": "/tmp/" + "x" * 91})
    assert done.returncode == 125
    assert done.stderr.startswith(b"safeshell: the socket's path is 108 bytes, a Unix socket takes 107")
    done = any_shim.run("probe", env={"SAFESHELL_HOME": "/tmp/" + "x" * 90})
    assert b"can't reach the daemon" in done.stderr


def test_the_clients_own_name_is_usage(shim: Shim) -> None:
    done = shim.install("safeshell-shim").run("safeshell-shim")
    assert (done.returncode, done.stderr.startswith(b"safeshell: usage: ")) == (2, True)


def test_a_full_backlog_is_waited_out(shim: Shim) -> None:
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as filler:
        listener.bind(os.path.join(shim.home, "daemon.sock"))
        listener.listen(0)
        filler.connect(listener.getsockname())
        with shim.popen("probe") as process:
            deadline = time.monotonic() + 20
            while b"poll" not in Path(f"/proc/{process.pid}/wchan").read_bytes() and time.monotonic() < deadline:
                os.sched_yield()
            listener.accept()[0].close()
            accepted = listener.accept()[0]
            accepted.recv(1 << 16)
            accepted.sendall(refused(9, b"late\n"))
            accepted.close()
            assert process.wait(20) == 9


DAEMON = """
import ctypes, json, os, socket, sys
listener = socket.socket(socket.AF_UNIX)
seen = {"argv": sys.argv, "env": dict(os.environ), "fds": sorted(os.listdir("/proc/self/fd")), "cwd": os.getcwd(),
        "sid": os.getsid(0), "pid": os.getpid(), "umask": os.umask(0o77), "null": os.readlink("/proc/self/fd/0"),
        "status": open("/proc/self/status").read()}
number = {"x86_64": 252, "aarch64": 31}[os.uname().machine]
seen["usual"] = [ctypes.CDLL(None).syscall(number, 1, 0) >> 13]  # ioprio_get
for name in "personality", "timerslack_ns", "numa_maps":
    try: seen["usual"].append(open(f"/proc/self/{name}").readline().split()[-1 if name != "numa_maps" else 1])
    except OSError: seen["usual"].append("default")
home = os.environ["SAFESHELL_HOME"]
listener.bind(os.path.join(home, "daemon.sock"))
listener.listen()
json.dump(seen, open(os.path.join(home, "seen"), "w"))
os.write(int(os.environ["SAFESHELL_READY_FD"]), b"x")
os.close(3)
for _ in range(int(sys.argv[1])):
    peer, _ = listener.accept()
    data, fds, _, _ = socket.recv_fds(peer, 1 << 16, 8)
    for fd in fds: os.close(fd)
    peer.sendall(bytes.fromhex(sys.argv[2]))
    peer.close()
"""


def configure_start(shim: Shim, *, answers: int) -> None:
    """Has client.conf start a daemon that answers so many clients: exit status 6."""
    program = os.path.join(shim.home, "daemon.py")
    Path(program).write_text(DAEMON)
    words = [sys.executable, "-I", "-S", program, str(answers), exited(6 << 8).hex()]
    shim.configure("unreachable_human=deny", *(f"start={word}" for word in words))


@pytest.fixture
def startable(shim: Shim) -> Shim:
    """A shim whose client.conf starts a daemon that answers once."""
    configure_start(shim, answers=1)
    return shim


def test_starts_the_daemon_with_nothing_of_the_callers(startable: Shim) -> None:
    def prepare() -> None:
        import signal

        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    kept = os.open("/", os.O_RDONLY)
    done = startable.run(
        "probe", env={"SECRET": "1", "HOME": "/nowhere"}, pass_fds=[kept], preexec_fn=prepare, restore_signals=False
    )
    os.close(kept)
    assert (done.returncode, done.stderr) == (6, b"")
    seen = json.loads(Path(startable.home, "seen").read_text())
    assert seen["env"] == {
        "SAFESHELL_HOME": startable.home,
        "HOME": "/nowhere",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "SAFESHELL_READY_FD": "3",
        **({"LC_CTYPE": seen["env"]["LC_CTYPE"]} if "LC_CTYPE" in seen["env"] else {}),  # Python's own doing
    }
    assert seen["fds"] == ["0", "1", "2", "3", "4", "5"]  # the listener, and the directory that is being read
    assert (seen["cwd"], seen["umask"], seen["null"]) == ("/", 0o77, "/dev/null")
    assert seen["sid"] not in (os.getsid(0), seen["pid"])
    status = dict(line.split(":\t") for line in seen["status"].splitlines())
    assert int(status["SigBlk"], 16) == 0
    assert not int(status["SigIgn"], 16) & 1


def test_starts_the_daemon_where_descriptors_are_closed(startable: Shim) -> None:
    def prepare() -> None:
        os.close(0)
        os.close(2)

    done = startable.run("probe", preexec_fn=prepare)
    assert done.returncode == 6


def test_many_clients_start_it_at_once(startable: Shim) -> None:
    count = 8
    configure_start(startable, answers=count)
    processes = [startable.popen("probe") for _ in range(count)]
    for process in processes:
        with process:
            assert process.wait(30) == 6


def test_a_daemon_that_does_not_come_up(shim: Shim) -> None:
    shim.configure("unreachable_human=deny", "start=/bin/true")
    before = time.monotonic()
    assert not outcome(shim)
    assert time.monotonic() - before < 10


@pytest.mark.parametrize("start", ["start=true", "start=/missing"])
def test_a_start_that_is_none(shim: Shim, start: str) -> None:
    shim.configure("unreachable_human=deny", start)
    assert not outcome(shim)


def test_settings_of_others_start_nothing(startable: Shim) -> None:
    os.chmod(os.path.join(startable.home, "client.conf"), 0o666)
    assert not outcome(startable)
    assert not os.path.exists(os.path.join(startable.home, "seen"))


CONFINED = [["setpriv", "--no-new-privs"], ["unshare", "--user", "--map-root-user"]]


@pytest.mark.parametrize("wrapper", CONFINED, ids=lambda wrapper: wrapper[0])
def test_a_confined_caller_starts_nothing(startable: Shim, wrapper: list[str]) -> None:
    if subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode:
        pytest.skip(f"needs to be let run {' '.join(wrapper)}")
    done = subprocess.run([*wrapper, startable.path], env=startable.environment({}), capture_output=True, check=False)
    assert (done.returncode, done.stderr.endswith(DENIED)) == (125, True)
    assert not os.path.exists(os.path.join(startable.home, "seen"))


@pytest.mark.needs("root")
def test_a_caller_with_a_filter_of_its_own_starts_nothing(startable: Shim) -> None:
    def prepare() -> None:
        allow = struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)  # BPF_RET: SECCOMP_RET_ALLOW
        code = ctypes.create_string_buffer(allow, len(allow))
        program = struct.pack("HxxxxxxP", 1, ctypes.addressof(code))
        if ctypes.CDLL(None).prctl(22, 2, program, 0, 0):  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
            os._exit(99)

    done = startable.run("probe", preexec_fn=prepare)
    assert (done.returncode, done.stderr.endswith(DENIED)) == (125, True)
    assert not os.path.exists(os.path.join(startable.home, "seen"))


NOBODY, OTHER = 65534, 65533


@contextlib.contextmanager
def effective(uid: int) -> Iterator[None]:
    """What this process makes is this user's."""
    before = os.geteuid()
    os.seteuid(0)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.seteuid(before)


@pytest.mark.needs("root")
@pytest.mark.parametrize("client", ["freestanding", "libc", "bash"])
@pytest.mark.parametrize(("served_by", "caller"), [(NOBODY, 0), (NOBODY, OTHER), (OTHER, OTHER), (0, 0)])
def test_s18_nobody_obeys_another_users_daemon(
    clients: dict[str, str], home: str, client: str, served_by: int, caller: int
) -> None:
    shim = make_shim(home, clients[client])
    os.unlink(shim.path)
    shutil.copy(shim.client, shim.path)  # where others may execute it
    for path in (home, os.path.dirname(shim.path)):
        os.chmod(path, 0o777)
    address = f"{home}/daemon.sock"
    with effective(served_by), socket.socket(socket.AF_UNIX) as listener:
        if served_by == caller:
            listener.close()
            daemon = FakeDaemon(home, NO_LINE if client == "bash" else NO)
        else:
            listener.bind(address)
            listener.listen()
        os.chmod(address, 0o666)
        with effective(0), daemon if served_by == caller else contextlib.nullcontext():
            done = shim.run("probe", user=caller, env={"CLAUDECODE": "1"})
    if served_by == caller:
        assert (done.returncode, done.stderr) == (126, b"no\n")
    else:
        why = f"can't reach the daemon ({address}: it is another user's); the command does not run"
        assert (done.returncode, done.stderr) == (125, f"safeshell: {why}\n".encode())


@pytest.mark.parametrize("limit", ["12", "2000"])
def test_s14_a_caller_that_may_have_few_processes_starts_nothing(startable: Shim, limit: str) -> None:
    with made_cgroup() as cgroup:
        (cgroup / "pids.max").write_text(limit)
        inner = cgroup / "inner"
        inner.mkdir()
        done = startable.run("probe", preexec_fn=lambda: enter(inner))
        until(lambda: was_removed(inner), "the cgroup to be empty")
    assert os.path.exists(os.path.join(startable.home, "seen")) == (limit != "12")
    assert done.returncode == (125 if limit == "12" else 6)


@pytest.mark.parametrize("caller", ["write-execute", "personality", "timer-slack", "input-output", "memory-policy"])
def test_s14_what_the_caller_keeps_to_itself(startable: Shim, caller: str) -> None:
    """What can't be laid down starts no daemon; what can is laid down before it is started."""
    if reason := why_not(CALLERS[caller]):
        pytest.skip(reason)
    done = startable.run("probe", preexec_fn=CALLERS[caller])
    seen = Path(startable.home, "seen")
    if caller in OWN_WORD:
        assert (done.returncode, seen.exists()) == (125, False)
        return
    assert done.returncode == 6
    assert json.loads(seen.read_text())["usual"] == [0, "00000000", "50000", "default"]
