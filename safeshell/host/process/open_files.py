"""Limit on open files that a daemon runs with, told from the one that it was started with."""

from __future__ import annotations

DESCRIPTORS = 16384
"""Open files the daemon asks for: up to six a connection."""


def raised(limit: tuple[int, int]) -> tuple[int, int]:
    """The limit on open files, soft and hard, that a daemon takes which was started with this one."""
    soft, hard = limit
    return max(soft, min(hard, DESCRIPTORS)), hard
