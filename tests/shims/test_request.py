"""What a client sends."""

from __future__ import annotations

import os
import pty
import resource
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from fidelity.callers import CALLERS, OWN_WORD, PRIVILEGED, forbid_kcmp, forgo_counter, why_not
from needs import need
from shims.conftest import Shim, make_shim
from shims.fake_daemon import CLOSED, CONFINED, CTTY, FDS, TTY, UNUSUAL, FakeDaemon, refused

NO = refused(126, b"no\n")
NO_LINE = b"refused 126 no\\n\n"


def no(shim: Shim) -> bytes:
    return NO_LINE if shim.speaks_lines else NO


def test_arguments_are_exact(shim: Shim) -> None:
    argv = [b"called so", b"", b"a b", b"\xff\xfe", b"\n", b"", b"--"]
    with FakeDaemon(shim.home, NO) as daemon:
        assert shim.run(*argv).returncode == 126
        request = daemon.request()
    assert request.argv == argv
    assert request.name == shim.path.encode()


def test_a_script_cannot_know_its_argv0(clients: dict[str, str], home: str) -> None:
    shim = make_shim(home, clients["bash"])
    with FakeDaemon(home, NO_LINE) as daemon:
        assert shim.run(b"other", b"", b"\xff\n", b"").returncode == 126
        request = daemon.request()
    assert request.argv == [b"probe", b"", b"\xff\n", b""]
    assert request.name == shim.path.encode()


@pytest.mark.parametrize("count", [0, 1, 30000])
def test_large_requests_arrive_whole(any_shim: Shim, count: int) -> None:
    argv = [b"probe", *(b"%0100d" % i for i in range(count))]  # 3 MB at most
    roomy = (64 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1])  # arguments may take a quarter of the stack
    with FakeDaemon(any_shim.home, no(any_shim)) as daemon:
        done = any_shim.run(*argv, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, roomy))
        assert done.returncode == 126
        assert daemon.request().argv == argv


def test_environment_is_exact(any_shim: Shim) -> None:
    # env -i cannot give duplicates or entries without =; execve through a helper can.
    entries = [
        f"SAFESHELL_HOME={any_shim.home}".encode(),
        b"PATH=/usr/bin:/bin",
        b"A=1",
        b"A=2",
        b"noequals",
        b"=x",
        b"B=\xff\n",
    ]
    with FakeDaemon(any_shim.home, no(any_shim)) as daemon:
        assert run_raw(any_shim.path, entries) == 126
        assert daemon.request().env == entries


