"""Records of the audit log as lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from safeshell.audit import cells
from safeshell.audit.query import command_text
from safeshell.text import cut, fit, printable, width

_COLOURS = {"allow": "green", "deny": "red", "require_approval": "yellow", "redirect": "cyan", "error": "magenta"}
_TIME = 19
_DECISION = 16
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Layout:
    """Layout of a line, by its width.

    Attributes:
        width: of the terminal; None where it is none, and nothing is cut.
        colour: whether decisions are coloured.
    """

    width: int | None
    colour: bool

    @property
    def columns(self) -> tuple[int, int]:
        """The widths of rule and directory."""
        if self.width is None:
            return 20, 24
        rest = self.width - _TIME - _DECISION - 4 * len(_GAP)
        return min(max(rest // 5, 8), 24), min(max(rest // 4, 8), 30)

    @property
    def rest(self) -> int | None:
        """The width of the last column."""
        if self.width is None:
            return None
        return max(self.width - _TIME - _DECISION - sum(self.columns) - 4 * len(_GAP), 8)

    def fitted(self, shown: str, room: int, *, from_end: bool = False) -> str:
        """A column's text, filled up to its width and, where the line has an end, cut to it."""
        return fit(shown, room if self.width is not None else max(room, width(shown)), from_end=from_end)


def row(record: Mapping[str, Any], layout: Layout) -> str:
    """A record as a line: time, decision, rule, directory, command."""
    decision = printable(cells.decision(record))
    rule_width, directory_width = layout.columns
    parts = [
        _local(record["ts"]).ljust(_TIME),
        click.style(decision, fg=_COLOURS.get(decision)) if layout.colour else decision,
        layout.fitted(printable(cells.rule(record) or "-"), rule_width),
        layout.fitted(printable(cells.directory(record) or "-"), directory_width, from_end=True),
        _what(record),
    ]
    parts[1] += " " * max(0, _DECISION - len(decision))
    if layout.rest is not None:
        parts[-1] = cut(parts[-1], layout.rest)
    return _GAP.join(parts).rstrip()


def _local(ts: str) -> str:
    return datetime.fromisoformat(ts).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _what(record: Mapping[str, Any]) -> str:
    """The command, and what became of it where that isn't said by the decision."""
    parts = [printable(cells.edit(record) or command_text(record))]
    approval = record.get("approval")
    if approval:
        said = " ".join(str(approval[name]) for name in ("id", "answer") if name in approval)
        by = f" by {approval['by']}" if approval.get("by") else ""
        words = f": {approval['words']}" if approval.get("words") else ""
        words += f" (refused: {approval['refused']})" if approval.get("refused") else ""
        parts.append(printable(f"[{record.get('kind', 'approval')} {said}{by}{words}]"))
    if record.get("error"):
        parts.append(printable(f"[{record['error']}]"))
    return " ".join(filter(None, parts))
