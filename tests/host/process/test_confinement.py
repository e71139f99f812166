"""Real processes, each confined in one way, read back through the kernel."""

from __future__ import annotations

import os
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from boxes import bind_mount, enter, made_cgroup
from host.process.callers import FILTER, SO_PEERPIDFD, Spawn, needs_root
from needs import need

from safeshell.daemon.core.loop import Loop
from safeshell.daemon.fastpath.binding import Fastpath
from safeshell.host.process.confinement import inspect, sees_the_same
from safeshell.host.process.own import Own
from safeshell.host.process.status import Status
from safeshell.install.native import native_front


def python(script: str) -> list[str]:
    """A prefix that runs the script and then becomes what follows it."""
    reset = "import os, signal, sys\nfor n in (signal.SIGPIPE, signal.SIGXFSZ): signal.signal(n, signal.SIG_DFL)\n"
    return [sys.executable, "-I", "-S", "-c", f"{reset}{script}\nos.execv(sys.argv[1], sys.argv[1:])"]


def test_a_child_of_ones_own_is_alike(own: Own, spawn: Spawn) -> None:
    caller = inspect(spawn(), own)
    assert (caller.confined, caller.differs, caller.same_view) == ("", "", True)
    assert caller.nice == os.getpriority(os.PRIO_PROCESS, 0)


NAMESPACES = {
    "--mount": "another mount namespace",
    "--net": "another network namespace",
    "--ipc": "another ipc namespace",
    "--uts": "another uts namespace",
    "--cgroup": "another cgroup namespace",
    "--time": "another time namespace",
    "--pid": "another pid namespace",
}


@needs_root
@pytest.mark.parametrize("option", NAMESPACES)
def test_each_namespace_confines(own: Own, spawn: Spawn, option: str) -> None:
    caller = inspect(spawn(need("unshare"), option), own)
    assert caller.confined == NAMESPACES[option]
    assert caller.same_view == (option != "--mount")


@needs_root
def test_a_process_born_in_a_pid_namespace_is_confined(own: Own, spawn: Spawn) -> None:
    caller = inspect(spawn(need("unshare"), "--pid", "--fork"), own)
    assert caller.confined == "another pid namespace"


@needs_root
def test_a_process_born_in_a_time_namespace_is_confined(own: Own, spawn: Spawn) -> None:
    assert inspect(spawn(need("unshare"), "--time", "--fork"), own).confined == "another time namespace"


def test_a_user_namespace_confines(own: Own, spawn: Spawn) -> None:
    caller = inspect(spawn(need("unshare"), "--user", "--map-current-user"), own)
    assert caller.confined == "another user namespace"


def test_a_bwrap_sandbox_confines(own: Own, spawn: Spawn) -> None:
    prefix = [need("bwrap"), "--unshare-all", "--dev-bind", "/", "/", "--proc", "/proc"]
    caller = inspect(spawn(*prefix), own)
    assert caller.confined == "another mount namespace"
    assert not caller.same_view


@needs_root
def test_a_chroot_confines(own: Own, spawn: Spawn, tmp_path: Path) -> None:
    copy = tmp_path / "root"
    for needed in programs_of("/bin/sh"):
        target = copy / needed.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(needed, target)
    caller = inspect(spawn(need("chroot"), str(copy)), own)
    assert caller.confined == "another root directory"
    assert not caller.same_view


def programs_of(program: str) -> list[str]:
    """A program and the libraries that its dynamic loader takes, as far as ldd tells."""
    listed = subprocess.run([need("ldd"), program], capture_output=True, text=True, check=True).stdout
    return [program, *(word for word in listed.split() if word.startswith("/"))]


def test_no_new_privs_confines(own: Own, spawn: Spawn) -> None:
    assert inspect(spawn(*python(FILTER + "no_new_privs()")), own).confined == "no_new_privs"


def test_a_seccomp_filter_confines(own: Own, spawn: Spawn) -> None:
    caller = inspect(spawn(*python(FILTER + "no_new_privs(); add_filter()")), own)
    assert caller.confined == "no_new_privs"


