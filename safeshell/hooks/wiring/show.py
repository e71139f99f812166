"""Changes of settings, for people."""

from __future__ import annotations

import difflib

from safeshell.hooks.wiring.install import Change
from safeshell.text import printable, text


def unified(change: Change) -> str:
    """A unified diff; "" where nothing changes."""
    if not change.is_any:
        return ""
    before, after = (_lines(data) for data in (change.before, change.after))
    old, new = (change.path if data is not None else "/dev/null" for data in (change.before, change.after))
    shown = []
    for line in difflib.unified_diff(before, after, old, new):
        shown.append(printable(line.rstrip("\r\n").replace("\t", "    ")))
        if not line.endswith("\n"):
            shown.append("\\ No newline at end of file")
    return "".join(f"{line}\n" for line in shown)


def _lines(data: bytes | None) -> list[str]:
    return text(data or b"").splitlines(keepends=True)
