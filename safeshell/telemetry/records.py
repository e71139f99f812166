"""Log records of OpenTelemetry made of audit records."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from opentelemetry._logs import LogRecord, SeverityNumber

SCOPE = "safeshell"

_SEVERITIES = {
    "allow": SeverityNumber.INFO,
    "redirect": SeverityNumber.INFO2,
    "require_approval": SeverityNumber.WARN,
    "deny": SeverityNumber.WARN2,
}

_ATTRIBUTES = {
    "seq": "safeshell.seq",
    "decision": "safeshell.decision",
    "rule": "safeshell.rule",
    "source": "safeshell.source",
    "message": "safeshell.message",
    "context": "safeshell.context",
    "table": "safeshell.table",
    "placement": "safeshell.placement",
    "reason": "safeshell.placement.reason",
    "duration_ms": "safeshell.duration_ms",
    "error": "error.message",
    "cwd": "process.working_directory",
    "uid": "process.user.id",
    "pid": "process.pid",
}
"""Fields of a record and the attributes they become: the semantic conventions' where there is one."""


def to_log(record: Mapping[str, Any]) -> LogRecord:
    """The log record of an audit record.

    Args:
        record: a line of the audit log, its secrets taken out already.

    Raises:
        KeyError, ValueError, TypeError: it is none.
    """
    words = [_clean(word) for word in record.get("argv", ())]
    attributes: dict[str, Any] = {
        name: _clean(record[field]) if isinstance(record[field], str) else record[field]
        for field, name in _ATTRIBUTES.items()
        if field in record
    }
    if words:
        attributes["process.command_args"] = words
    if "exit" in record:
        exit_ = record["exit"]
        attributes["process.exit.code" if isinstance(exit_, int) else "safeshell.signal"] = exit_
    for name, value in record.get("approval", {}).items():
        attributes[f"safeshell.approval.{name}"] = _clean(value) if isinstance(value, str) else value
    severity = _SEVERITIES.get(record.get("decision", ""), SeverityNumber.INFO)
    if record.get("error"):
        severity = SeverityNumber.ERROR
    nanoseconds = round(datetime.fromisoformat(record["ts"]).timestamp() * 1e6) * 1000
    return LogRecord(
        timestamp=nanoseconds,
        observed_timestamp=nanoseconds,
        severity_number=severity,
        severity_text=severity.name,
        event_name=f"safeshell.{record.get('kind', 'command')}",
        body=shlex.join(words) if words else record.get("kind", ""),
        attributes=attributes,
    )


def _clean(text: str) -> str:
    """Text that Protocol Buffers take: bytes that are no UTF-8 are lone surrogates in a record."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
