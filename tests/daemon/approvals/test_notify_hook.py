"""The program that is told of what waits: what it is given, and what becomes of one that fails or hangs."""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from safeshell.daemon.approvals import notify_hook as module
from safeshell.daemon.approvals.notify_hook import Notifier
from safeshell.daemon.core.executor import Executor
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.paths import Home
from safeshell.home.settings import Settings

TOLD = {"id": 3, "argv": ["touch", "s\udcff"]}


class Bench:
    """A notifier that starts its programs from this process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.loop = Loop()
        self.executor = Executor(self.loop)
        self.policies = Policies(Home(str(directory)), self.loop)
        self.notifier = Notifier(self.policies, self.executor)
        self.loop.watch_signals((signal.SIGCHLD,), self._on_signal)

    def _on_signal(self, _number: int) -> None:
        self.executor.reap()
        if not len(self.executor):
            self.loop.stop()

    def tell(self, *words: str, environment: bytes = b"\0") -> None:
        """Tells this program, and waits for its end."""
        self.policies.settings = Settings(notify=words)
        self.notifier.tell(TOLD, environment)
        if len(self.executor):
            self.loop.run()

    def script(self, text: str) -> str:
        path = self.directory / "told"
        path.write_text(f"#!/bin/sh\ncd {self.directory}\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    before = signal.getsignal(signal.SIGCHLD)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_before = len(os.listdir("/proc/self/fd"))
    made = Bench(tmp_path)
    own = len(os.listdir("/proc/self/fd"))
    yield made
    assert len(os.listdir("/proc/self/fd")) == own
    made.loop.close()
    os.close(made.executor._root)
    signal.signal(signal.SIGCHLD, before)
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_where_none_is_set_nothing_is_started(bench: Bench) -> None:
    assert not bench.notifier.is_set
    bench.tell()
    assert len(bench.executor) == 0
    assert bench.notifier.describe() == {"command": [], "failures": 0, "error": None}


def test_it_reads_what_waits_as_json_and_gets_its_own_arguments(bench: Bench) -> None:
    bench.tell(bench.script('cat >content; echo "$@" >words'), "--to", "é")
    assert bench.notifier.is_set
    assert json.loads((bench.directory / "content").read_text()) == TOLD
    assert (bench.directory / "words").read_text() == "--to é\n"
    assert bench.notifier.failures == 0


def test_of_the_callers_environment_it_gets_what_finds_the_screen(bench: Bench) -> None:
    block = b"\0DISPLAY=:1\0PATH=/evil\0LD_PRELOAD=x.so\0DISPLAY=:2\0XDG_RUNTIME_DIR=/run/user/7\0broken\0"
    bench.tell(bench.script("env >environment"), environment=block)
    found = dict(line.split("=", 1) for line in (bench.directory / "environment").read_text().splitlines())
    assert (
        found.items()
        >= {
            "PATH": os.fsdecode(module.PATH),
            "HOME": os.path.expanduser("~"),
            "DISPLAY": ":1",
            "XDG_RUNTIME_DIR": "/run/user/7",
        }.items()
    )
    assert set(found) - {"PWD", "_", "OLDPWD", "SHLVL"} == {"PATH", "HOME", "DISPLAY", "XDG_RUNTIME_DIR"}


def test_it_is_found_along_a_path_of_its_own(bench: Bench) -> None:
    bench.tell("true", environment=b"\0PATH=/nowhere\0")
    assert bench.notifier.failures == 0
    bench.tell("false")
    assert bench.notifier.describe() == {"command": ["false"], "failures": 1, "error": "ended with 1"}


def test_it_writes_into_nothing_and_has_the_limits_that_the_daemon_was_started_with(bench: Bench) -> None:
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    own = bench.executor.own_limit[0]
    bench.tell(bench.script('found=$(readlink /proc/$$/fd/[12]); echo "$found" >streams; ulimit -n >limit'))
    assert (bench.directory / "streams").read_text() == "/dev/null\n" * 2
    assert (bench.directory / "limit").read_text() == f"{own}\n"
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == soft


def test_what_is_not_there_is_counted(bench: Bench) -> None:
    bench.tell("/nonexistent/notify")
    bench.tell("no-such-notify")
    assert bench.notifier.failures == 2
    assert bench.notifier.error == "no-such-notify: No such file or directory"


def test_a_death_by_a_signal_is_counted(bench: Bench) -> None:
    bench.tell(bench.script("kill -KILL $$"))
    assert bench.notifier.error == "ended with -9"


def test_one_that_hangs_is_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_MS", 50)
    bench.tell("sleep", "60")
    assert bench.notifier.failures == 1
    assert bench.notifier.error.startswith("took more than")