@needs_root
def test_a_seccomp_filter_without_no_new_privs_confines(own: Own, spawn: Spawn) -> None:
    assert inspect(spawn(*python(FILTER + "add_filter()")), own).confined == "another seccomp mode"


CAPABILITIES = {
    "--bounding-set=-sys_time": "other permitted capabilities",  # execve of root takes what is left
    "--inh-caps=+sys_time": "other inheritable capabilities",
}


@needs_root
@pytest.mark.parametrize("option", CAPABILITIES)
def test_capabilities_confine(own: Own, spawn: Spawn, option: str) -> None:
    assert inspect(spawn(need("setpriv"), option), own).confined == CAPABILITIES[option]


@needs_root
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--reuid=65534", "--clear-groups"], "another user"),
        (["--regid=65534", "--clear-groups"], "another group"),
        (["--groups=4,65534"], "other groups"),
        (["--ruid=65534"], "another user"),
    ],
)
def test_other_credentials_confine(own: Own, spawn: Spawn, options: list[str], reason: str) -> None:
    assert inspect(spawn(need("setpriv"), *options), own).confined == reason


def test_a_traced_caller_is_confined(own: Own, spawn: Spawn) -> None:
    assert inspect(spawn(need("strace"), "-qq", "-o", "/dev/null"), own).confined == "traced"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda: resource.setrlimit(resource.RLIMIT_CPU, (3000, 4000)), "limits"),
        (lambda: os.nice(3), "nice"),
        (lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)), "scheduling"),
        (lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN), "ignored signals"),
        (lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN), "ignored signals"),
    ],
)
def test_what_a_spawn_cannot_give_is_named(own: Own, spawn: Spawn, change: Callable[[], object], reason: str) -> None:
    caller = inspect(spawn(change=change), own)
    assert (caller.confined, caller.differs, caller.same_view) == ("", reason, True)


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor is no choice")
def test_affinity_is_named(own: Own, spawn: Spawn) -> None:
    one = {min(os.sched_getaffinity(0))}
    assert inspect(spawn(change=lambda: os.sched_setaffinity(0, one)), own).differs == "affinity"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_the_umask_is_read(own: Own, spawn: Spawn, umask: int) -> None:
    caller = inspect(spawn(change=lambda: os.umask(umask)), own)
    assert (caller.confined, caller.differs, caller.umask) == ("", "", umask)


def test_the_nice_value_is_read(own: Own, spawn: Spawn) -> None:
    assert inspect(spawn(change=lambda: os.nice(2)), own).nice == own.nice + 2


def test_a_dead_caller_is_gone(own: Own) -> None:
    process = subprocess.Popen(["/bin/true"], stdin=subprocess.DEVNULL)
    pidfd = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.poll()
        zombie = inspect(process.pid, own)
        assert (zombie.confined, zombie.same_view) == ("the caller is gone", False)
        process.wait()
        assert inspect(process.pid, own).confined == "the caller is gone"
        # Its number may have another owner by now; this process stands for one.
        assert inspect(os.getpid(), own, pidfd).confined == "the caller is gone"
    finally:
        os.close(pidfd)
        process.wait()


def test_a_pidfd_that_could_not_be_opened_is_a_caller_that_is_gone(own: Own, spawn: Spawn) -> None:
    assert inspect(spawn(), own, -1).confined == "the caller is gone"


def test_a_live_callers_pidfd_changes_nothing(own: Own, spawn: Spawn) -> None:
    pid = spawn()
    pidfd = os.pidfd_open(pid)
    try:
        assert inspect(pid, own, pidfd) == inspect(pid, own)
        assert inspect(pid, own, pidfd).confined == ""
    finally:
        os.close(pidfd)


