"""Line of the stream: a record of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from safeshell.audit import cells
from safeshell.audit.query import command_text
from safeshell.text import printable

COMMAND_MAX = 500
"""Characters of a command that are shown in the stream."""

_SHORT = {"require_approval": "approval"}


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """A record's cells. Every text is safe to show.

    Attributes:
        record: what it was made from, for the filter.
        time: the local time of day.
        decision: the decision's word, or what there is instead of one.
        outcome: what became of it: an approval's answer, or how it ended.
        rule, command, directory, placement, duration: as they are called; "" where there is none.
    """

    record: Mapping[str, Any]
    time: str
    decision: str
    outcome: str
    rule: str
    command: str
    directory: str
    placement: str
    duration: str

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> DecisionLine:
        """The line of a record; what it lacks is left empty."""
        decision = cells.decision(record)
        duration = record.get("duration_ms")
        return cls(
            record=record,
            time=_time(str(record.get("ts", ""))),
            decision=printable(_SHORT.get(decision, decision)),
            outcome=printable(_outcome(record)),
            rule=printable(cells.rule(record)),
            command=_command(record),
            directory=printable(cells.directory(record)),
            placement=printable(str(record.get("placement", "")).replace("_", " ")),
            duration="" if duration is None else f"{duration:.0f} ms",
        )


def _time(ts: str) -> str:
    try:
        return datetime.fromisoformat(ts).astimezone().strftime("%H:%M:%S")
    except (ValueError, OverflowError):
        return "?"


def _outcome(record: Mapping[str, Any]) -> str:
    approval = record.get("approval")
    if approval:
        return "refused" if "refused" in approval else str(approval.get("answer", ""))
    if "edit" in record:
        return str(record["edit"].get("state", ""))
    return "error" if "error" in record else str(record.get("exit", ""))


def _command(record: Mapping[str, Any]) -> str:
    approval, error = record.get("approval") or {}, record.get("error", "")
    notes = [str(note) for note in (approval.get("refused") or error, approval.get("words")) if note]
    shown = printable((cells.edit(record) or command_text(record))[:COMMAND_MAX])
    return "  ".join([shown, *[printable(f"[{note}]") for note in notes]]).strip()
