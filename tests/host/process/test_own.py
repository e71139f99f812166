"""The state of a daemon that is confined itself, or isn't root: who counts as alike then."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fidelity.callers import CALLERS, why_not
from host.process.callers import FILTER, needs_root, reset_signals
from needs import need

import safeshell
from safeshell.host.process.confinement import inspect
from safeshell.host.process.own import Own


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


@needs_root
def test_many_groups_are_read_whole() -> None:
    # 2000 groups make a status of some 18 KB, more than one read takes.
    script = """
import os, subprocess, sys
from safeshell.host.process.confinement import inspect
from safeshell.host.process.own import Own
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
from safeshell.host.process.confinement import inspect
from safeshell.host.process.own import Own
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
from safeshell.host.process.own import Own
from safeshell.errors import SafeShellError
try:
    Own.read()
except SafeShellError as error:
    print(error)
"""
    answer = run_script([need("unshare"), "--pid", "--fork", sys.executable, "-c", script])
    assert answer == "/proc belongs to another pid namespace\n"


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
from safeshell.host.process.confinement import inspect
from safeshell.host.process.own import Own
print(inspect(os.getpid(), Own.read()).differs)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == reason


@pytest.mark.parametrize(
    ("caller", "reason"),
    [
        ("memory-policy", "the daemon's memory policy"),
        ("write-execute", "the daemon's memory may not be written and executed"),
    ],
)
def test_s14_what_no_caller_has_of_a_daemon_that_keeps_it_to_itself(own: Own, caller: str, reason: str) -> None:
    if missing := why_not(CALLERS[caller]):
        pytest.skip(missing)

    def judge() -> str:
        reset_signals()
        CALLERS[caller]()
        return inspect(os.getpid(), Own.read()).differs

    assert in_child(judge) == reason
    assert own.unusual == ""
