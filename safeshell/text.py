"""Text for people: bytes decoded, controls escaped, rows in columns. Rules must not drive a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def text(data: bytes) -> str:
    """The text of bytes from outside: UTF-8, each bad sequence as U+FFFD."""
    return data.decode("utf-8", "replace")


def printable(shown: str) -> str:
    """The text with control characters and unpaired surrogates escaped."""
    if shown.isprintable():
        return shown
    return "".join(
        char if char.isprintable() or unicodedata.category(char) == "Zs" else _escape(char) for char in shown
    )


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned columns, two spaces between them; a line each."""
    if not rows:
        return ""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "".join(f"{line}\n" for line in lines)
