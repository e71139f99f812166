"""The monitors that are connected: all of them are told, and one that doesn't listen holds up nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from daemon.asking import Client

from safeshell.daemon.core.loop import Loop
from safeshell.daemon.observe.subscribers import BACKLOG_MAX, Monitors
from safeshell.protocol import Reply


@pytest.fixture
def watching() -> Iterator[tuple[Monitors, list[Client]]]:
    """Two monitors, of which the second gave the PIN."""
    loop, monitors = Loop(), Monitors()
    clients = [Client(loop) for _ in range(2)]
    for trusted, client in enumerate(clients):
        monitors.add(client.connection, trusted=bool(trusted))
    yield monitors, clients
    for client in clients:
        client.close()
    loop.close()


Watching = tuple[Monitors, list[Client]]


def test_all_are_told_in_a_frame_of_json(watching: Watching) -> None:
    monitors, clients = watching
    monitors.publish("settled", {"id": 3, "words": "é\udcff"})
    for client in clients:
        ((kind, payload),) = client.frames()
        assert kind == Reply.EVENT
        assert json.loads(payload) == {"event": "settled", "id": 3, "words": "é\udcff"}


def test_who_has_gone_is_told_nothing_more(watching: Watching) -> None:
    monitors, (first, second) = watching
    monitors.remove(first.connection)
    monitors.remove(first.connection)
    assert len(monitors) == 1
    monitors.publish("x", {})
    assert (len(first.frames()), len(second.frames())) == (0, 1)


def test_only_who_gave_the_pin_is_trusted(watching: Watching) -> None:
    monitors, (first, second) = watching
    assert not monitors.is_trusted(first.connection)
    assert monitors.is_trusted(second.connection)
    monitors.remove(second.connection)
    assert not monitors.is_trusted(second.connection)


def test_one_that_does_not_read_is_let_go_and_the_other_is_not(watching: Watching) -> None:
    monitors, (deaf, other) = watching
    text = "x" * (1 << 20)
    for _ in range(BACKLOG_MAX // len(text)):
        monitors.publish("x", {"text": text})
        while other.connection.backlog:
            other.frames()
            other.connection.flush()
        other.frames()
    assert not deaf.connection.closed
    monitors.publish("x", {"text": text})
    assert deaf.connection.closed
    assert not other.connection.closed


def test_all_are_let_go_together(watching: Watching) -> None:
    monitors, clients = watching
    monitors.close_all()
    assert [client.connection.closed for client in clients] == [True, True]
