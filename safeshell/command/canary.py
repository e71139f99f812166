"""Canary: the one command that the daemon answers by itself, always with a no, so that a probe can tell who is asked.

Nothing else is a canary, and none ever runs: who marked a command as one would have it refused. Where no guard is
asked, `env` finds no such program, which does nothing either.
"""

from __future__ import annotations

ARGV = ("env", "safeshell-canary")
"""`env`, for it has a shim wherever anything has."""

LINE = " ".join(ARGV)
LINE_ARGUMENTS = f"{LINE}\0".encode()
ARGUMENTS = "".join(f"{word}\0" for word in ARGV).encode()


def answer(home: str) -> str:
    """What it is refused with, without the name of the product before it.

    Args:
        home: the directory of the home whose daemon was asked.
    """
    return f"the canary has reached the daemon of {home}."
