"""Limits of judging, and what is decided for a line beyond them: by `check`, the daemon and the judge alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import monotonic, thread_time
from typing import Any

from safeshell.policy.decision import Action, Decision

NEST_MAX = 64
"""Shells, substitutions and groups in one another."""

RULE = "line-overrun"
"""The rule's name in such a decision."""

LIMIT_S = 1.0
"""What judging one line may take, by the clock: what never looks at its own time is ended by whoever waits for it."""

TIME_MAX = 0.2
"""Seconds of processor time that one line may take, to be read and to be judged."""

REST_MAX = 0.05
"""Seconds more for judging what was read of a line before its time was over."""


FILES_MAX_S = 0.1
"""Seconds of processor time, beside the line's, for all files that it runs, to be read and to be judged."""


FILES_REST_S = 0.03
"""Of that what is at least left to judge what was read of them."""


class OverrunError(Exception):
    """A line that is too long, too deep, took too long or crashed its parser; says which, as a clause about "it".

    Attributes:
        read: what was read of it before, as a `Script`; None where nothing was.
        items: lists that were read before it, on the way to that.
    """

    read: object = None
    items: Iterable[Any] = ()


class Budget:
    """Time that is spent in parts.

    Attributes:
        seconds: what is left of it.
    """

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Deadline:
    """The time that one line may take, counted in processor time so that a busy machine changes no decision.

    The processor's clock costs a system call; a thread can't have had more of the processor than has gone by at all,
    which costs none to read. So that one is asked first.
    """

    __slots__ = ("_earliest", "_end", "_steps")

    def __init__(self, seconds: float = TIME_MAX) -> None:
        self._earliest = monotonic() + seconds
        self._end = thread_time() + seconds
        self._steps = 0

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return monotonic() > self._earliest and thread_time() > self._end

    def check(self) -> None:
        """Raises once the time is over.

        Raises:
            OverrunError: it is.
        """
        if monotonic() > self._earliest and thread_time() > self._end:
            raise OverrunError(TOO_SLOW)

    @contextmanager
    def sooner(self, seconds: float) -> Iterator[None]:
        """What is done within has only so many seconds, if that is less than what is left."""
        outer = self._end
        self._end_at(min(outer, thread_time() + seconds))
        try:
            yield
        finally:
            self._end_at(outer)

    @contextmanager
    def apart(self, budget: Budget) -> Iterator[None]:
        """What is done within takes its time from a budget, and none of the line's."""
        outer, start = self._end, thread_time()
        self._end_at(start + budget.seconds)
        try:
            yield
        finally:
            spent = thread_time() - start
            budget.seconds -= spent
            self._end_at(outer + spent)

    def _end_at(self, end: float) -> None:
        self._end = end
        self._earliest = monotonic() + end - thread_time()

    @property
    def left(self) -> float:
        """Seconds until it is over."""
        return max(0.0, self._end - thread_time())

    def step(self) -> None:
        """The same for a small step of many, most of which don't look at the clock: that may cost more than the step.

        Raises:
            OverrunError: it is over.
        """
        self._steps += 1
        if self._steps % _STEPS == 0:
            self.check()


_STEPS = 16
"""Small steps between two looks at the clock."""

TOO_SLOW = "it takes more than 200 ms to judge"
CRASHED = "its parser crashed"

_SHOWN_MAX = 1000
"""Characters of the line that are kept: what is too long to be judged is too long to be told again."""


def too_slow(limit_s: float) -> str:
    """The reason where the limit by the clock was reached."""
    return f"it takes more than {limit_s:g} s"


def overrun(line: str, reason: str, *, is_ai: bool, tables: tuple[str, ...]) -> Decision:
    """The decision: an agent can split its line, a person is not held up.

    Args:
        line: the text, bytes that are not UTF-8 replaced.
        reason: why it could not be judged; a clause about "it".
        is_ai: whether an agent asks.
        tables: the digests of the tables in force.
    """
    return Decision(
        Action.DENY if is_ai else Action.ALLOW,
        line if len(line) <= _SHOWN_MAX else f"{line[:_SHOWN_MAX]}…",
        rule=RULE,
        message=f"This line can't be judged: {reason}. Split it into several.",
        tables=tables,
    )


def unjudged(line: str, reason: str, *, is_ai: bool, tables: tuple[str, ...]) -> dict[str, Any]:
    """The decision as the object that `check -c --json` prints, where nothing else is known of the line."""
    decision = overrun(line, reason, is_ai=is_ai, tables=tables).to_json(cached=False)
    context = "ai" if is_ai else "human"
    return {
        **decision,
        "deferred": False,
        "could_be": None,
        "context": context,
        "context_by": None,
        "commands": [],
        "unread": {},
        "files": None,
    }
