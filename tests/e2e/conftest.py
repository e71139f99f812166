"""Guarded worlds, one for each placement, shared by all tests of a run: a test must leave them as it found them."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from e2e.guard import Guard, guarded

CONFIGS = {"auto": None, "daemon": "execution: daemon\n", "in_place": "execution: in_place\n"}

MakeGuard = Callable[[str], Guard]


@pytest.fixture(scope="session", autouse=True)
def heard_signals() -> Iterator[None]:
    """Whoever runs the tests may ignore signals (nohup, a background job); callers here only where a test says so."""
    ignored = [number for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT) if _is_ignored(number)]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


def _is_ignored(number: int) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN


@pytest.fixture(scope="session")
def guards() -> Iterator[MakeGuard]:
    """Gives the world of a placement, made when it is first asked for."""
    made: dict[str, Guard] = {}
    with ExitStack() as stack:

        def get(placement: str) -> Guard:
            if placement not in made:
                made[placement] = stack.enter_context(guarded(CONFIGS[placement]))
            return made[placement]

        yield get


def _lend(guard: Guard) -> Iterator[Guard]:
    yield guard
    guard.settle()
    shutil.rmtree(guard.work)
    guard.fresh_work()


@pytest.fixture(params=CONFIGS)
def guard(guards: MakeGuard, request: pytest.FixtureRequest) -> Iterator[Guard]:
    """Each placement."""
    yield from _lend(guards(request.param))


@pytest.fixture(params=["auto", "in_place"])
def faithful(guards: MakeGuard, request: pytest.FixtureRequest) -> Iterator[Guard]:
    """The placements that keep what a daemon's child can't have: terminal, descriptors, limits."""
    yield from _lend(guards(request.param))


@pytest.fixture
def auto(guards: MakeGuard) -> Iterator[Guard]:
    """The default settings."""
    yield from _lend(guards("auto"))


@pytest.fixture
def spawning(guards: MakeGuard) -> Iterator[Guard]:
    """All is run by the daemon, but for the confined."""
    yield from _lend(guards("daemon"))


def _need(*programs: str) -> None:
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.fixture(autouse=True)
def needed_programs(request: pytest.FixtureRequest) -> None:
    """Skips a test marked `needs(program, …)` where one isn't installed."""
    for mark in request.node.iter_markers("needs"):
        _need(*mark.args)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(program, …): programs that the test runs")
