"""How commands end, and fail to begin: as they would natively."""

from __future__ import annotations

import os
import shutil
import signal

import pytest
from e2e.fallback import UNDYING
from e2e.guard import BRIEF, Guard
from needs import need

STATUSES = (0, 1, 2, 3, 42, 77, 124, 125, 126, 127, 128, 130, 137, 143, 200, 254, 255)
SPARED = {signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
IGNORED = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH}
DEADLY = sorted(signal.valid_signals() - SPARED - IGNORED)


def test_exit_statuses(guard: Guard) -> None:
    before = guard.requests()
    done = guard.same("sh", "-c", 'for n; do exits "$n"; echo "$?"; done', "sh", *map(str, STATUSES))
    assert done.out.split() == [b"%d" % status for status in STATUSES]
    assert guard.requests() - before == len(STATUSES)


def test_death_by_each_signal(guard: Guard) -> None:
    ended = {number: guard.run("dies", str(int(number))) for number in DEADLY}
    expected = {number: -number for number in DEADLY}
    if guard.fallback and guard.spawns:
        expected |= {signal.Signals[name]: 128 + signal.Signals[name] for name in UNDYING}
    assert {number: done.status for number, done in ended.items()} == expected
    assert not any(done.out or done.err for done in ended.values())


def test_shells_see_death_by_signal(guard: Guard) -> None:
    done = guard.same("bash", "-c", "for n in 11 9 15; do { dies $n; } 2>/dev/null; echo $?; done")
    assert done.out == b"139\n137\n143\n"


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_program_that_is_gone(guard: Guard, shell: str) -> None:
    path = guard.install("gone", "#!/bin/sh\n")
    shim = guard.shim("gone")
    os.link(guard.shim("cat"), shim)
    os.unlink(path)
    try:
        done = guard.run(shell, "-c", "gone; echo $?")
    finally:
        os.unlink(shim)
    assert done == (0, b"127\n", b"safeshell: gone: command not found\n")


def test_program_that_cannot_be_executed(guard: Guard) -> None:
    path = guard.install("plain", "#!/bin/sh\n", 0o644)
    try:
        natively = guard.run("bash", "-c", "plain; echo $?", native=True)
        done = guard.run("bash", "-c", "plain; echo $?")
    finally:
        os.unlink(path)
        guard.restore()
    assert natively.out == done.out == b"126\n"
    assert done.err == b"safeshell: plain: permission denied\n"


def test_directory_in_the_programs_place(guard: Guard) -> None:
    path = os.path.join(guard.bin, "called")
    os.unlink(path)
    os.mkdir(path)
    try:
        natively = guard.run("bash", "-c", "called; echo $?", native=True)
        done = guard.run("bash", "-c", "called; echo $?")
    finally:
        os.rmdir(path)
        guard.restore()
    assert natively.out == b"127\n"
    assert done == (0, b"127\n", b"safeshell: called: command not found\n")


def test_interpreter_that_is_missing(guard: Guard) -> None:
    guard.install("called", "#!/nonexistent/interpreter\n")
    try:
        natively = guard.run("sh", "-c", "called; echo $?", native=True)
        done = guard.run("sh", "-c", "called; echo $?")
    finally:
        guard.restore()
    assert natively.out == done.out == b"127\n"
    assert b"called': No such file or directory\n" in done.err


def test_timeout_of_a_rule(guard: Guard) -> None:
    assert guard.run("sleep", BRIEF) == (124, b"", b"")
    assert guard.run("sh", "-c", f"sleep {BRIEF}; echo $?").out == b"124\n"


def test_timeout_leaves_the_quick_alone(guard: Guard) -> None:
    assert guard.same("exits", "3", BRIEF).status == 3
    assert guard.same("dies", "15", BRIEF).status == -15
    assert guard.same("sh", "-c", f"plain {BRIEF} a '' b").status == 9


def test_setuid_program(guard: Guard) -> None:
    need("root")
    if os.statvfs(guard.root).f_flag & os.ST_NOSUID:
        pytest.skip("needs a file system that knows setuid")
    path = os.path.join(guard.bin, "id")
    shutil.copy("/usr/bin/id", path)
    os.chown(path, 65534, 65534)
    os.chmod(path, 0o6755)
    os.chmod(guard.root, 0o755)
    try:
        done = guard.same("id", "-u")
    finally:
        os.unlink(path)
    assert done.out == b"65534\n"


def test_scripts(guard: Guard) -> None:
    assert guard.same("sh", "-c", "plain a '' 'b c'").out == b"no shebang, 3: a  b c\n"
    assert guard.same("bash", "-c", "called").out == f"{guard.bin}/called\n".encode()


def test_scripts_through_a_relative_path(guard: Guard) -> None:
    os.mkdir(os.path.join(guard.work, "tools"))
    shutil.copy(os.path.join(guard.bin, "called"), os.path.join(guard.work, "tools"))
    path = {"native": "tools:/usr/bin:/bin", "guarded": f"{guard.home.shims}:tools:/usr/bin:/bin"}
    for shell in ("dash", "bash"):
        native = guard.run(shell, "-c", "called", env={"PATH": path["native"]})
        assert native.out == b"tools/called\n"
        assert guard.run(shell, "-c", "called", env={"PATH": path["guarded"]}) == native
