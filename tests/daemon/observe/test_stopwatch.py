"""Laps and turns, by a clock that the tests turn; each reading of it takes 10 ns."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from safeshell.daemon.core.connection import Connection
from safeshell.daemon.core.executor import Child
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.observe.stopwatch import Ended, Stopwatch, Untimed
from safeshell.daemon.observe.timings import KEPT_MAX, Timings
from safeshell.errors import ProtocolError
from safeshell.policy.decision import Action, Decision
from safeshell.protocol import Control, Receiver, Type, encode_control

Decided = tuple[tuple[()], tuple[()], Decision]


class Bench:
    """A stopwatch, its clock, and a client."""

    def __init__(self) -> None:
        self.now = 1000
        self.loop = Loop()
        self.client, self.sock = socket.socketpair()
        self.timings = Timings()
        self.stopwatch = Stopwatch(self.timings, self.read)
        self.gone: list[Connection] = []
        self.watched: list[Ended] = []

    def read(self) -> int:
        self.now += 10
        return self.now

    def work(self, ns: int) -> None:
        self.now += ns

    def connect(self) -> Connection:
        self.work(100)
        connect, on_close = self.stopwatch.connecting(Connection), self.stopwatch.closing(self.gone.append)
        return connect(self.sock, self.loop, 1 << 16, on_close, self.stopwatch.receiver(), None)

    def receive(self, connection: Connection) -> None:
        self.client.send(encode_control(Type.STATUS))  # what it asks for is all the same to the stopwatch
        self.work(200)
        assert connection.receive() == [Control(Type.STATUS)]

    def decide(self, action: Action) -> None:
        def decide(*_subject: str) -> Decided:
            self.work(500)
            return (), (), Decision(action, "")

        self.work(400)
        self.stopwatch.deciding(decide)("policy", "command", "directory", "facts")

    def inspect(self, connection: Connection) -> None:
        self.stopwatch.confining(lambda _connection: self.work(300))(connection)

    def watch(self, pid: int, ended: Ended, _stopped: Callable[[int], None], _timeout_ms: int) -> Child:
        self.watched.append(ended)
        return Child(pid, ended, lambda _number: None)

    def handle(self, connection: Connection, action: Action) -> None:
        """All that comes before the answer."""
        self.receive(connection)
        self.decide(action)
        self.inspect(connection)

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
    before = len(os.listdir("/proc/self/fd"))
    made = Bench()
    yield made
    made.client.close()
    made.sock.close()
    made.loop.close()
    assert len(os.listdir("/proc/self/fd")) == before


def near(expected: int) -> object:
    return pytest.approx(expected, rel=1 / 64)


def test_each_stage_lasts_from_the_end_of_the_one_before(bench: Bench) -> None:
    def take() -> bool:
        connection = bench.connect()
        bench.handle(connection, Action.ALLOW)
        bench.work(600)
        connection.execute(b"/bin/true", 0)
        bench.work(5000)  # after the answer nobody waits
        return True

    assert bench.stopwatch.taking(take)()
    assert bench.counted() == {
        "accept": [near(110)],
        "receive": [near(210)],
        "decode": [10],
        "facts": [near(410)],
        "decide": [near(510)],
        "confinement": [near(310)],
        "reply": [near(610)],
        "whole": [near(2170)],
        "whole.allow": [near(2170)],
        "whole.in_place": [near(2170)],
    }


def test_a_commands_own_time_is_not_in_the_whole(bench: Bench) -> None:
    def take() -> bool:
        connection = bench.connect()
        bench.handle(connection, Action.ALLOW)

        def ended(status: int, timed_out: bool) -> None:
            bench.work(800)
            connection.exited(status, timed_out=timed_out)

        bench.stopwatch.watching(bench.watch)(1, ended, lambda _number: None, 0)
        connection.placement = "daemon"
        return True

    def reap() -> None:
        bench.work(700)
        bench.watched[0](0, False)

    bench.stopwatch.taking(take)()
    bench.work(1_000_000)
    bench.stopwatch.reaping(reap)()
    found = bench.counted()
    assert (found["spawn"], found["child"]) == ([10], [near(1_000_010)])
    assert (found["reap"], found["reply"]) == ([near(710)], [near(810)])
    assert found["whole"] == found["whole.daemon"] == [near(1570 + 710 + 810)]


def test_what_waits_is_counted_as_one_without_the_wait(bench: Bench) -> None:
    kept: list[Connection] = []

    def take() -> bool:
        kept.append(bench.connect())
        return True

    def go_on(connection: Connection) -> None:
        bench.handle(connection, Action.DENY)
        connection.refuse(126, "no")

    bench.stopwatch.taking(take)()
    assert bench.counted() == {}
    bench.work(1_000_000)
    bench.stopwatch.going_on(go_on)(kept[0])
    assert bench.counted()["accept"] == [near(110)]
    assert bench.counted()["whole.deny"] == [near(110 + 210 + 10 + 310 + 410 + 510 + 10)]


def test_who_waits_for_people_is_counted_when_it_asks_and_when_it_is_answered(bench: Bench) -> None:
    kept: list[Connection] = []

    def take() -> bool:
        kept.append(bench.connect())
        bench.handle(kept[0], Action.REQUIRE_APPROVAL)
        return True

    def approved(connection: Connection) -> None:
        bench.decide(Action.REQUIRE_APPROVAL)
        connection.execute(b"/bin/true", 0)

    bench.stopwatch.taking(take)()
    assert len(bench.counted()["decide"]) == 1
    assert "whole" not in bench.counted()
    bench.work(1_000_000)
    bench.stopwatch.going_on(approved)(kept[0])
    found = bench.counted()
    assert found["whole.require_approval"] == found["whole.in_place"] == [near(1560 + 910 + 10)]
    assert len(found["decide"]) == 1


def test_one_that_goes_away_while_it_waits_is_forgotten(bench: Bench) -> None:
    kept: list[Connection] = []

    def take() -> bool:
        kept.append(bench.connect())
        return True

    bench.stopwatch.taking(take)()
    kept[0].close()
    bench.stopwatch.going_on(Connection.close)(kept[0])
    assert bench.gone == kept
    assert bench.counted() == {}


def test_a_redirect_is_counted_as_what_was_asked_for(bench: Bench) -> None:
    def take() -> bool:
        connection = bench.connect()
        bench.handle(connection, Action.REDIRECT)
        bench.decide(Action.ALLOW)
        connection.execute(b"/bin/true", 0)
        return True

    bench.stopwatch.taking(take)()
    found = bench.counted()
    assert (len(found["decide"]), len(found["whole"])) == (1, 1)
    assert found["reply"] == [near(400 + 500 + 10)]
    assert found.keys() >= {"whole.redirect", "whole.in_place"}


def test_a_turn_that_fails_ends(bench: Bench) -> None:
    def take() -> bool:
        bench.connect().close()
        raise ProtocolError("rubbish")

    with pytest.raises(ProtocolError, match="rubbish"):
        bench.stopwatch.taking(take)()
    assert bench.counted() == {}
    bench.stopwatch.taking(lambda: False)()
    assert bench.counted() == {}


def test_turns_are_counted_a_handful_at_a_time(bench: Bench) -> None:
    cells = bench.timings.stages("child")
    for number in range(KEPT_MAX):
        assert len(bench.timings.turns) == number
        bench.timings.add((cells, 0, (7,), "", "", 0))
    assert bench.timings.turns == []
    assert bench.counted() == {"child": [7] * KEPT_MAX}


def test_untimed_stages_are_the_functions_themselves(bench: Bench) -> None:
    untimed = Untimed()

    def decide(*_subject: str) -> Decided:
        return (), (), Decision(Action.ALLOW, "")

    assert untimed.deciding(decide) is decide
    assert untimed.connecting(Connection) is Connection
    assert untimed.receiver() is Receiver
    wrappers: list[Any] = [untimed.taking, untimed.waking, untimed.going_on, untimed.reaping]
    for wrap in [*wrappers, untimed.confining, untimed.closing]:
        assert wrap(bench.inspect) == bench.inspect
    assert untimed.watching(bench.watch) == bench.watch


def test_a_stopwatch_has_a_wrapper_of_its_own_for_each() -> None:
    wrappers = {name for name in vars(Untimed) if not name.startswith("_")}
    assert wrappers <= vars(Stopwatch).keys()
