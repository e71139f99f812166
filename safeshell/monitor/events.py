"""Events that a feed delivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safeshell.monitor.entry import PendingEntry
from safeshell.text import printable


@dataclass(frozen=True, slots=True)
class Hello:
    """The daemon took the monitor in.

    Attributes:
        epoch: the number of this connection; answers name it.
        trusted: whether the PIN was given, and agents' requests may be answered from here.
        reason: why not, or "".
        enrolled: whether there is a PIN.
        pending: what waits, the oldest first.
        each: whether the PIN is asked for each answer to an agent's, for others could type at this terminal.
        note: what is to be said of the PIN, or "".
        held: an edit of the rules that waits for a person, on one line; "" where none does.
    """

    epoch: int
    trusted: bool
    reason: str
    enrolled: bool
    pending: tuple[PendingEntry, ...]
    each: bool = False
    note: str = ""
    held: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """There is no daemon (any more); the feed tries again.

    Attributes:
        reason: what is wrong.
        hint: what to do about it, or "".
    """

    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command has begun to wait."""

    entry: PendingEntry


@dataclass(frozen=True, slots=True)
class Settled:
    """A command waits no longer.

    Attributes:
        number: which.
        how: approved, denied, expired or withdrawn.
        words: what was said with it, or "".
        by: the process that answered, 0 for none.
    """

    number: int
    how: str
    words: str = ""
    by: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """An edit of the rules waits for a person, or none does any more.

    Attributes:
        what: it, on one line; "" for none.
    """

    what: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A record, as the audit log has them."""

    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """Result of an answer that was given here.

    Attributes:
        number: which command's.
        ok: whether it counts.
        reason: why not, or "".
    """

    number: int
    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """The daemon's figures, as `perf-stats --json` prints them; empty where there are none."""

    figures: Mapping[str, Any]


Event = Hello | Lost | Asked | Settled | Held | Decided | AnswerResult | Measured


def read_hello(value: Mapping[str, Any], epoch: int) -> Hello:
    """The daemon's `hello`.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it makes no sense.
    """
    pending = tuple(PendingEntry.from_json(entry) for entry in value["pending"])
    return Hello(
        epoch,
        bool(value["trusted"]),
        printable(value["reason"]),
        bool(value["enrolled"]),
        pending,
        bool(value.get("each", False)),
        printable(value.get("note") or ""),
        read_held(value).what,
    )


def read_held(value: Mapping[str, Any]) -> Held:
    """The daemon's `held`, or what its `hello` says of that; raises as `read_hello` does."""
    edit = value.get("held")  # an older daemon says nothing
    if edit is None:
        return Held("")
    files = ", ".join(file["path"].rpartition("/")[2] for file in edit["files"])
    return Held(printable(f"an edit of {files} waits for a person (safeshell compile): {'; '.join(edit['loosens'])}"))


def read_settled(value: Mapping[str, Any]) -> Settled:
    """The daemon's `settled`; raises as `read_hello` does."""
    return Settled(int(value["id"]), printable(value["how"]), printable(value.get("words", "")), value.get("by", 0))


def read_answered(value: Mapping[str, Any], number: int) -> AnswerResult:
    """The daemon's `answered`, to the answer for this command; raises as `read_hello` does."""
    return AnswerResult(number, bool(value["ok"]), printable(value.get("reason", "")))