def test_the_sockets_pidfd_is_the_peers(own: Own) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        try:
            pidfd = ours.getsockopt(socket.SOL_SOCKET, SO_PEERPIDFD)
        except OSError:
            pytest.skip("Linux before 6.5")
        pid, _, _ = struct.unpack("iII", ours.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        try:
            # The peer is this Python, which ignores SIGPIPE: alike in confinement, not in signals.
            caller = inspect(pid, own, pidfd)
            assert (caller.confined, caller.differs) == ("", "ignored signals")
        finally:
            os.close(pidfd)


def test_reading_leaves_no_descriptor_behind(own: Own, spawn: Spawn) -> None:
    pid = spawn()
    before = os.listdir("/proc/self/fd")
    for target in (pid, 1, 0, os.getpid()):
        inspect(target, own)
    Own.read()
    assert os.listdir("/proc/self/fd") == before


def test_a_real_cgroup_confines_by_its_limit_only(own: Own, spawn: Spawn) -> None:
    with made_cgroup() as cgroup:
        pid = spawn(change=lambda: enter(cgroup))
        assert inspect(pid, own).confined == ""
        (cgroup / "pids.max").write_text("64")
        assert inspect(pid, own).confined == "cgroup limit pids.max"


def test_s14_what_only_the_daemon_is_limited_to_is_a_difference(own: Own, spawn: Spawn) -> None:
    pid = spawn()
    with made_cgroup() as cgroup:
        (cgroup / "pids.max").write_text("64")
        limited = own._replace(pid=spawn(change=lambda: enter(cgroup)))
        caller = inspect(pid, limited)
        assert (caller.confined, caller.differs) == ("", "the daemon's cgroup limit pids.max")


@needs_root
def test_s11_a_chroot_into_a_bind_mount_of_the_root_confines(
    own: Own, spawn: Spawn, front: Fastpath, tmp_path: Path
) -> None:
    alike = spawn()
    with bind_mount("/", tmp_path / "root") as root:
        caged = spawn(need("chroot"), root)
        caller = inspect(caged, own)
        assert (caller.confined, caller.same_view) == ("another root directory", False)
        for pid in (alike, caged):
            pidfd = os.pidfd_open(pid)
            assert sees_the_same(pid, own) == front.sees_the_same(pid) == (pid == alike)
            assert (front.inspect(pid, pidfd) >= 0) == (pid == alike)
            os.close(pidfd)


@needs_root
def test_s11_the_front_takes_nobody_from_a_cgroup_that_the_daemon_has_left(
    own: Own, spawn: Spawn, front: Fastpath
) -> None:
    def is_alike(pid: int) -> bool:
        pidfd = os.pidfd_open(pid)
        try:
            return front.inspect(pid, pidfd) >= 0
        finally:
            os.close(pidfd)

    pid = spawn()
    with made_cgroup() as cgroup:
        (cgroup / "pids.max").write_text("640")
        moved = spawn(change=lambda: enter(cgroup))
        assert (is_alike(pid), is_alike(moved)) == (True, False)
        # This process stands for the daemon.
        before = cgroup.parent / "cgroup.procs"
        enter(cgroup, os.getpid())
        try:
            assert (is_alike(pid), is_alike(moved)) == (False, True)
            assert inspect(moved, own).confined == ""
            assert inspect(pid, own).differs == "the daemon's cgroup limit pids.max"
        finally:
            enter(before.parent, os.getpid())


def test_s18_a_front_that_knows_nothing_of_the_daemon_takes_nobody(own: Own, spawn: Spawn, loop: Loop) -> None:
    pid = spawn()
    pidfd = os.pidfd_open(pid)
    nothing = Status(own.status.labels, (), frozenset(), own.status._pick, 0, ())
    for lost in (
        own._replace(status=nothing),
        own._replace(limits=b""),
        own._replace(mount=b""),
        own._replace(namespaces=()),
    ):
        assert make_front(loop, lost).inspect(pid, pidfd) == -1
    assert make_front(loop, own).inspect(pid, pidfd) >= 0
    os.close(pidfd)


def make_front(loop: Loop, own: Own) -> Fastpath:
    path = native_front()
    assert path is not None, "nothing was compiled: these tests would show nothing"
    cgroup = os.open("/proc/self/cgroup", os.O_RDONLY | os.O_CLOEXEC)
    return Fastpath(path, loop.descriptors, own, (1024, 1024), cgroup)


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def front(loop: Loop, own: Own) -> Fastpath:
    """The native one of a daemon that this process stands for."""
    return make_front(loop, own)
