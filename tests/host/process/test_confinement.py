"""Real processes, each confined in one way, read back through the kernel."""

from __future__ import annotations

import contextlib
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
from needs import need

import safeshell
from safeshell.host.process.confinement import Own, inspect

WAIT = ["/bin/sh", "-c", "echo ready; read line"]
ROOT = os.geteuid() == 0
needs_root = pytest.mark.needs("root")

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
SO_PEERPIDFD = 77

FILTER = f"""
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
program = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))  # BPF_RET, SECCOMP_RET_ALLOW
header = ctypes.create_string_buffer(struct.pack("HP", 1, ctypes.addressof(program)))
def add_filter():
    if libc.prctl({PR_SET_SECCOMP}, {SECCOMP_MODE_FILTER}, header, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")
def no_new_privs():
    if libc.prctl({PR_SET_NO_NEW_PRIVS}, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
"""

Spawn = Callable[..., int]


@pytest.fixture(scope="module")
def own() -> Own:
    return Own.read()


def reset_signals() -> None:
    """A test run under nohup, or by a Python that ignores SIGPIPE, still starts its children as a shell does."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError):  # the C library keeps two for itself
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Starts a process that waits on its stdin until the test is over, and returns the pid of the one that waits."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*prefix: str, change: Callable[[], object] = lambda: None) -> int:
        def prepare() -> None:
            reset_signals()
            change()

        process = subprocess.Popen(
            [*prefix, *WAIT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=prepare,  # noqa: PLW1509 # no thread here
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stderr is not None
        if process.stdout.readline() != b"ready\n":
            pytest.skip(f"needs to be let run {os.path.basename(prefix[0])}")
        return innermost(process.pid)

    yield start
    for process in running:
        process.communicate(b"\n", timeout=30)


def innermost(pid: int) -> int:
    """The last of a chain of only children: what a wrapper that forks runs."""
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        (pid,) = map(int, children)
    return pid


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


def become_nobody() -> None:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)


def in_child(judge: Callable[[], str]) -> str:
    """What a function says in a child of this process, where it may change whatever it likes."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(reading)
            os.write(writing, judge().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        answer = pipe.read().decode()
    os.waitpid(pid, 0)
    return answer


@needs_root
def test_for_an_unprivileged_daemon_a_process_of_another_user_is_confined() -> None:
    def judge() -> str:
        become_nobody()
        return inspect(os.getppid(), Own.read()).confined

    assert in_child(judge) == "another user"


@needs_root
def test_namespaces_that_cannot_be_read_count_as_different() -> None:
    def judge() -> str:
        become_nobody()
        own = Own.read()
        reading, writing = os.pipe()
        # A fork keeps what the change of user took: nobody but root may read its links, though its status is the same.
        pid = os.fork()
        if not pid:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
        found = inspect(pid, own)
        os.close(writing)
        os.waitpid(pid, 0)
        return f"{found.confined}, {found.same_view}"

    assert in_child(judge) == "its confinement can't be read, False"


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


@needs_root
def test_many_groups_are_read_whole() -> None:
    # 2000 groups make a status of some 18 KB, more than one read takes.
    script = """
import os, subprocess, sys
from safeshell.host.process.confinement import Own, inspect
os.setgroups(range(100000, 102000))
own = Own.read()
child = subprocess.Popen(["/bin/sh", "-c", "echo ready; read line"], stdin=-1, stdout=-1)
child.stdout.readline()
alike = inspect(child.pid, own)
print(repr((alike.confined, alike.differs)))
child.communicate()
"""
    assert run_script([sys.executable, "-c", script]) == "('', '')\n"


def run_script(command: list[str]) -> str:
    found = os.path.dirname(os.path.dirname(safeshell.__file__))
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": found},
        preexec_fn=reset_signals,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# A daemon that is confined itself by the statement it is given: what it makes of a child that is confined as it is, and
# of one with a filter more.
DAEMON = (
    FILTER
    + """
import os, subprocess, sys
from safeshell.host.process.confinement import Own, inspect
exec(sys.argv[1])
own = Own.read()
def verdict(change):
    child = subprocess.Popen(
        ["/bin/sh", "-c", "echo ready; read line"], stdin=-1, stdout=-1, preexec_fn=change)
    child.stdout.readline()
    caller = inspect(child.pid, own)
    child.communicate()
    return caller.confined
print(verdict(None), verdict(add_filter), sep="|")
"""
)


@needs_root
def test_a_daemon_with_a_filter_of_its_own_trusts_nobody() -> None:
    plain, more = run_script([sys.executable, "-c", DAEMON, "add_filter()"]).strip().split("|")
    assert plain == "seccomp filters that can't be compared"
    assert more == "other seccomp filters"


@needs_root
def test_in_a_container_everybody_has_the_first_processs_filter() -> None:
    first = FILTER + "import subprocess, sys\nadd_filter()\nsys.exit(subprocess.call(sys.argv[1:]))"
    container = [need("unshare"), "--pid", "--fork", "--mount-proc", sys.executable, "-c", first]
    plain, more = run_script([*container, sys.executable, "-c", DAEMON, ""]).strip().split("|")
    assert plain == ""
    assert more == "other seccomp filters"


def test_a_daemon_with_no_new_privs_trusts_nobody_where_landlock_may_be() -> None:
    try:
        landlock = b"landlock" in Path("/sys/kernel/security/lsm").read_bytes()
    except OSError:
        landlock = True
    plain = run_script([sys.executable, "-c", DAEMON, "no_new_privs()"]).strip().split("|")[0]
    assert plain == ("a Landlock domain can't be ruled out" if landlock else "")


@needs_root
def test_a_daemon_without_its_own_proc_does_not_start() -> None:
    script = """
from safeshell.host.process.confinement import Own
from safeshell.errors import SafeShellError
try:
    Own.read()
except SafeShellError as error:
    print(error)
"""
    answer = run_script([need("unshare"), "--pid", "--fork", sys.executable, "-c", script])
    assert answer == "/proc belongs to another pid namespace\n"


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


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A cgroup of this machine below the test's own, in a hierarchy that counts processes."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    held = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    for fields in mounts:
        if fields[-3] == "cgroup" and "pids" in fields[-1].split(",") and "pids" in held:
            parent = Path(fields[4] + held["pids"].removeprefix(fields[3].rstrip("/")))
            break
        if fields[-3] == "cgroup2" and "" in held:
            parent = Path(fields[4] + held[""].removeprefix(fields[3].rstrip("/")))
            if "pids" in (parent / "cgroup.subtree_control").read_text().split():
                break
    else:
        pytest.skip("needs a hierarchy of cgroups that counts processes below the test's own")
    made = parent / f"safeshell-test-{os.getpid()}"
    try:
        made.mkdir()
    except OSError:
        pytest.skip("needs to make a cgroup")
    yield made
    made.rmdir()


def test_a_real_cgroup_confines_by_its_limit_only(own: Own, cgroup: Path, spawn: Spawn) -> None:
    pid = spawn(change=lambda: (cgroup / "cgroup.procs").write_text("0"))
    assert inspect(pid, own).confined == ""
    (cgroup / "pids.max").write_text("64")
    assert inspect(pid, Own.read()).confined == "cgroup limit pids.max"


@pytest.mark.parametrize(
    ("set_up", "reason"),
    [
        ("", ""),
        ("ctypes.CDLL(None).personality(0x40000)", "the daemon's personality"),
        ("ctypes.CDLL(None).prctl(29, ctypes.c_ulong(77000))", "the daemon's timer slack"),
    ],
    ids=["usual", "personality", "timer-slack"],
)
def test_a_daemon_that_is_unusual_itself_is_like_no_caller(set_up: str, reason: str) -> None:
    code = f"""
import ctypes, os, signal
for number in (signal.SIGPIPE, signal.SIGXFSZ):  # a daemon's children have these back
    signal.signal(number, signal.SIG_DFL)
{set_up}
from safeshell.host.process.confinement import Own, inspect
print(inspect(os.getpid(), Own.read()).differs)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == reason
