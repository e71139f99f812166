"""Origins of rules: a layer each, with what is in force of it, what is wrong with it, what is being done about it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from safeshell.daemon.core.loop import Timer
from safeshell.policy.store.records import CHANGED, Signature, is_as, signature
from safeshell.policy.units import LoadedTable

RETRY_MAX_S = 60.0
"""The longest pause between attempts to compile what the compiler gave no answer about."""

AGAIN_S = 60.0
"""How often a terminal is told that a layer's last good rules are in force."""

Waiter = Callable[[bool], None]
"""Called once: whether the compilation ended in time."""


class Job:
    """A compilation under way: its process, the memory file that it fills, who waits, and until when it may take.

    Attributes:
        guard: what it was told of agents and people (`safeshell.daemon.sources.edits`).
    """

    __slots__ = ("began", "guard", "limit", "memory", "pidfd", "waiters")

    def __init__(self, pidfd: int, memory: int, guard: str, limit: Timer) -> None:
        self.pidfd = pidfd
        self.memory = memory
        self.guard = guard
        self.limit = limit
        self.began = time.monotonic()
        self.waiters: list[Waiter] = []


class Origin:
    """A layer: the rules of one place (the machine's, the user's, a repository's file), and what they are now.

    Attributes:
        kind: "system", "user" or "repository".
        rules: the rules file or directory.
        table: what is in force of it.
        stands_in: whether that is what its rules could have been, for agents to be asked about.
        published: whether that is what root published for everybody.
        watch: what its rules came from, as it was when they were compiled.
        error: what is wrong with it, or "".
        notice: the same as a line for people, with what became of it; also what isn't wrong and worth a line.
        job: the compilation under way.
        attempts: how many compilations in a row gave no answer.
    """

    __slots__ = (
        "_retry_at",
        "_told_at",
        "attempts",
        "error",
        "job",
        "kind",
        "notice",
        "published",
        "rules",
        "stands_in",
        "table",
        "watch",
    )

    def __init__(self, kind: str, rules: str) -> None:
        self.kind = kind
        self.rules = rules
        self.table: LoadedTable | None = None
        self.stands_in = False
        self.published = False
        self.watch: dict[str, Signature] = {}
        self.error = ""
        self.notice = ""
        self.job: Job | None = None
        self.attempts = 0
        self._retry_at = 0.0
        self._told_at = 0.0

    def fresh(self) -> bool:
        """Whether every source is as it was when it was compiled."""
        for path, state in self.watch.items():
            # As `is_as`, which would be a call more for each of them.
            if os.access(path, os.F_OK) if state is None else signature(path) != state and not is_as(path, state):
                return False
        return bool(self.watch)

    @property
    def may_compile(self) -> bool:
        """Whether the compiler is to be asked, where it isn't fresh: not in the pause after one that gave no answer."""
        return not self._retry_at or time.monotonic() >= self._retry_at

    def answered(self, watch: dict[str, Signature], error: str, notice: str) -> None:
        """The compiler has answered: the layer is as its sources, or has this error."""
        self.watch, self.error, self.notice = watch, error, notice
        self.attempts, self._retry_at, self._told_at = 0, 0.0, time.monotonic()

    def unanswered(self, reason: str) -> None:
        """The compiler gave no answer: what is in force stays, and it is tried again; at once after the first time."""
        pause = min(2.0 ** (self.attempts - 1), RETRY_MAX_S) if self.attempts else 0.0
        self.attempts += 1
        self._retry_at = time.monotonic() + pause if pause else 0.0
        self.error = f"{self.rules}: {reason}"
        again = f"in {pause:g} s" if pause else "now"
        stays = "the rules in force stay" if self.table is not None else "none of its rules are in force"
        self.notice = f"safeshell: {self.error}; {stays}, and it is tried again {again}"
        self.watch = {self.rules: CHANGED}

    @property
    def persists(self) -> bool:
        """Whether each command is told of its error: rules that should be in force, or of others than the user."""
        return bool(self.error) and (self.kind == "repository" or bool(self.attempts))

    def is_due(self, terminal: Callable[[], bool]) -> bool:
        """Whether a command is to be told of its error; who sits at a terminal, of an own one, once a minute."""
        if self.persists:
            return True
        now = time.monotonic()
        if not self.error or now - self._told_at < AGAIN_S or not terminal():
            return False
        self._told_at = now
        return True
