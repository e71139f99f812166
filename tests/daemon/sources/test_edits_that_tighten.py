"""An edit that tightens is never lost: whatever becomes of its compilation, its file's mode, or its times."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import PATH, Daemon, run, running_daemon, sync_shims, until, write
from safeshell_compiler.publish import compile_home

from safeshell.client import Result, execute
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.sources import policy_source
from safeshell.daemon.sources.origin import Origin
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.paths import Home
from safeshell.policy.store.records import signature

ALLOW = "version: 1\nrules:\n  - {name: known, commands: [echo, ls], action: allow, message: Seen.}\n"
DENY = "version: 1\nrules:\n  - {name: no-echo, commands: [echo], action: deny, message: Quiet.}\n"
LATE = DENY.replace("[echo]", "[sort]")  # as long as DENY

pytestmark = pytest.mark.rules(ALLOW)


def echo(home: Home, **env: str) -> Result:
    return execute(["echo"], env={"PATH": PATH, **env}, home=home)


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the rules of the repository that commands run in are to be."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".safeshell").mkdir(mode=0o755)
    return str(tmp_path / ".safeshell/rules.yaml")


# (a) A compiler that gives no answer

KILLED = """
import os, signal, sys
from safeshell.daemon.sources import policy_source
from safeshell.daemon.__main__ import main
policy_source.WAIT_S = 20.0
real, left = os.posix_spawn, int(sys.argv.pop())
def spawn(path, argv, *more, **options):
    global left
    if "safeshell_compiler" in argv and left:
        left -= 1
        return real("/bin/sh", ["sh", "-c", "kill -9 $$"], *more, **options)
    return real(path, argv, *more, **options)
os.posix_spawn = spawn
sys.exit(main())
"""


POOR = """
import os, sys
from safeshell_compiler.__main__ import main
real = os.open
def fail(path, *more, **options):
    if path == sys.argv[3]:
        raise OSError(24, "Too many open files")
    return real(path, *more, **options)
os.open = fail
main()
"""
STARVED = KILLED.replace(
    'real("/bin/sh", ["sh", "-c", "kill -9 $$"], ', f"real(path, [path, '-I', '-c', {POOR!r}, *argv[4:]], "
)


def doomed(times: int, how: str) -> Callable[[], list[str]]:
    """A daemon whose compilers are killed so many times, or can't read the rules for want of a descriptor."""
    return lambda: [sys.executable, "-I", "-c", how, str(times)]


class Doomed(Daemon):
    """A running daemon whose compilers fail a few times."""

    def __init__(self, home: Home, times: int, how: str = KILLED) -> None:
        from safeshell.cli.daemon import launch

        self.home, self.ended = home, None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("safeshell.cli.daemon.daemon_command", doomed(times, how))
            launch(home)
        self.pid = self.status()["pid"]


@pytest.mark.parametrize("layer", ["user", "repository"])
def test_s6_a_compiler_that_is_killed_once_is_asked_again_at_once(home: Home, rules: str, layer: str) -> None:
    daemon = Doomed(home, 1)
    try:
        write(home.rules if layer == "user" else rules, DENY)
        done = echo(home)
        assert (done.returncode, "Quiet." in done.message) == (126, True)
        assert daemon.status()["reloads"] == 2
    finally:
        assert daemon.stop() == 0


@pytest.mark.parametrize("layer", ["user", "repository"])
def test_s6_rules_that_the_machine_could_not_read_for_a_moment_are_read_again(
    home: Home, rules: str, layer: str
) -> None:
    daemon = Doomed(home, 1, STARVED)
    try:
        write(home.rules if layer == "user" else rules, DENY)
        done = echo(home)
        assert (done.returncode, "Quiet." in done.message) == (126, True)
        assert daemon.status()["reloads"] == 2
    finally:
        assert daemon.stop() == 0


@pytest.mark.parametrize("layer", ["user", "repository"])
def test_s6_a_compiler_that_is_killed_again_and_again_is_said_at_each_command(
    home: Home, rules: str, layer: str
) -> None:
    daemon = Doomed(home, 2)
    path = home.rules if layer == "user" else rules
    try:
        write(path, DENY)
        for _ in range(2):
            done = echo(home)
            assert done.returncode == 0
            (line,) = done.message.splitlines()
            assert line.startswith(f"safeshell: {path}: the compiler ended without an answer")
            assert "it is tried again" in line
        assert path in str(daemon.status())
        until(lambda: echo(home).returncode == 126, "the edit to be in force")
        assert echo(home).message == f"safeshell: denied by rule no-echo ({path}:3): Quiet.\n"
    finally:
        assert daemon.stop() == 0


def test_s6_a_compiler_that_is_killed_is_asked_again_by_the_next_daemon(home: Home) -> None:
    daemon = Doomed(home, 9)
    write(home.rules, DENY)
    assert echo(home).returncode == 0
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.wait()
    with running_daemon(home):
        assert echo(home).returncode == 126


