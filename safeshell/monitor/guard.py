"""Guard against keys that were typed before what they would answer was on the screen."""

from __future__ import annotations

from collections.abc import Callable

QUIET_S = 0.3
"""Longer than between the keys of somebody who types, shorter than it takes to read what is asked."""


class Guard:
    """Lets a key, or a click, through after a moment without any.

    Who types on, not having seen that a dialog opened, never comes through: each key that is kept out begins the moment
    anew.

    Args:
        clock: seconds, as `time.monotonic` has them.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: float | None = None

    def open(self) -> None:
        """What is asked is on the screen."""
        self._since = self._clock()

    def disturb(self) -> None:
        """A key came that means nothing here."""
        if self._since is not None:
            self._since = self._clock()

    def passes(self) -> bool:
        """Whether a key that came now may act."""
        if self._since is None:
            return False
        if self._clock() - self._since >= QUIET_S:
            return True
        self._since = self._clock()
        return False
