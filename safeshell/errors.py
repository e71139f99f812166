"""Errors that a user can mend. The command line turns each into one line and an exit status."""

from __future__ import annotations

import os


class SafeShellError(Exception):
    """An expected failure: one line for the user, and where there is one a hint that mends it.

    Attributes:
        message: what is wrong, one line.
        hint: what to do about it, or "".
        status: the exit status of a command that ends by it.
    """

    status = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class TableError(SafeShellError):
    """A table that can't be used: missing, damaged, of another version, or not ours to trust."""


class UnreachableError(SafeShellError):
    """The daemon can't be reached."""

    status = 125


class RefusedError(UnreachableError):
    """The daemon is there, and doesn't do what it is asked for."""


class ProtocolError(SafeShellError):
    """The other end broke the protocol."""

    status = 125


class PersonNeededError(SafeShellError):
    """It takes a person, and an agent asks."""

    status = 77


class UndecidedError(Exception):
    """A fact that cannot be read (no permission, a broken .git): neither true nor false. Never shown as it is.

    Attributes:
        reason: what could not be read and why, one line.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DistantError(Exception):
    """A path lies on a mount that may not answer, so it isn't touched here. Never shown as it is.

    Attributes:
        point: where that is mounted; b"" where it isn't known which of several it is.
    """

    def __init__(self, point: bytes) -> None:
        super().__init__(os.fsdecode(point))
        self.point = point
