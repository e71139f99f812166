"""Drivers over steps that the tests make: order, waits, failures; and laps by a clock that the tests turn."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from safeshell.daemon.core.accepted import Accepted
from safeshell.daemon.core.connection import Connection
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.fastpath.binding import End
from safeshell.daemon.observe.timings import Timings
from safeshell.daemon.request import Request
from safeshell.daemon.steps import END, GO_ON, WAIT
from safeshell.daemon.steps.driver import Driver, TimedDriver
from safeshell.policy.decision import Action, Decision

NAMES = ("receive", "locate", "decide", "place", "spawn", "finish", "record")
TICK = 10
"""Each reading of the clock takes so long, ns."""


class Bench:
    """A request, steps that take as many ns as their place and say what a test wants, and what became of it."""

    def __init__(self) -> None:
        self.now = 1000
        self.loop = Loop()
        self.client, sock = socket.socketpair()
        self.connection = Connection(sock, self.loop, 1 << 16, lambda _connection: None)
        self.request = Request(self.connection)
        self.taken: list[str] = []
        self.says: dict[str, str | Exception] = {"record": END}
        self.failures: list[tuple[str, bool]] = []
        self.timings = Timings()
        self.steps = {name: self.step(name, 100 * (place + 1)) for place, name in enumerate(NAMES)}
        self.driver = Driver(self.steps, self.guard)
        self.timed = TimedDriver(self.steps, self.guard, self.timings, self.read)

    def read(self) -> int:
        self.now += TICK
        return self.now

    def step(self, name: str, takes: int) -> Callable[[Request], str]:
        def run(request: Request) -> str:
            self.now += takes
            self.taken.append(name)
            if name == "decide":
                request.decision = Decision(Action.ALLOW, "")
                request.decisions = (request.decision,)
            said = self.says.get(name, GO_ON)
            if isinstance(said, Exception):
                raise said
            return said

        return run

    def guard(self, _request: Request, error: Exception, answered: bool) -> None:
        self.failures.append((str(error), answered))

    def counted(self) -> dict[str, list[int]]:
        """The durations of each stage, as the buckets have them."""
        found = {}
        for name, histogram in self.timings.histograms().items():
            durations = [least for least, _, count in histogram.buckets() for _ in range(count)]
            if durations:
                found[name] = durations
        return found


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.connection.close()
    made.client.close()
    made.loop.close()


def near(expected: int) -> object:
    return pytest.approx(expected, rel=1 / 64)


@pytest.mark.parametrize("timed", [False, True])
def test_steps_are_taken_in_order_unless_one_names_another(bench: Bench, timed: bool) -> None:
    bench.says["decide"] = "finish"
    (bench.timed if timed else bench.driver).begin(bench.request, None)
    assert bench.taken == ["receive", "locate", "decide", "finish", "record"]


@pytest.mark.parametrize("timed", [False, True])
def test_who_waits_is_asked_again_at_its_step_or_where_it_is_resumed(bench: Bench, timed: bool) -> None:
    driver = bench.timed if timed else bench.driver
    bench.says["locate"] = WAIT
    driver.begin(bench.request, None)
    driver.run(bench.request)
    assert bench.taken == ["receive", "locate", "locate"]
    bench.says["locate"] = GO_ON
    driver.resume(bench.request, "receive")
    assert bench.taken[3:] == list(NAMES)


@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize(
    ("step", "answered"), [("receive", False), ("spawn", False), ("finish", False), ("record", True)]
)
def test_a_failure_is_the_requests_until_it_is_answered(bench: Bench, timed: bool, step: str, answered: bool) -> None:
    bench.says[step] = RuntimeError(step)
    (bench.timed if timed else bench.driver).begin(bench.request, None)
    assert bench.failures == [(step, answered)]
    assert bench.taken[-1] == step


def test_no_clock_is_read_where_nothing_is_timed(bench: Bench) -> None:
    bench.driver.begin(bench.request, None)
    bench.driver.notice()
    bench.driver.end(bench.request, None)
    assert bench.driver.now() == 0
    assert bench.counted() == {}


def test_each_step_lasts_from_the_end_of_the_one_before(bench: Bench) -> None:
    bench.request.placement = "in_place"
    began = bench.timed.now()
    bench.now += 50
    bench.timed.begin(bench.request, None, began)
    whole = 60 + 110 + 210 + 310 + 410 + 510 + 610
    assert bench.counted() == {
        "accept": [near(60)],
        **{name: [near(100 * (place + 1) + TICK)] for place, name in enumerate(NAMES)},
        **{name: [near(whole)] for name in ("whole", "whole.allow", "whole.in_place")},  # the record is nobody's wait
    }


def test_a_wait_is_nobodys_time(bench: Bench) -> None:
    bench.says["place"] = WAIT
    bench.timed.begin(bench.request, None, bench.timed.now())
    bench.now += 10_000_000
    bench.says["place"] = GO_ON
    bench.timed.run(bench.request)
    found = bench.counted()
    assert found["place"] == [near(410)]
    assert found["whole"] == [near(10 + 110 + 210 + 310 + 420 + 410 + 510 + 610)]


def test_what_is_no_command_is_not_counted(bench: Bench) -> None:
    bench.says["receive"] = END
    bench.timed.begin(bench.request, None, bench.timed.now())
    assert bench.counted() == {}


def run_command(bench: Bench) -> int:
    """A command that was started here; returns what it has cost until then."""
    bench.says["spawn"] = END
    bench.request.placement = "daemon"
    began = bench.timed.now()
    bench.timed.begin(bench.request, None, began)
    bench.request.spawned_ns = bench.now
    return bench.now - began


def test_a_commands_own_time_is_not_in_the_whole(bench: Bench) -> None:
    spent = run_command(bench)
    bench.now += 10_000_000
    bench.timed.notice()
    bench.now += 700
    bench.timed.end(bench.request, None)
    found = bench.counted()
    assert found["child"] == [near(10_000_000 + TICK)]
    assert (found["reap"], found["finish"]) == ([near(710)], [near(610)])
    assert found["whole.daemon"] == [near(spent + 710 + 610)]


def test_an_end_that_the_fast_path_told_of_is_by_its_clock(bench: Bench) -> None:
    spent, spawned = run_command(bench), bench.request.spawned_ns
    bench.now += 1_000_000
    bench.timed.end(bench.request, End(1, 0, spawned + 5000, spawned + 6000, spawned + 8000))
    found = bench.counted()
    assert (found["child"], found["reap"], found["finish"]) == ([near(5000)], [near(1000)], [near(2000)])
    assert found["whole.daemon"] == [near(spent + 3000)]
    assert "record" in found


def test_timing_that_began_meanwhile_counts_no_child(bench: Bench) -> None:
    bench.says["spawn"] = END
    bench.driver.begin(bench.request, None)
    bench.request.spawned_ns = bench.now + 1
    bench.timed.end(bench.request, None)
    assert "child" not in bench.counted()


def test_what_the_fast_path_has_done_is_counted_by_its_clock(bench: Bench) -> None:
    accepted = Accepted(-1, 0, 0, -1, [], False, 0, False, 0, 1, b"", 1000, 1100, 1300, 1600, 2000, 2500)
    bench.timed.adopt(bench.request, accepted)
    assert bench.counted() == {
        "accept": [near(100)],
        "receive": [near(200)],
        "recall": [near(300)],
        "place": [near(400)],
        "spawn": [near(500)],
    }
    assert (bench.request.began, bench.request.spent) == (1000, 1500)
