"""Feed of events from the daemon and of answers to it, whatever becomes of the connection."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from safeshell.client import Watch
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.metrics.figures import fetch
from safeshell.monitor.entry import PendingEntry
from safeshell.monitor.events import (
    AnswerResult,
    Asked,
    Decided,
    Event,
    Lost,
    Measured,
    read_answered,
    read_held,
    read_hello,
    read_settled,
)
from safeshell.protocol import unreadable_answer
from safeshell.text import printable

FIRST_RETRY_S = 0.1
LAST_RETRY_S = 2.0
"""The wait before it connects again doubles from the first to the last: a restart is over soon."""

FIGURES_S = 2.0
"""From one look at the figures to the next."""

_NONSENSE = (KeyError, TypeError, ValueError, AttributeError)
"""Errors that the reading of an event that isn't as documented raises."""

Deliver = Callable[[Event], None]


class Feed(Protocol):
    """Source of the application's events. `deliver` may be called from any thread."""

    def start(self, deliver: Deliver) -> None:
        """Begins to deliver."""

    def answer(self, epoch: int, value: Mapping[str, Any]) -> None:
        """Answers a request of this connection (docs/protocol.md, "Approvals"); an `AnswerResult` follows."""

    def give_pin(self, pin: str) -> None:
        """Connects anew with this PIN; a `Hello` says whether it counts."""

    def close(self) -> None:
        """Delivers nothing more."""


class LiveFeed:
    """The daemon of a home, over and over.

    An answer is for the connection on which its request was heard of: the next daemon counts its requests from 1
    again, so what was on its way when one went is dropped and said so, never given to the next.

    The PIN is kept in memory for the next connection, and forgotten where the daemon does not take it: tries are few.

    Args:
        home: whose daemon.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._deliver: Deliver = lambda _event: None
        self._pin: str | None = None
        self._epoch = 0
        self._orders: deque[tuple[int, Mapping[str, Any]]] = deque()
        self._new_pins: deque[str] = deque()
        self._unanswered: deque[int] = deque()
        self._closed = threading.Event()
        self._wakeup = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._watch, self._measure)]

    def start(self, deliver: Deliver) -> None:
        """Begins to deliver, from threads of its own."""
        self._deliver = deliver
        for thread in self._threads:
            thread.start()

    def answer(self, epoch: int, value: Mapping[str, Any]) -> None:
        """Answers a request that was heard of on this connection."""
        self._orders.append((epoch, value))
        os.eventfd_write(self._wakeup, 1)

    def give_pin(self, pin: str) -> None:
        """Connects anew with this PIN."""
        self._new_pins.append(pin)
        os.eventfd_write(self._wakeup, 1)

    def close(self) -> None:
        """Ends the connection."""
        self._closed.set()
        os.eventfd_write(self._wakeup, 1)
        for thread in self._threads:
            thread.join(LAST_RETRY_S)  # one that waits for a daemon which hangs is left behind
        if not self._threads[0].is_alive():
            os.close(self._wakeup)

    # The connection

    def _watch(self) -> None:
        pause = FIRST_RETRY_S
        while not self._closed.is_set():
            before = self._epoch
            try:
                with contextlib.closing(Watch(self._pin, home=self._home)) as watch:
                    self._serve(watch)
                self._unanswered.clear()  # what came of them, the next hello shows
                continue
            except SafeShellError as error:
                pause = FIRST_RETRY_S if self._epoch > before else min(2 * pause, LAST_RETRY_S)
                self._lose(error)
            if select.select([self._wakeup], [], [], pause)[0]:
                self._take_orders(None)

    def _lose(self, error: SafeShellError) -> None:
        self._deliver(Lost(printable(error.message), printable(error.hint)))
        while self._unanswered:
            self._deliver(AnswerResult(self._unanswered.popleft(), ok=False, reason="the daemon went away"))

    def _serve(self, watch: Watch) -> None:
        """Delivers until it is closed or has another PIN.

        Raises:
            UnreachableError: the daemon went away.
            ProtocolError: what it says makes no sense.
        """
        while True:
            ready = select.select([watch.fileno(), self._wakeup], [], [])[0]
            if self._wakeup in ready and self._take_orders(watch):
                return
            if watch.fileno() in ready:
                for value in watch.receive():
                    self._hear(value)

    def _hear(self, value: Mapping[str, Any]) -> None:
        try:
            event = self._read(value)
        except _NONSENSE as error:
            raise unreadable_answer() from error
        if event is not None:
            self._deliver(event)

    def _read(self, value: Mapping[str, Any]) -> Event | None:
        kind = value["event"]
        if kind == "hello":
            hello = read_hello(value, self._epoch + 1)
            self._epoch = hello.epoch
            if not hello.trusted:
                self._pin = None
            return hello
        if kind == "pending":
            return Asked(PendingEntry.from_json(value))
        if kind == "settled":
            return read_settled(value)
        if kind == "held":
            return read_held(value)
        if kind == "decision":
            return Decided(value)
        if kind == "answered" and self._unanswered:
            return read_answered(value, self._unanswered.popleft())
        return None  # of a newer daemon

    def _take_orders(self, watch: Watch | None) -> bool:
        """Sends the answers that are to be given; whether to connect anew, or not at all."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wakeup)
        while self._orders:
            epoch, value = self._orders.popleft()
            if watch is None or epoch != self._epoch:
                self._deliver(AnswerResult(value["id"], ok=False, reason="the daemon went away"))
            else:
                self._unanswered.append(value["id"])  # answers come in the order of what they answer
                watch.answer(value)
        if self._new_pins:
            self._pin = self._new_pins.pop()
            self._new_pins.clear()
            return True
        return self._closed.is_set()

    # The figures

    def _measure(self) -> None:
        while not self._closed.is_set():
            try:
                self._deliver(Measured(fetch(self._home, reset=False).to_json()))
            except (SafeShellError, *_NONSENSE):
                self._deliver(Measured({}))
            self._closed.wait(FIGURES_S)
