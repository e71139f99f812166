"""Entry of the pending list: a command that waits."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safeshell.text import printable


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """A command that waits. Every text is safe to show.

    Attributes:
        number: what the daemon calls it, for as long as that daemon runs.
        command: the command as it was asked for.
        subject: the spelling of it that needs approval.
        words: the command's words, each quoted.
        directory: where it would run, `?` where that can't be told.
        branch: what is checked out there, or "".
        rule: which rule asks.
        source: its file and line.
        message: what it says.
        is_agents: whether an agent asks.
        pid, uid: who asks.
        since, expires: seconds since the epoch.
        prefix_min: the fewest words that may be remembered for other commands.
        is_cut: whether it is longer than what is shown, and can't be approved.
    """

    number: int
    command: str
    subject: str
    words: tuple[str, ...]
    directory: str
    branch: str
    rule: str
    source: str
    message: str
    is_agents: bool
    pid: int
    uid: int
    since: float
    expires: float
    prefix_min: int
    is_cut: bool = False

    @property
    def key(self) -> tuple[int, float]:
        """Key that tells it from every other, those of the next daemon too: an older one counts from 1 again."""
        return self.number, self.since

    @property
    def who(self) -> str:
        """Who asks, in words."""
        return f"{'an agent' if self.is_agents else 'a person'} (pid {self.pid}, uid {self.uid})"

    def seconds_left(self, now: float) -> int:
        """Seconds that it still waits; `now` as `time.time` has it."""
        return max(0, math.ceil(self.expires - now))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PendingEntry:
        """An object of `pending` (docs/protocol.md, "Approvals").

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is none.
        """
        return cls(
            number=int(value["id"]),
            command=printable(value["command"]),
            subject=printable(value["subject"]),
            words=tuple(printable(shlex.quote(word)) for word in value["argv"]),
            directory=printable(value["cwd"] or "?"),
            branch=printable(value["branch"] or ""),
            rule=printable(value["rule"]),
            source=printable(value["source"]),
            message=printable(value["message"]),
            is_agents=value["context"] == "ai",
            pid=int(value["pid"]),
            uid=int(value["uid"]),
            since=float(value["since"]),
            expires=float(value["expires"]),
            prefix_min=int(value["prefix_min"]),
            is_cut=bool(value.get("cut", False)),
        )


def countdown(seconds: int) -> str:
    """A time that is left, as minutes and seconds."""
    return f"{seconds // 60}:{seconds % 60:02}"
