"""The feed of a real daemon."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from harness import environment, run, running_daemon, until
from monitor.fake import request

from safeshell.home.paths import Home
from safeshell.monitor.events import AnswerResult, Asked, Decided, Event, Hello, Lost, Measured, Settled
from safeshell.monitor.feed import LiveFeed
from safeshell.protocol import Reply, Type, encode_reply

Kind = TypeVar("Kind", bound=Event)


class Heard:
    """What a feed delivered."""

    def __init__(self, home: Home) -> None:
        self.feed = LiveFeed(home)
        self.events: list[Event] = []
        self.feed.start(self.events.append)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    def wait(self, kind: type[Kind], count: int = 1, holds: Callable[[Kind], bool] = lambda _event: True) -> Kind:
        """Waits for the so-manieth of a kind."""
        found = until(
            lambda: len(them := [event for event in self.of(kind) if holds(event)]) >= count and them,
            f"{count} of {kind.__name__} among {self.events}",
        )
        assert isinstance(found[count - 1], kind)
        return found[count - 1]  # type: ignore[no-any-return] # until returns anything


Listen = Callable[[Home], Heard]


@pytest.fixture
def listen() -> Iterator[Listen]:
    heard: list[Heard] = []

    def begin(home: Home) -> Heard:
        heard.append(Heard(home))
        return heard[-1]

    yield begin
    for one in heard:
        one.feed.close()
        assert not any(thread.is_alive() for thread in one.feed._threads)


@contextlib.contextmanager
def waiting(home: Home, *argv: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command behind the shims that waits for approval."""
    process = subprocess.Popen(
        argv,
        env=environment(home),
        cwd=home.root,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("daemon")
def test_what_waits_comes_and_goes(shims: Home, listen: Listen) -> None:
    heard = listen(shims)
    hello = heard.wait(Hello)
    assert (hello.trusted, hello.enrolled, hello.pending) == (False, False, ())
    with waiting(shims, "touch", "secret file"):
        entry = heard.wait(Asked).entry
        assert entry.words == ("touch", "'secret file'")
        assert (entry.rule, entry.directory, entry.is_agents) == ("ask-to-touch", shims.root, False)
        assert 0 < entry.seconds_left(entry.since) <= 300
        late = listen(shims)
        assert late.wait(Hello).pending == (entry,)
    for one in (heard, late):
        assert one.wait(Settled) == Settled(entry.number, "withdrawn")


@pytest.mark.usefixtures("daemon")
def test_decisions_come_as_they_are_recorded(shims: Home, listen: Listen) -> None:
    heard = listen(shims)
    heard.wait(Hello)
    assert run(shims, "rm", "precious").returncode == 126
    record = heard.wait(Decided, holds=lambda event: event.record.get("rule") == "no-rm-of-precious").record
    assert record["argv"] == ["rm", "precious"]
    assert record["exit"] == 126


@pytest.mark.usefixtures("daemon")
def test_figures_come(shims: Home, listen: Listen) -> None:
    run(shims, "rm", "precious")
    figures = listen(shims).wait(Measured, holds=lambda event: bool(event.figures)).figures
    assert figures["requests"]["deny"] == 1
    assert figures["stages"]["whole"]["count"] == 1


@pytest.mark.usefixtures("daemon")
def test_an_answer_comes_to_something(shims: Home, listen: Listen) -> None:
    heard = listen(shims)
    epoch = heard.wait(Hello).epoch
    heard.feed.answer(epoch, {"do": "approve", "id": 77})
    heard.feed.answer(epoch, {"do": "deny", "id": 78})
    assert heard.wait(AnswerResult) == AnswerResult(
        77, ok=False, reason="nothing waits under 77: answered, or its caller has gone"
    )
    assert heard.wait(AnswerResult, 2).number == 78


def test_a_daemon_that_is_not_there_yet_is_found_when_it_is(home: Home, listen: Listen) -> None:
    heard = listen(home)
    lost = heard.wait(Lost)
    assert "can't reach the daemon" in lost.reason
    assert lost.hint == "run `safeshell daemon start`"
    with running_daemon(home):
        assert heard.wait(Hello).epoch == 1


def test_it_survives_restarts_and_never_gives_one_daemon_an_answer_for_another(
    home: Home, shims: Home, listen: Listen
) -> None:
    with running_daemon(home):
        heard = listen(home)
        heard.wait(Hello)
        with waiting(shims, "touch", "secret"):
            number = heard.wait(Asked).entry.number
    heard.wait(Lost)
    heard.feed.answer(1, {"do": "deny", "id": number, "words": "meant for another"})
    assert heard.wait(AnswerResult).reason == "the daemon went away"
    with running_daemon(home):
        assert heard.wait(Hello, 2).epoch == 2
        with waiting(shims, "touch", "secret"):
            assert heard.wait(Asked, 2).entry.number == number + 1
            heard.feed.answer(1, {"do": "deny", "id": number, "words": "meant for another"})
            assert heard.wait(AnswerResult, 2) == AnswerResult(number, ok=False, reason="the daemon went away")
            assert [one.how for one in heard.of(Settled)] == ["withdrawn"]


@contextlib.contextmanager
def impostor(home: Home, *events: dict[str, Any]) -> Iterator[list[bytes]]:
    """Something at the daemon's socket that says this to every monitor, and lets it go; what monitors asked."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(home.socket)
        listener.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        data = connection.recv(1 << 16)
                        if data[5:6] != bytes([Type.MONITOR]):
                            continue
                        asked.append(data)
                        for event in events:
                            connection.sendall(encode_reply(Reply.EVENT, json.dumps(event).encode()))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield asked
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()
    os.unlink(home.socket)


HELLO: dict[str, Any] = {"event": "hello", "trusted": False, "reason": "", "enrolled": True, "pending": []}


@pytest.mark.parametrize(
    "nonsense",
    [
        {"event": "hello"},
        {**HELLO, "pending": [{"id": 1}]},
        {**HELLO, "pending": [request(1, argv=None)]},
        {**HELLO, "reason": 7},
        {"none": "at all"},
    ],
)
def test_nonsense_is_said_and_ends_nothing(home: Home, listen: Listen, nonsense: dict[str, Any]) -> None:
    with impostor(home, nonsense):
        heard = listen(home)
        assert "can't be read" in heard.wait(Lost).reason
        heard.wait(Lost, 2)


def test_what_a_newer_daemon_says_besides_is_passed_over(home: Home, listen: Listen) -> None:
    with impostor(home, HELLO, {"event": "weather", "fair": True}, {"event": "answered", "ok": True}):
        heard = listen(home)
        heard.wait(Hello, 2)
        assert all(lost.reason == "the daemon went away" for lost in heard.of(Lost))


def test_a_pin_that_is_not_taken_is_not_tried_again(home: Home, listen: Listen) -> None:
    with impostor(home, {**HELLO, "reason": "wrong PIN"}) as asked:
        heard = listen(home)
        heard.wait(Hello)
        heard.feed.give_pin("12345")
        until(lambda: asked and b"12345" in asked[-1], "the PIN")
        after = len(asked)
        until(lambda: len(asked) >= after + 2, "connections after it")
    assert sum(b"12345" in request for request in asked) == 1
