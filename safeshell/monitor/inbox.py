"""Inbox of what threads deliver until the screen takes it: decisions are let go where they come too fast to be read."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from safeshell.monitor.events import Decided, Event

DECISIONS_MAX = 2000
"""Decisions that wait for the screen; beyond them the oldest go, and are counted."""


class Inbox:
    """Events between threads.

    Args:
        wake: called, by whichever thread, when there is something to take.

    Attributes:
        missed: decisions that were let go.
    """

    def __init__(self, wake: Callable[[], object]) -> None:
        self.missed = 0
        self._wake = wake
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._decided: deque[Decided] = deque(maxlen=DECISIONS_MAX)
        self._woken = False

    def put(self, event: Event) -> None:
        """Delivers one."""
        with self._lock:
            if isinstance(event, Decided):
                self.missed += len(self._decided) == DECISIONS_MAX
                self._decided.append(event)
            else:
                self._events.append(event)
            wakes, self._woken = not self._woken, True
        if wakes:
            self._wake()

    def take(self) -> tuple[list[Event], list[Decided]]:
        """All that has come since the last time, in its order: decisions apart."""
        with self._lock:
            taken = self._events, list(self._decided)
            self._events = []
            self._decided.clear()
            self._woken = False
        return taken
