"""Guarded worlds, one for each placement, shared by all tests of a run: a test must leave them as it found them."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from e2e.fallback import BASH_CONFIGS, worlds
from e2e.guard import Guard, guarded
from e2e.real import tooled_guard

CONFIGS = {"auto": None, "daemon": "execution: daemon\n", "in_place": "execution: in_place\n"}
FAITHFUL = ("auto", "in_place")
"""The placements that keep what a daemon's child can't have: terminal, descriptors, limits."""

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
                made[placement] = stack.enter_context(guarded({**CONFIGS, **BASH_CONFIGS}[placement]))
            return made[placement]

        yield get


def _lend(guard: Guard) -> Iterator[Guard]:
    yield guard
    guard.settle()
    shutil.rmtree(guard.work)
    guard.fresh_work()


@pytest.fixture
def guard(guards: MakeGuard, request: pytest.FixtureRequest) -> Iterator[Guard]:
    """Each placement, and for the tests that `e2e.fallback` names over the fallback client."""
    yield from _lend(guards(request.param))


@pytest.fixture
def faithful(guards: MakeGuard, request: pytest.FixtureRequest) -> Iterator[Guard]:
    """Those of FAITHFUL, and over the fallback client likewise."""
    yield from _lend(guards(request.param))


@pytest.fixture
def auto(guards: MakeGuard) -> Iterator[Guard]:
    """The default settings."""
    yield from _lend(guards("auto"))


@pytest.fixture
def spawning(guards: MakeGuard) -> Iterator[Guard]:
    """All is run by the daemon, but for the confined."""
    yield from _lend(guards("daemon"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Sends `guard` and `faithful` through their worlds, those of the fallback client too where it is asked for."""
    for name, placements in (("guard", CONFIGS), ("faithful", FAITHFUL)):
        if name in metafunc.fixturenames:
            more = worlds(metafunc.module.__name__.rpartition(".")[2], metafunc.function.__name__)
            metafunc.parametrize(name, [*placements, *more], indirect=True)


@pytest.fixture(scope="session")
def tooled() -> Iterator[MakeGuard]:
    """Gives the world of a placement in which all the tools that builds and scripts use are shimmed, too."""
    made: dict[str, Guard] = {}
    with ExitStack() as stack:

        def get(placement: str) -> Guard:
            if placement not in made:
                made[placement] = stack.enter_context(tooled_guard(placement))
            return made[placement]

        yield get


@pytest.fixture(params=CONFIGS)
def workshop(tooled: MakeGuard, request: pytest.FixtureRequest) -> Iterator[Guard]:
    """That world in each placement."""
    yield from _lend(tooled(request.param))


@pytest.fixture
def busy(tooled: MakeGuard) -> Iterator[Guard]:
    """That world with the default placement, for what takes seconds."""
    yield from _lend(tooled("auto"))