def run_raw(path: str, entries: list[bytes]) -> int:
    """Runs a program with an environment that Python's own functions would not pass."""
    import ctypes

    libc = ctypes.CDLL(None)
    argv = (ctypes.c_char_p * 2)(path.encode(), None)
    envp = (ctypes.c_char_p * (len(entries) + 1))(*entries, None)
    pid = os.fork()
    if not pid:
        libc.execve(path.encode(), argv, envp)
        os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_descriptors_are_the_callers_own(shim: Shim, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with FakeDaemon(shim.home, NO) as daemon:
        shim.run("probe", stdin=reading, cwd=str(tmp_path), start_new_session=True)
        request = daemon.request()
        assert len(request.fds) == 4
        assert os.path.samestat(request.fds[0], os.fstat(reading))
        assert os.path.samestat(request.fds[3], os.stat(str(tmp_path)))
        assert request.flags == 0
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("caller", ["timer-slack", "personality", "input-output", "memory-policy", *OWN_WORD])
def test_s11_what_only_the_caller_can_tell(shim: Shim, caller: str) -> None:
    if caller in PRIVILEGED:
        need("root")
    if reason := why_not(CALLERS[caller]):
        pytest.skip(reason)
    with FakeDaemon(shim.home, NO) as daemon:
        shim.run("probe", start_new_session=True, preexec_fn=CALLERS[caller])
        assert daemon.request().flags == (CONFINED if caller in OWN_WORD else UNUSUAL)


def test_s11_a_caller_without_the_counter_says_so(clients: dict[str, str], home: str) -> None:
    shim = make_shim(home, clients["freestanding"])  # the one program that starts without it
    if reason := why_not(forgo_counter):
        pytest.skip(reason)
    with FakeDaemon(home, NO) as daemon:
        shim.run("probe", start_new_session=True, preexec_fn=forgo_counter)
        assert daemon.request().flags == CONFINED


@pytest.mark.needs("root")
@pytest.mark.parametrize("landlock", [False, True])
def test_s11_where_kcmp_is_forbidden_to_all_a_domain_is_still_told(shim: Shim, landlock: bool) -> None:
    def prepare() -> None:
        forbid_kcmp()
        if landlock:
            CALLERS["landlock"]()

    if reason := why_not(CALLERS["landlock"]):
        pytest.skip(reason)
    with FakeDaemon(shim.home, NO) as daemon:
        shim.run("probe", start_new_session=True, preexec_fn=prepare)
        assert daemon.request().flags == (CONFINED if landlock else 0)


def test_a_deleted_directory_is_passed(shim: Shim, tmp_path: Path) -> None:
    gone = os.path.join(str(tmp_path), "gone")
    os.mkdir(gone)
    with FakeDaemon(shim.home, NO) as daemon:
        code = 'cd "$1" && rmdir "$1" && exec "$2"'
        subprocess.run(["/bin/sh", "-c", code, "sh", gone, shim.path], env=shim.environment({}), check=False)
        assert daemon.request().fds[3].st_nlink == 0


def test_what_the_caller_blocked_and_its_niceness(shim: Shim) -> None:
    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGRTMAX])
        os.nice(3)

    with FakeDaemon(shim.home, NO) as daemon:
        shim.run("probe", preexec_fn=prepare)
        request = daemon.request()
    assert request.mask == 1 << (signal.SIGUSR1 - 1) | 1 << (signal.SIGRTMAX - 1)
    assert request.nice == os.getpriority(os.PRIO_PROCESS, 0) + 3


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (0, 2), (0, 1, 2)])
def test_closed_descriptors_stay_closed(shim: Shim, closed: tuple[int, ...]) -> None:
    def prepare() -> None:
        for fd in closed:
            os.close(fd)

    with FakeDaemon(shim.home, NO) as daemon:
        assert shim.run("probe", preexec_fn=prepare, start_new_session=True).returncode == 126
        request = daemon.request()
        assert request.flags == CLOSED
        assert len(request.fds) == 1
        assert os.path.samestat(request.fds[0], os.stat("."))


@pytest.mark.parametrize("keep", [lambda: os.dup(0), lambda: os.open("/", os.O_PATH)])
def test_further_descriptors_are_told(shim: Shim, keep: Callable[[], int]) -> None:
    with FakeDaemon(shim.home, NO) as daemon:
        kept = keep()
        shim.run("probe", pass_fds=[kept], start_new_session=True)
        os.close(kept)
        assert daemon.request().flags == FDS


def test_a_terminal_is_told(shim: Shim) -> None:
    leader, follower = pty.openpty()
    with FakeDaemon(shim.home, NO) as daemon:
        shim.run("probe", stdin=follower, start_new_session=True)
        assert daemon.request().flags == TTY
    os.close(leader)
    os.close(follower)


def test_a_controlling_terminal_is_told(shim: Shim) -> None:
    import fcntl
    import termios

    leader, follower = pty.openpty()
    with FakeDaemon(shim.home, NO) as daemon:
        shim.run("probe", start_new_session=True, preexec_fn=lambda: fcntl.ioctl(follower, termios.TIOCSCTTY, 0))
        assert daemon.request().flags == CTTY
    os.close(leader)
    os.close(follower)


def test_passed_descriptors_stay_blocking(shim: Shim) -> None:
    reading, writing = os.pipe()
    with FakeDaemon(shim.home, NO):
        shim.run("probe", stdin=reading)
        assert os.get_blocking(reading)
    os.close(reading)
    os.close(writing)


def test_home_of_an_empty_environment_is_the_shims_own(any_shim: Shim) -> None:
    with FakeDaemon(any_shim.home, no(any_shim)) as daemon:
        assert run_raw(any_shim.path, []) == 126
        assert daemon.request().env == []


def test_home_of_the_user(any_shim: Shim, tmp_path: Path) -> None:
    os.symlink(any_shim.home, os.path.join(str(tmp_path), ".safeshell"))
    with FakeDaemon(any_shim.home, no(any_shim)):
        assert run_raw(any_shim.path, [f"HOME={tmp_path}".encode()]) == 126
