"""Errors of the trash: what it does not take."""

from __future__ import annotations


class RefusedError(Exception):
    """Something the trash does not take, though rm would delete it.

    Attributes:
        reason: why, one line.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
