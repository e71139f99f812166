"""What goes to people: colour only on a terminal, tables in columns."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TextIO


def wants_colour(stream: TextIO) -> bool:
    """Whether the stream takes colour: a terminal, and no NO_COLOR (no-color.org) or dumb TERM."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned columns, two spaces between them; a line each."""
    if not rows:
        return ""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "".join(f"{line}\n" for line in lines)
