"""Durations as rules and settings write them: a number with ms, s, m or h."""

from __future__ import annotations

import re

_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)", re.ASCII)


def parse_duration(text: str) -> int | None:
    """Milliseconds, or None where the text is no duration."""
    found = _DURATION.fullmatch(text)
    return round(float(found[1]) * _UNITS_MS[found[2]]) if found else None
