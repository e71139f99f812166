"""What people are shown of a command that waits."""

from __future__ import annotations

import os
from typing import Any, TypeVar

from safeshell.command.command_line import unblock
from safeshell.daemon.approvals.grants import shortest_prefix
from safeshell.daemon.request import Request
from safeshell.text import text

SHOWN_MAX = 64 << 10
"""Bytes or characters of a command that is shown to people; one that is longer can't be approved."""

TOO_LONG = f"it is longer than the {SHOWN_MAX >> 10} KiB that people are shown, and can't be approved"

_Text = TypeVar("_Text", str, bytes)


def is_cut(request: Request) -> bool:
    """Whether people are not shown all of a request."""
    shown = (request.asked.arguments, request.decisions[0].subject, request.decision.subject)
    return any(len(one) > SHOWN_MAX for one in shown)


def describe(number: int, request: Request, since: float, seconds: float) -> dict[str, Any]:
    """An object of `pending` (docs/protocol.md, "Approvals").

    Args:
        number: what it waits under.
        request: what waits.
        since: when it began to, seconds since the epoch.
        seconds: how long it may.
    """
    decision = request.decision
    whole = request.decisions[0].subject
    if request.line is not None:
        whole = text(request.asked.arguments[:-1])  # what runs is the line, and the subject one command of it
    branch = request.facts.read(("branch",)) if request.directory is not None else None
    return {
        "id": number,
        "argv": [text(word) for word in unblock(_cut(request.asked.arguments))],
        "command": _cut(whole),
        "subject": _cut(decision.subject),
        "cwd": None if request.directory is None else os.fsdecode(request.directory),
        "branch": branch if isinstance(branch, str) else None,
        "facts": decision.to_json(cached=False)["facts"],
        "prefix_min": shortest_prefix(request),
        "rule": decision.rule,
        "message": decision.message,
        "source": decision.source,
        "cut": is_cut(request),
        "context": "ai" if request.is_agents else "human",
        "uid": request.connection.uid,
        "pid": request.connection.pid,
        "since": since,
        "expires": since + seconds,
    }


def _cut(shown: _Text) -> _Text:
    """The beginning: megabytes of it would cost every monitor its connection."""
    return shown[:SHOWN_MAX]
