"""Queries of the log: which records are asked for, and times as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from safeshell.audit import cells
from safeshell.audit.record import timestamp
from safeshell.audit.record_facts import encoded
from safeshell.command.command_line import block, command_line

_AGO = re.compile(r"([0-9]{1,9})(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_time(text: str, now: datetime) -> str:
    """A time as people write it, as records hold it.

    Args:
        text: how long ago (`2h`, `3d`), a date, or RFC 3339; without a zone it is local.
        now: what it is measured from.

    Raises:
        ValueError: it is none of these.
    """
    ago = _AGO.fullmatch(text)
    try:
        found = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}) if ago else datetime.fromisoformat(text)
        return timestamp(found.astimezone(UTC).timestamp())
    except (ValueError, OverflowError, OSError) as error:
        message = f"{text!r} is no time: write 2h, 3d, 2026-11-22 or 2026-11-22T10:00:00Z"
        raise ValueError(message) from error


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Conditions on a record; what is empty asks for nothing.

    Attributes:
        decisions: one of these words, `error` for a failure.
        rules: decided or observed by one of these.
        since: this time or later, as records hold it.
        until: before this time.
        directory: in this directory or below.
        text: this text occurs in the command, the directory, the rule or the message.
    """

    decisions: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    since: str = ""
    until: str = ""
    directory: str = ""
    text: str = ""

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is asked for."""
        ts = str(record.get("ts", ""))
        return (
            ts >= self.since
            and (not self.until or ts < self.until)
            and (not self.decisions or not self.decisions.isdisjoint(_decisions(record)))
            and (not self.rules or not self.rules.isdisjoint(_rules(record)))
            and (not self.directory or _is_below(str(record.get("cwd", "")), self.directory))
            and (not self.text or any(self.text in part for part in _texts(record)))
        )


def _decisions(record: Mapping[str, Any]) -> set[str]:
    found = {str(record.get("decision", ""))}
    return found | {"error"} if "error" in record else found


def _rules(record: Mapping[str, Any]) -> set[str]:
    found = {str(record.get("rule", "")), *[one["rule"] for one in record.get("observed", ())]}
    edit = record.get("edit", {})
    return found.union(*[edit.get(name, ()) for name in ("added", "removed", "changed")])


def _is_below(directory: str, top: str) -> bool:
    return directory == top or directory.startswith(top.rstrip("/") + "/")


def _texts(record: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        " ".join(record.get("argv", ())),
        command_text(record),
        *[str(record.get(name, "")) for name in ("cwd", "rule", "message", "error")],
        cells.edit(record),
    )


def command_text(record: Mapping[str, Any]) -> str:
    """The command of a record in one line, as the patterns of rules see it."""
    argv = record.get("argv") or []
    if not argv or record.get("kind") == "line":
        return " ".join(argv)
    name = record.get("name") or argv[0].rpartition("/")[2]
    return command_line(block([encoded(word) for word in argv]), name)