def test_s6_a_compiler_that_hangs_is_ended_and_asked_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang = tmp_path / "hang"
    write(
        str(hang),
        f"#!/bin/sh\n[ -e {tmp_path}/hung ] || {{ : >{tmp_path}/hung; kill -STOP $$; }}\n"
        f'exec {shlex.quote(sys.executable)} "$@"\n',
        mode=0o755,
    )
    monkeypatch.setattr(sys, "executable", str(hang))
    monkeypatch.setattr(policy_source, "COMPILE_S", 0.1)
    monkeypatch.setattr(policy_source, "WAIT_S", 20.0)
    loop = Loop()
    policies = Policies(home, loop)
    policies.load()
    write(home.rules, DENY)
    for error in (True, False):
        policies.compile(policies.stale(()), lambda _ended: loop.stop())
        monkeypatch.setattr(policy_source, "COMPILE_S", 60.0)
        loop.run()
        os.wait()
        assert bool(policies.error) is error
    assert not policies.stale(())
    loop.close()


def test_s6_the_pauses_between_attempts_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("safeshell.daemon.sources.origin.time.monotonic", lambda: now)
    origin, pauses = Origin("user", "/rules.yaml"), []
    for _ in range(9):
        origin.unanswered("killed")
        began = now
        while not origin.may_compile:
            now += 1
        pauses.append(int(now - began))
        assert not origin.fresh()
    assert pauses == [0, 1, 2, 4, 8, 16, 32, 60, 60]
    origin.answered({"/": None}, "", "")
    assert (origin.may_compile, origin.persists) == (True, False)


def test_s6_a_compiler_that_cannot_be_started_is_tried_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_source, "WAIT_S", 20.0)
    loop = Loop()
    policies = Policies(home, loop)
    policies.load()
    write(home.rules, DENY)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nonexistent")
        policies.compile(policies.stale(()), lambda _ended: loop.stop())
        loop.run()
    assert "can't be started" in policies.error
    assert policies.troubled
    policies.compile(policies.stale(()), lambda _ended: loop.stop())
    loop.run()
    os.wait()
    assert (policies.error, policies.troubled, policies.stale(())) == ("", False, [])
    loop.close()


# (b) Modes and owners


@pytest.mark.parametrize("what", ["file", "directory", "an included file's directory"])
def test_s6_skipped_rules_count_once_nobody_else_can_write_them(daemon: Daemon, rules: str, what: str) -> None:
    write(rules, DENY, 0o644)
    path = {"file": rules, "directory": os.path.dirname(rules)}.get(what)
    if path is None:
        path = os.path.join(os.path.dirname(os.path.dirname(rules)), "team")
        write(f"{path}/more.yaml", DENY, 0o644)
        write(rules, "version: 1\ninclude: [../team/more.yaml]\nrules: []\n", 0o644)
    mode = 0o755 if os.path.isdir(path) else 0o644
    for bits in (0o020, 0o002):
        os.chmod(path, mode | bits)
        done = echo(daemon.home)
        assert (done.returncode, "is writable by others" in done.message) == (0, True)
        os.chmod(path, mode)
        assert echo(daemon.home).returncode == 126


@pytest.mark.needs("root")
def test_s6_rules_that_become_anothers_are_skipped_and_count_when_they_are_ours_again(
    daemon: Daemon, rules: str
) -> None:
    write(rules, DENY, 0o644)
    assert echo(daemon.home).returncode == 126
    os.chown(rules, 12345, -1)
    done = echo(daemon.home, CLAUDECODE="1")
    assert (done.returncode, "belongs to uid 12345" in done.message) == (0, True)
    os.chown(rules, 0, -1)
    assert echo(daemon.home).returncode == 126


def test_s6_a_directory_whose_files_come_and_go_is_not_compiled_again(daemon: Daemon, rules: str) -> None:
    write(rules, DENY, 0o644)
    assert echo(daemon.home).returncode == 126
    before = daemon.status()["reloads"]
    (Path(rules).parent / "other").touch()
    assert echo(daemon.home).returncode == 126
    assert daemon.status()["reloads"] == before


# (c) Size and times put back


def put_back(path: str, text: str) -> None:
    """Writes a file in place, and puts its times back."""
    before = os.stat(path)
    assert before.st_size == len(text)
    with open(path, "r+", encoding="utf-8") as stream:
        stream.write(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("layer", ["user", "included", "repository"])
def test_s6_an_edit_whose_size_and_times_are_put_back_counts(daemon: Daemon, rules: str, layer: str) -> None:
    home = daemon.home
    path = {"user": home.rules, "repository": rules}.get(layer, os.path.join(home.root, "team.yaml"))
    write(path, DENY, 0o644)
    if layer == "included":
        write(home.rules, "version: 1\ninclude: [./team.yaml]\nrules: []\n")
    sync_shims(home)
    put_back(path, LATE)
    cwd = os.path.dirname(os.path.dirname(rules))
    for _ in range(3):  # the front has it from the third time on
        assert run(home, "echo", cwd=cwd).returncode == 0
    put_back(path, DENY)
    assert run(home, "echo", cwd=cwd).returncode == 126


def test_s6_an_edit_while_the_rules_are_read_counts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is done to a source after the first look at it asks for another compilation."""
    team = os.path.join(home.root, "rules.d")
    write(f"{team}/a.yaml", LATE)
    write(home.rules, "version: 1\ninclude: [./rules.d]\nrules: []\n")
    real = os.listdir

    def add(path: str) -> list[str]:
        names = real(path)
        write(f"{team}/b.yaml", DENY)
        return names

    monkeypatch.setattr(os, "listdir", add)
    compiled = compile_home(home)
    monkeypatch.undo()
    assert f"{team}/b.yaml" not in compiled.watch
    assert compiled.watch[team] != signature(team)
