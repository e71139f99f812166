"""A confined caller's command runs inside its confinement, judged by the same rules, whatever the placement says."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from boxes import bind_mount, enter, made_cgroup
from e2e.conftest import MakeGuard
from e2e.guard import FORBIDDEN, Guard, guarded
from needs import need

PIDS_MAX = 1 << 22
"""More processes no machine has."""

NAMESPACES = ("mnt", "pid", "net", "ipc", "uts", "user", "cgroup")
PRINT = f"readlink {' '.join(f'/proc/self/ns/{name}' for name in NAMESPACES)}"
# The shell's own, as it sees them itself; and the command's, through the shim.
SHOW = f"PATH=/usr/bin:/bin {PRINT}; echo; {PRINT}; cat {FORBIDDEN}; echo $?"


def bwrap(*options: str) -> tuple[str, ...]:
    return ("bwrap", *options, "--bind", "/", "/", "--dev", "/dev", "--proc", "/proc")


SANDBOXES = {
    "bwrap": bwrap("--unshare-all"),
    "bwrap-net": bwrap("--unshare-net"),
    "unshare-mount": ("unshare", "-m"),
    "unshare-user": ("unshare", "-U", "-r"),
    "unshare-uts": ("unshare", "-u"),
    "unshare-ipc": ("unshare", "-i"),
    "unshare-net": ("unshare", "-n"),
    "unshare-pid": ("unshare", "-p", "-f", "--mount-proc"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.needs(SANDBOXES[name][0])) for name in SANDBOXES]
)
def test_commands_run_in_the_callers_namespaces(guard: Guard, name: str) -> None:
    sandbox = SANDBOXES[name]
    if subprocess.run([*sandbox, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip(f"needs to be let run {' '.join(sandbox)}")
    before = guard.placed("in_place")
    done = guard.run(*sandbox, "sh", "-c", SHOW)
    outside = guard.run("sh", "-c", PRINT, native=True).out.split()
    own, _, rest = done.out.decode().partition("\n\n")
    *commands, status = rest.split()
    assert own.split() == commands
    assert commands != [link.decode() for link in outside]
    assert status == "126"
    assert done.err.startswith(b"safeshell: denied by rule not-that-word ")
    reasons = {reason for reason, count in guard.placed("in_place").items() if count > before.get(reason, 0)}
    if not guard.spawns:
        # Where all is in place, a caller that sees the same files isn't looked at any further.
        reasons.discard("execution: in_place")
    assert len(reasons) == 1 or not guard.spawns
    assert all(reason.startswith("confinement: ") for reason in reasons)


@pytest.mark.needs("setpriv")
@pytest.mark.parametrize(
    ("option", "line"),
    [("--no-new-privs", b"NoNewPrivs:\t1"), ("--bounding-set=-chown", b"CapBnd"), ("--regid=65534", b"Gid:\t65534")],
)
def test_privileges_stay_dropped(guard: Guard, option: str, line: bytes) -> None:
    if option != "--no-new-privs":
        need("root")
    prefix = ["setpriv", option] + (["--clear-groups"] if "gid" in option else [])
    done = guard.same(*prefix, "grep", "-E", "^(NoNewPrivs|Cap|Gid|Groups)", "/proc/self/status")
    assert line in done.out
    assert guard.run(*prefix, "grep", FORBIDDEN).status == 126


@pytest.mark.needs("root")
def test_chroot(guard: Guard) -> None:
    """A root that is a part of the home's file system: programs and directory are those inside."""
    root = guard.root
    for program in ("/bin/sh", "/bin/ls", "/bin/cat"):
        for path in (program, *libraries(program)):
            os.makedirs(root + os.path.dirname(path), exist_ok=True)
            shutil.copy(path, root + path)
    env = {"PATH": "/h/shims:/bin", "SAFESHELL_HOME": "/h"}
    script = f"ls /; cd /work; ls -a; cat /only-outside; cat {FORBIDDEN}; echo $?"
    before = guard.requests()
    done = guard.run("/usr/sbin/chroot", root, "/bin/sh", "-c", script, env=env)
    inside, _, rest = done.out.decode().partition(".\n..\n")
    assert inside.split() == sorted(os.listdir(root))
    assert rest == "126\n"
    assert done.err.startswith(
        b"cat: /only-outside: No such file or directory\nsafeshell: denied by rule not-that-word"
    )
    assert guard.requests() == before + 4
    assert any("another root directory" in reason for reason in guard.placed("in_place"))


