"""Text for people: bytes decoded, what can't be seen escaped, widths as terminals have them, rows in columns.

What stands in rules, paths and commands must not drive a terminal, nor look like something else. All text that people
are shown, also by clients, goes through `printable`; whatever needs its width asks `width`.
"""

from __future__ import annotations

from collections.abc import Sequence

_SPACES = frozenset("\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))))
"""Blanks other than U+0020: Python calls them unprintable, but they are as wide as they look."""

_BLANK = frozenset(
    [
        *map(chr, [0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0]),  # letters and marks to be ignored
        *map(chr, [*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]),  # variation selectors
        *map(chr, [0x2800, 0x16FE4, 0x1D159]),  # drawn as nothing
    ]
)
"""Characters that Python calls printable though nothing is seen of them: default-ignorable ones, blank symbols."""


def text(data: bytes) -> str:
    """The text of bytes from outside: UTF-8, each bad sequence as U+FFFD. What patterns see."""
    return data.decode("utf-8", "replace")


def printable(shown: str) -> str:
    r"""A text as one line that people can be shown; what is printable already stays as it is.

    Escaped are controls, those of bidirectional text too, what is unassigned, what leaves no trace on a screen, and
    unpaired surrogates: as `\xff` where they stand for a byte that was no UTF-8 (PEP 383), else by their number.
    """
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join(char if _is_seen(char) else _escape(char) for char in shown)


def _is_seen(char: str) -> bool:
    return (char.isprintable() and char not in _BLANK) or char in _SPACES


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if 0x80 <= code < 0x100 else char.encode("unicode_escape").decode("ascii")


def width(shown: str) -> int:
    """The columns that a printable text takes on a terminal."""
    if shown.isascii():
        return len(shown)
    from wcwidth import wcwidth  # noqa: PLC0415 # 5 ms, and most text is ASCII

    return sum(map(wcwidth, shown))


def cut(shown: str, columns: int, *, from_end: bool = False) -> str:
    """A printable text no wider than that; `…` stands for what was cut off: its end, or its beginning."""
    if width(shown) <= columns:
        return shown
    kept, room = 0, columns - 1
    for char in reversed(shown) if from_end else shown:
        room -= width(char)
        if room < 0:
            break
        kept += 1
    return f"…{shown[len(shown) - kept :]}" if from_end else f"{shown[:kept]}…"


def fit(shown: str, columns: int, *, from_end: bool = False) -> str:
    """A printable text exactly as wide as that: cut as `cut` does, or filled with blanks."""
    shown = cut(shown, columns, from_end=from_end)
    return shown + " " * (columns - width(shown))


def columns(rows: Sequence[Sequence[str]], *, right: bool = False) -> str:
    """Rows as aligned columns, two spaces between them; a line each. With `right` all but the first end alike."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    return "".join(f"{_row(row, widths, right=right)}\n" for row in cells)


def _row(cells: Sequence[str], widths: Sequence[int], *, right: bool) -> str:
    line = ""
    for index, (cell, wide) in enumerate(zip(cells, widths, strict=True)):
        gap = " " * (wide - width(cell))
        line += f"  {gap}{cell}" if right and index else f"  {cell}{gap}"
    return line[2:].rstrip(" ")
