"""The last commands, for the one question who may have changed a file at some moment."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from safeshell.command.command_line import unblock
from safeshell.daemon.request import Request
from safeshell.text import text

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.binding import Answered

COMMANDS_MAX = 32
"""Commands remembered."""

TOLD_MAX = 8
"""Commands told of one change."""

BYTES_MAX = 256
"""Bytes of a command's arguments."""

NEAR_S = 10.0
"""How long after its start a command that runs in place, and has gone since, may have made a change."""

GRAIN_S = 0.02
"""File times are taken from a clock that is this coarse."""

_Entry = tuple[float, bytes, int, int, float | None]
"""When it began or, where it is known how long it ran, ended; its arguments, how many words of them are known (0: all),
its client, and how long it ran."""


class Recent:
    """Remembers commands."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque(maxlen=COMMANDS_MAX)

    def note(self, request: Request, by: Answered | None = None) -> None:
        """Takes down a command that was started in place, or has ended; for each, so that it makes nothing of it.

        Args:
            request: what was asked for.
            by: who asked, where the fast path has answered as it did this request.
        """
        arguments = request.asked.arguments
        if len(arguments) > BYTES_MAX:
            arguments = arguments[:BYTES_MAX]
        if by is None:
            self._entries.append((time.time(), arguments, 0, request.connection.pid, request.duration_s))
        else:
            ran = by.duration_ns / 1e9 if by.child else None
            self._entries.append((time.time(), arguments, request.known_words, by.pid, ran))

    def during(self, moment: float, running: Iterable[Request]) -> list[dict[str, Any]]:
        """The commands that ran at a moment, as far as that is known: the latest, the oldest of them first.

        Args:
            moment: seconds since the epoch.
            running: those that the daemon runs now.
        """
        found = [(_shown(entry[1], entry[2]), entry[3]) for entry in self._entries if _ran_at(entry, moment)]
        found += [(_shown(request.asked.arguments[:BYTES_MAX], 0), request.connection.pid) for request in running]
        return [{"pid": pid, "argv": words} for words, pid in found[-TOLD_MAX:]]


def _shown(arguments: bytes, known: int) -> list[str]:
    words = [text(word) for word in unblock(arguments.removesuffix(b"\0") + b"\0")]
    return [*words[:known], "…"] if known else words


def _ran_at(entry: _Entry, moment: float) -> bool:
    at, _, _, pid, duration_s = entry
    if duration_s is not None:
        return at - duration_s - GRAIN_S <= moment <= at + GRAIN_S
    return at - GRAIN_S <= moment and (moment - at <= NEAR_S or os.path.exists(f"/proc/{pid}"))
