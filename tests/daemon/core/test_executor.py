"""Running commands as children: what they inherit, how they end, how they are ended."""

from __future__ import annotations

import os
import resource
import select
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from safeshell.daemon.core import executor as module
from safeshell.daemon.core.executor import Child, Executor, Program
from safeshell.daemon.core.loop import Loop

LIBC_OWN = 0b11 << 31
"""Signals 32 and 33, which glibc's posix_spawn ignores in every child; no program can tell but by /proc."""


class Bench:
    """An executor in this process, with its loop."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.executor = Executor(self.loop)
        self.ends: list[tuple[int, bool]] = []
        self.stops: list[int] = []
        self.spawned: list[int] = []
        self.loop.watch_signals((signal.SIGCHLD,), self._on_signal)

    def _on_signal(self, _number: int) -> None:
        self.executor.reap()

    def spawn(self, script: str, *, cwd: str = "/", umask: int = 0o022, stdout: int | None = None) -> int:
        null = os.open("/dev/null", os.O_RDWR)
        directory = os.open(cwd, os.O_PATH)
        program = (b"/bin/sh", [b"sh", b"-c", script.encode()], {b"PATH": b"/usr/bin:/bin"})
        try:
            stdio = (null, null if stdout is None else stdout, null)
            self.spawned.append(self.executor.spawn(program, stdio=stdio, directory=directory, umask=umask))
            return self.spawned[-1]
        finally:
            os.close(null)
            os.close(directory)

    def watch(self, pid: int, timeout_ms: int = 0) -> Child:
        def ended(status: int, timed_out: bool) -> None:
            self.ends.append((status, timed_out))
            self.loop.stop()

        def stopped(number: int) -> None:
            self.stops.append(number)
            self.loop.stop()

        return self.executor.watch(pid, ended, stopped, timeout_ms)

    def output(self, script: str, **options: object) -> str:
        """What a script writes; it must end with status 0."""
        reader, writer = os.pipe()
        pid = self.spawn(script, stdout=writer, **options)  # type: ignore[arg-type] # passed on as they come
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as stream:
            text = stream.read()
        self.watch(pid)
        self.executor.reap()
        if not self.ends:
            self.loop.run()
        assert self.ends.pop() == (0, False)
        return text


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    before = signal.getsignal(signal.SIGCHLD)
    directory, limit = os.getcwd(), resource.getrlimit(resource.RLIMIT_NOFILE)
    # Where both are pending a process dies by KILL: whoever expects TERM must not hear of the other.
    monkeypatch.setattr(module, "KILL_AFTER_S", 60.0)
    made = Bench()
    yield made
    assert len(made.executor) == 0
    for pid in made.spawned:
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    made.loop.close()
    os.close(made.executor._root)
    signal.signal(signal.SIGCHLD, before)
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    os.chdir(directory)


def test_a_child_gets_its_directory_umask_and_a_group_of_its_own(bench: Bench, tmp_path: Path) -> None:
    mask = os.umask(0o022)
    os.umask(mask)
    text = bench.output("pwd -P; umask; cut -d' ' -f5 /proc/$$/stat; echo $$", cwd=str(tmp_path), umask=0o027)
    directory, umask, group, pid = text.split()
    assert (directory, umask, group) == (str(tmp_path), "0027", pid)
    assert os.getcwd() == "/"
    assert os.umask(mask) == mask


def test_a_child_gets_the_limit_and_the_signals_of_before(bench: Bench) -> None:
    limit, ignored = bench.output("ulimit -n; sed -n 's/^SigIgn:\\t//p' /proc/$$/status").split()
    assert int(limit) == bench.executor._own_limit[0]
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= int(limit)
    assert int(ignored, 16) & ~LIBC_OWN == 0


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("exit 0", 0),
        ("exit 255", 255 << 8),
        ("kill -TERM $$", signal.SIGTERM),
        ("kill -KILL $$", signal.SIGKILL),
        ("ulimit -c 0; kill -SEGV $$", signal.SIGSEGV),
    ],
)
def test_an_end_is_told_as_wait_packs_it(bench: Bench, script: str, status: int) -> None:
    bench.watch(bench.spawn(script))
    bench.loop.run()
    assert bench.ends == [(status, False)]


def test_what_can_not_be_started_leaves_the_daemon_where_it_was(bench: Bench, tmp_path: Path) -> None:
    null = os.open("/dev/null", os.O_RDWR)
    directory = os.open(tmp_path, os.O_PATH)
    program: Program = (b"/no/such/program", [b"x"], {})
    with pytest.raises(FileNotFoundError):
        bench.executor.spawn(program, stdio=(null,) * 3, directory=directory, umask=0o77)
    with pytest.raises(NotADirectoryError):
        bench.executor.spawn(program, stdio=(null,) * 3, directory=null, umask=0o77)
    os.close(null)
    os.close(directory)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == bench.executor._raised_limit


def test_a_stop_is_told_and_the_end_after_it(bench: Bench) -> None:
    pid = bench.spawn("kill -STOP $$; exit 5")
    child = bench.watch(pid)
    bench.loop.run()
    assert bench.stops == [signal.SIGSTOP]
    bench.executor.signal(child, signal.SIGCONT)
    bench.loop.run()
    assert bench.ends == [(5 << 8, False)]
    bench.executor.signal(child, signal.SIGKILL)  # to nobody: it is reaped


def test_a_timeout_ends_a_child_and_its_group(bench: Bench) -> None:
    reader, writer = os.pipe()
    bench.watch(bench.spawn("sleep 60 & wait", stdout=writer), timeout_ms=100)
    os.close(writer)
    bench.loop.run()
    assert bench.ends == [(signal.SIGTERM, True)]
    # Nobody holds the pipe's other end any more once the whole group has ended.
    assert select.select([reader], [], [], 30)[0] == [reader]
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_what_does_not_heed_term_is_killed_even_when_it_is_stopped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KILL_AFTER_S", 0.05)
    child = bench.watch(bench.spawn("trap '' TERM; kill -STOP $$; while :; do sleep 60; done"))
    bench.loop.run()
    assert bench.stops == [signal.SIGSTOP]
    bench.executor.end(child)
    bench.loop.run()
    assert bench.ends == [(signal.SIGKILL, False)]


def test_all_are_ended_and_reaped_however_few_sigchlds_come(bench: Bench) -> None:
    for _ in range(5):
        bench.watch(bench.spawn("sleep 60"))
    assert len(bench.executor) == 5
    bench.executor.end_all()
    while len(bench.executor):
        bench.loop.run()
    assert bench.ends == [(signal.SIGTERM, False)] * 5