def libraries(program: str) -> list[str]:
    out = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return [word for line in out.splitlines() for word in line.split() if word.startswith("/")]


@pytest.mark.needs("strace")
def test_a_tracer_sees_the_command(guard: Guard) -> None:
    done = guard.run("strace", "-f", "-e", "trace=exit_group", "-o", "log", "exits", "33")
    assert done.status == 33
    with open(os.path.join(guard.work, "log"), encoding="utf-8") as stream:
        assert "exit_group(33)" in stream.read()
    assert guard.placed("in_place")["confinement: traced" if guard.spawns else "execution: in_place"]


def test_a_limit_on_processes_is_kept(faithful: Guard) -> None:
    # Not the daemon's own, and yet none that the user's other processes could use up.
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    limit = str(PIDS_MAX if hard == resource.RLIM_INFINITY else hard - 1)
    done = faithful.same("bash", "-c", f"ulimit -u {limit}; grep processes /proc/self/limits")
    assert done.out.count(limit.encode()) == 2


def counted(guard: Guard, done: Callable[[], object]) -> tuple[int, dict[str, int]]:
    """What a deed adds to the commands that the daemon ran, and to those in place by reason."""
    ran, there = sum(guard.placed("daemon").values()), guard.placed("in_place")
    done()
    new = {reason: count - there.get(reason, 0) for reason, count in guard.placed("in_place").items()}
    return sum(guard.placed("daemon").values()) - ran, {reason: count for reason, count in new.items() if count}


@pytest.mark.parametrize("world", ["auto", "daemon", "bash"])
def test_s11_a_limit_that_was_set_a_moment_ago_is_kept(guards: MakeGuard, world: str) -> None:
    guard = guards(world)
    with made_cgroup() as cgroup:

        def run() -> None:
            done = guard.run("cat", "/proc/self/cgroup", preexec_fn=lambda: enter(cgroup))
            assert done.status == 0, done
            # Natively it would be in its cgroup: it may be in the daemon's only where that limits nothing.
            assert cgroup.name.encode() in done.out or not limited

        limited = False
        assert counted(guard, run) == (1, {})
        (cgroup / "pids.max").write_text("640")
        limited = True
        assert counted(guard, run) == (0, {"confinement: cgroup limit pids.max": 1})
        assert counted(guard, run) == (0, {"confinement: cgroup limit pids.max": 1})


@pytest.mark.needs("root")
def test_s11_a_daemon_that_was_moved_runs_nobody_elses_commands() -> None:
    """It was in the caller's cgroup when it was started, and isn't any more."""
    with made_cgroup() as cgroup, guarded() as guard:
        (cgroup / "pids.max").write_text("640")

        def run() -> None:
            for _ in range(4):  # the front, too, by the third
                done = guard.run("cat", "/proc/self/cgroup", preexec_fn=lambda: enter(cgroup))
                assert cgroup.name.encode() in done.out

        enter(cgroup, guard.daemon.pid)
        assert counted(guard, run) == (4, {})
        enter(cgroup.parent, guard.daemon.pid)
        assert counted(guard, run) == (0, {"confinement: cgroup limit pids.max": 4})
        assert counted(guard, lambda: guard.run("exits", "0")) == (1, {})


@pytest.mark.needs("root", "chroot")
@pytest.mark.parametrize("world", ["auto", "daemon"])
def test_s11_a_read_only_bind_mount_of_the_root_stays_read_only(guards: MakeGuard, world: str) -> None:
    guard = guards(world)
    with bind_mount("/", Path(guard.root, "ro")) as root:
        script = f'cd "{guard.work}" && cp /etc/hostname stolen; echo $?'

        def run() -> None:
            done = guard.run("/usr/sbin/chroot", root, "/bin/sh", "-c", script)
            assert done.out == b"1\n", done
            assert b"Read-only file system" in done.err

        assert counted(guard, run) == (0, {"confinement: another root directory": 1})
        assert not os.path.exists(f"{guard.work}/stolen")


@pytest.mark.needs("root")
def test_s14_a_limit_of_the_daemons_own_is_nobody_elses() -> None:
    with made_cgroup() as cgroup, guarded() as guard:
        enter(cgroup, guard.daemon.pid)
        (cgroup / "pids.max").write_text("12")
        guard.install(
            "nested", '#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8 9 10 11 12; do /bin/sleep 99 & p="$p $!"; done; kill $p'
        )
        assert guard.run("nested") == (0, b"", b"")
        assert counted(guard, lambda: guard.run("exits", "3")) == (0, {"the daemon's cgroup limit pids.max": 1})
