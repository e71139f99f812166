"""The event loop."""

from __future__ import annotations

import os
import select
import signal
import weakref
from collections.abc import Iterator

import pytest

from safeshell.daemon.core.loop import Loop


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_timers_fire_in_order_and_cancelled_ones_do_not(loop: Loop) -> None:
    fired: list[str] = []
    loop.call_later(0.02, loop.stop)
    loop.call_later(0.01, lambda: fired.append("second"))
    loop.call_later(0.001, lambda: fired.append("first"))
    loop.call_later(0.005, lambda: fired.append("cancelled")).cancel()
    loop.call_later(0.01, lambda: fired.append("third"))
    loop.run()
    assert fired == ["first", "second", "third"]


def test_a_timer_may_set_and_cancel_others(loop: Loop) -> None:
    fired: list[str] = []
    other = loop.call_later(0.002, lambda: fired.append("cancelled by the first"))

    def first() -> None:
        other.cancel()
        loop.call_later(0, lambda: fired.append("set by the first"))
        loop.call_later(0.001, loop.stop)

    loop.call_later(0.001, first)
    loop.run()
    assert fired == ["set by the first"]


def test_a_cancelled_timer_lets_go_of_what_it_would_have_called(loop: Loop) -> None:
    class Held:
        def call(self) -> None:
            raise AssertionError

    held = Held()
    gone = weakref.ref(held)
    loop.call_later(1000, held.call).cancel()
    del held
    assert gone() is None


def test_a_descriptor_is_called_back_until_it_is_forgotten(loop: Loop, pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    read: list[bytes] = []

    def ready(events: int) -> None:
        assert events & select.EPOLLIN
        read.append(os.read(reader, 1))
        if len(read) == 2:
            loop.unregister(reader)
            loop.call_later(0.001, loop.stop)

    loop.register(reader, select.EPOLLIN, ready)
    os.write(writer, b"abc")
    loop.run()
    assert read == [b"a", b"b"]
    loop.unregister(reader)  # again is nothing


def test_what_a_callback_forgets_is_not_called_in_the_same_round(loop: Loop) -> None:
    pipes = [os.pipe() for _ in range(2)]
    called = []

    def ready(number: int) -> None:
        called.append(number)
        loop.unregister(pipes[1 - number][0])
        loop.stop()

    for number, (reader, writer) in enumerate(pipes):
        loop.register(reader, select.EPOLLIN, [lambda _e: ready(0), lambda _e: ready(1)][number])
        os.write(writer, b"x")
    loop.run()
    assert len(called) == 1
    for ends in pipes:
        for end in ends:
            os.close(end)


def test_s5_what_gets_a_closed_ones_number_is_not_called_for_that_one(loop: Loop, pipe: tuple[int, int]) -> None:
    pipes = [os.pipe() for _ in range(2)]
    called: list[str] = []

    def ready(number: int) -> None:
        called.append("the first")
        other = pipes[1 - number][0]
        loop.unregister(other)
        os.dup2(pipe[0], other)
        loop.register(other, select.EPOLLIN, lambda _events: leave())
        loop.unregister(pipes[number][0])
        loop.call_later(0, write)

    def write() -> None:
        called.append("a round later")
        os.write(pipe[1], b"x")

    def leave() -> None:
        called.append("the other")
        loop.stop()

    for number, (reader, writer) in enumerate(pipes):
        loop.register(reader, select.EPOLLIN, [lambda _e: ready(0), lambda _e: ready(1)][number])
        os.write(writer, b"x")
    loop.run()
    assert called == ["the first", "a round later", "the other"]
    for ends in pipes:
        for end in ends:
            os.close(end)


@pytest.mark.parametrize("way", ["a descriptor", "a timer", "a signal"])
def test_s5_an_error_is_told_and_the_loop_goes_on(loop: Loop, pipe: tuple[int, int], way: str) -> None:
    errors: list[Exception] = []
    loop.on_error = errors.append

    def fail(_: int) -> None:
        os.read(pipe[0], 1)
        loop.call_later(0, loop.stop)
        raise ValueError(way)

    os.write(pipe[1], b"x")
    before = signal.getsignal(signal.SIGUSR1)
    loop.watch_signals((signal.SIGUSR1,), fail)
    try:
        if way == "a descriptor":
            loop.register(pipe[0], select.EPOLLIN, fail)
        elif way == "a timer":
            loop.call_later(0, lambda: fail(0))
        else:
            os.kill(os.getpid(), signal.SIGUSR1)
        loop.run()
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGUSR1, before)
    assert [str(error) for error in errors] == [way]


def test_an_error_that_nobody_wants_to_hear_of_is_raised(loop: Loop) -> None:
    def fail() -> None:
        raise ValueError

    loop.call_later(0, fail)
    with pytest.raises(ValueError):  # noqa: PT011 # it is this very one
        loop.run()


def test_signals_arrive_as_calls_each_once_a_round(loop: Loop) -> None:
    heard: list[int] = []

    def on_signal(number: int) -> None:
        heard.append(number)
        if number == signal.SIGUSR2:
            loop.stop()

    before = {number: signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGUSR2)}
    loop.watch_signals((signal.SIGUSR1, signal.SIGUSR2), on_signal)
    try:
        for number in (signal.SIGUSR1, signal.SIGUSR1, signal.SIGUSR2):
            os.kill(os.getpid(), number)
        loop.run()
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)
    assert heard == [signal.SIGUSR1, signal.SIGUSR2]
