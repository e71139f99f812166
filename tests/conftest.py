"""Homes, daemons and shims for tests; what they are made with is in `harness`.

A test that wants other rules or settings than the default names them:

    @pytest.mark.rules(RULES)
    @pytest.mark.config(CONFIG)
    def test_…(daemon: Daemon) -> None:
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

# Tests are collected by path; what they share stands here.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import RULES, Cli, Daemon, Ran, make_home, running_daemon, sync_shims, temporary_directory

from safeshell.cli.main import main
from safeshell.context import KNOWN_MARKERS
from safeshell.paths import Home

MakeHome = Callable[..., Home]


def _forget_ignored_signals() -> None:
    """What the tests' runner ignores (in a shell's background, under nohup), all that they run would ignore too."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


_forget_ignored_signals()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rules(text): the rules of the `home` fixture")
    config.addinivalue_line("markers", "config(text): the settings of the `home` fixture")


@pytest.fixture(autouse=True)
def nobodys_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the home of whoever runs it, nor is it taken for an agent where an agent runs it."""
    monkeypatch.setenv("SAFESHELL_HOME", "/nonexistent/safeshell-tests")
    for name in ("SAFESHELL_CONTEXT", *KNOWN_MARKERS):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def homes() -> Iterator[MakeHome]:
    """Makes homes: `homes(rules, config)`; each is gone after the test, and every process of it must be."""
    with ExitStack() as stack:

        def make(rules: str = RULES, config: str | None = None) -> Home:
            return make_home(os.path.join(stack.enter_context(temporary_directory()), "h"), rules, config)

        yield make


@pytest.fixture
def home(homes: MakeHome, request: pytest.FixtureRequest) -> Home:
    """A home with its rules compiled."""
    rules = request.node.get_closest_marker("rules")
    config = request.node.get_closest_marker("config")
    return homes(rules.args[0] if rules else RULES, config.args[0] if config else None)


@pytest.fixture
def daemon(home: Home) -> Iterator[Daemon]:
    """That home's daemon, running."""
    with running_daemon(home) as running:
        yield running


@pytest.fixture
def shims(home: Home) -> Home:
    """That home with its shims made; `harness.run(home, …)` runs commands behind them."""
    sync_shims(home)
    return home


@pytest.fixture
def cli(home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Runs `safeshell` with these words in this process, for the test's home and in its directory.

    As fast as a call, with the exit statuses and streams of the real thing.
    """
    monkeypatch.setenv("SAFESHELL_HOME", home.root)
    monkeypatch.setenv("PATH", "/usr/local/bin:/usr/bin:/bin")
    monkeypatch.chdir(home.root)

    def run(*argv: str) -> Ran:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["safeshell", *argv])
        directory = os.getcwd()
        with pytest.raises(SystemExit) as ended:
            main()
        assert os.getcwd() == directory
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, *capfd.readouterr())

    return run
