"""What only the run can tell: raised where a text can't be worked out exactly, so that nothing is ever guessed."""

from __future__ import annotations

MOST = 1 << 20
"""Bytes of one output; what would be longer is left to the run."""

STEPS = 20_000
"""Sequences, conversions and characters that are taken one by one; so many take some ten milliseconds."""


class UntoldError(Exception):
    """The text can't be told from the line alone."""


class Written(bytes):
    """An argument that the run will replace, as it is written: good for being copied, for nothing else."""

    __slots__ = ()


def held(data: bytes) -> bytes:
    """The data.

    Raises:
        UntoldError: it is longer than `MOST`.
    """
    if len(data) > MOST:
        raise UntoldError
    return data
