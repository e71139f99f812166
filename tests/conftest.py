"""Homes, daemons and shims for tests; what they are made with is in `harness`.

A test that wants other rules or settings than the default names them:

    @pytest.mark.rules(RULES)
    @pytest.mark.config(CONFIG)
    def test_…(daemon: Daemon) -> None:

One that is marked `shared` has them together with the others of its module that are, and leaves them as it found them:
a daemon takes a tenth of a second to start.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Tests are collected by path; what they share stands here.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import again
import compilers
import needs
from harness import RULES, Cli, Daemon, Ran, make_home, running_daemon, sync_shims, temporary_directory
from needs import pytest_runtest_setup
from patience import give_lines_time

from safeshell.cli.main import main
from safeshell.home.paths import Home
from safeshell.policy.context import KNOWN_MARKERS

__all__ = ["pytest_runtest_setup"]  # a hook

MakeHome = Callable[..., Home]


def _forget_ignored_signals() -> None:
    """What the tests' runner ignores (in a shell's background, under nohup), all that they run would ignore too."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


_forget_ignored_signals()
give_lines_time()
# Rules that others may write are refused, whatever the umask of whoever runs the tests leaves behind.
os.umask(0o022)

# How long an example takes is the machine's affair: what is too slow is said by the tests in perf.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    again.add_option(parser)
    needs.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rules(text): the rules of the `home` fixture")
    config.addinivalue_line("markers", "config(text): the settings of the `home` fixture")
    config.addinivalue_line("markers", "needs(program, …): what a machine may not have; `needs.py`")
    config.addinivalue_line("markers", "shared: home, shims and daemon are the module's, for tests that change nothing")

    if not hasattr(config, "workerinput"):
        if config.getoption("--again"):
            config.pluginmanager.register(again.Again(config))
        config.pluginmanager.register(needs.Skips(config.getoption("--skips"), config.getoption("--write-skips")))
        compiled = os.path.join(os.path.dirname(os.path.abspath(__file__)), "e2e", "__pycache__")
        if config.getoption("numprocesses", None) and not os.path.isdir(compiled):
            config.pluginmanager.register(FirstAlone())


def pytest_sessionstart(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput") or not session.config.getoption("numprocesses", None):
        compilers.start()


class FirstAlone:
    """Has the first worker collect before the others do, in a clone where no test was compiled yet.

    pytest rewrites each assertion as it compiles, which takes more than all else before the first test; together they
    would all do the same.
    """

    def __init__(self) -> None:
        self._held = tempfile.NamedTemporaryFile()  # noqa: SIM115 # closed by whoever is first to have collected
        fcntl.flock(self._held, fcntl.LOCK_EX)

    def pytest_configure_node(self, node: Any) -> None:
        """Tells a worker what to wait for."""
        if node.gateway.id != "gw0":
            node.workerinput["first_collects"] = self._held.name

    def pytest_xdist_node_collection_finished(self) -> None:
        """One has collected."""
        self._held.close()

    def pytest_testnodedown(self) -> None:
        """One has ended, which may be the first."""
        self._held.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """A worker waits here for the first one where it was told to."""
    held = getattr(session.config, "workerinput", {}).get("first_collects")
    if held is not None:
        with contextlib.suppress(FileNotFoundError), open(held, "rb") as stream:  # no longer there: it has collected
            fcntl.flock(stream, fcntl.LOCK_SH)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits the longest comes first: a worker that ends early finds short tests to take over."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)


def pytest_collection_finish() -> None:
    """Tests fork this process thousands of times: no collector goes through all that was imported and collected here.

    It would touch, and so copy, every page of it, in each child and after each fork.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def memory_is_given_back() -> Iterator[None]:
    """Some patterns take 100 MB, which the allocator keeps: every later fork would copy the page tables of it."""
    yield
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)


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


class Shared:
    """What the tests of a module that are marked `shared` have together, made when one first wants it."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._homes: dict[tuple[str, str | None], Home] = {}
        self._daemons: dict[str, Daemon] = {}
        self._synced: set[str] = set()

    def home(self, rules: str, config: str | None) -> Home:
        """A home for each pair of rules and settings."""
        if (rules, config) not in self._homes:
            root = os.path.join(self._stack.enter_context(temporary_directory()), "h")
            self._homes[rules, config] = make_home(root, rules, config)
        return self._homes[rules, config]

    def daemon(self, home: Home) -> Daemon:
        """Its daemon."""
        if home.root not in self._daemons:
            self._daemons[home.root] = self._stack.enter_context(running_daemon(home))
        return self._daemons[home.root]

    def shims(self, home: Home) -> Home:
        """It, with its shims."""
        if home.root not in self._synced:
            self._synced.add(home.root)
            sync_shims(home)
        return home


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    """The module's."""
    with ExitStack() as stack:
        yield Shared(stack)


def _is_shared(request: pytest.FixtureRequest) -> bool:
    return request.node.get_closest_marker("shared") is not None


@pytest.fixture
def home(homes: MakeHome, shared: Shared, request: pytest.FixtureRequest) -> Home:
    """A home with its rules compiled."""
    rules = request.node.get_closest_marker("rules")
    config = request.node.get_closest_marker("config")
    make = shared.home if _is_shared(request) else homes
    return make(rules.args[0] if rules else RULES, config.args[0] if config else None)


@pytest.fixture
def daemon(home: Home, shared: Shared, request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """That home's daemon, running."""
    if _is_shared(request):
        yield shared.daemon(home)
        return
    with running_daemon(home) as running:
        yield running


@pytest.fixture
def shims(home: Home, shared: Shared, request: pytest.FixtureRequest) -> Home:
    """That home with its shims made; `harness.run(home, …)` runs commands behind them."""
    if _is_shared(request):
        return shared.shims(home)
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
