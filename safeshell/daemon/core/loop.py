"""The event loop: epoll, timers, and child processes that ended or stopped. Nothing in it blocks."""

from __future__ import annotations

import contextlib
import functools
import heapq
import itertools
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable

Callback = Callable[[int], object]
Poll = Callable[[float | None], Iterable[tuple[int, int]]]
"""Waits for so many seconds (None: for ever) and gives the descriptors that are ready, with their events."""


CANCELLED_MAX = 256
"""Cancelled timers kept in the heap before it is swept: most deadlines are cancelled long before their time."""


class Timer:
    """A call in the future; cancelling only marks it, the loop sweeps such timers now and then."""

    __slots__ = ("_loop", "callback", "cancelled")

    def __init__(self, loop: Loop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """The call will not be made."""
        if not self.cancelled:
            self.cancelled = True
            self.callback = _nothing  # it may hold a connection, and that a request of megabytes
            self._loop.count_cancelled()


class Loop:
    """Runs callbacks when descriptors are ready, times come, signals arrive.

    Attributes:
        on_error: hears of what a callback raised; then the loop goes on. It raises it again unless told otherwise.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._poll: Poll = self._epoll.poll
        self.on_error: Callable[[Exception], None] = raise_again
        # A descriptor that is in a round's events may have been closed since, and its number be another's: an event is
        # for registrations of earlier rounds only.
        self._registered: dict[int, tuple[int, Callback]] = {}
        self._generation = 0
        self._timers: list[tuple[float, int, Timer]] = []
        self._sequence = itertools.count()
        self._cancelled = 0
        self._running = False
        self._on_signal: Callable[[int], None] = lambda _number: None
        # Sockets, not a pipe: the native front looks what has come before it takes it.
        self._wakeup, self._waker = socket.socketpair()
        self._wakeup.setblocking(False)
        self._waker.setblocking(False)
        self.register(self._wakeup.fileno(), select.EPOLLIN, self._signals_arrived)

    def watch_signals(self, numbers: tuple[int, ...], on_signal: Callable[[int], None]) -> None:
        """Turns these signals into calls of `on_signal`, outside of signal context."""
        self._on_signal = on_signal
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, _ignore)

    @property
    def descriptors(self) -> tuple[int, int, int]:
        """The epoll's own; a socket from which the numbers of signals are read as they come; and its other end."""
        return self._epoll.fileno(), self._wakeup.fileno(), self._waker.fileno()

    def wait_by(self, poll: Poll) -> None:
        """Waits by this from now on; it has to see to the same descriptors."""
        self._poll = poll

    def register(self, descriptor: int, events: int, callback: Callback) -> None:
        """Calls back with the ready events whenever the descriptor has some."""
        self._registered[descriptor] = self._generation, callback
        self._epoll.register(descriptor, events)

    def modify(self, descriptor: int, events: int) -> None:
        """Changes the events that are waited for."""
        self._epoll.modify(descriptor, events)

    def unregister(self, descriptor: int) -> None:
        """Forgets a descriptor; before it is closed."""
        if self._registered.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Calls once after so many seconds (monotonic clock)."""
        timer = Timer(self, callback)
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._sequence), timer))
        return timer

    def count_cancelled(self) -> None:
        """Hears of a cancelled timer, and sweeps when there are many."""
        self._cancelled += 1
        if self._cancelled > CANCELLED_MAX:
            self._timers = [entry for entry in self._timers if not entry[2].cancelled]
            heapq.heapify(self._timers)
            self._cancelled = 0

    def stop(self) -> None:
        """Ends `run` after the callbacks that are due."""
        self._running = False

    def run(self) -> None:
        """Runs until `stop`."""
        self._running = True
        registered = self._registered
        while self._running:
            self._generation = now = self._generation + 1
            for descriptor, events in self._poll(self._wait()):
                generation, callback = registered.get(descriptor, _NOBODY)
                if generation < now:
                    try:  # as `_guard`, which would be a call more
                        callback(events)
                    except Exception as error:  # noqa: BLE001 # one callback must not end the daemon for all
                        self.on_error(error)
            if self._timers:
                self._run_timers()

    def _wait(self) -> float | None:
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _run_timers(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled:
                self._guard(timer.callback)

    def _signals_arrived(self, _events: int) -> None:
        numbers: list[int] = []
        with contextlib.suppress(BlockingIOError):
            numbers = sorted(set(self._wakeup.recv(512)))
        for number in numbers:
            self._guard(functools.partial(self._on_signal, number))

    def _guard(self, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception as error:  # noqa: BLE001 # as in `run`
            self.on_error(error)

    def close(self) -> None:
        """Gives the descriptors back."""
        signal.set_wakeup_fd(-1)
        self._epoll.close()
        self._wakeup.close()
        self._waker.close()


def raise_again(error: Exception) -> None:
    """What is to be done about an error where nobody has said so."""
    raise error


def _nothing() -> None:
    """What a cancelled timer would call."""


_NOBODY: tuple[int, Callback] = (sys.maxsize, lambda _events: None)
"""The registration of a descriptor that has none: no event is for it."""


def _ignore(_number: int, _frame: object) -> None:
    """The wake-up descriptor carries the signal; Python only needs a handler to be there."""
