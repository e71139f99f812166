"""What the data of each program is written with."""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]
"""As docs/table.md has it, "Grammars"."""

PFLAG: Record = {"exact": True}
"""What Go's pflag does otherwise than getopt: nothing is abbreviated."""


def words(text: str) -> list[str]:
    """The long options of a text."""
    return text.split()


def getopt(short: str, long: str = "", **more: Any) -> Record:
    """A grammar as getopt_long(3) has it.

    Args:
        short: a getopt(3) string.
        long: long options apart by spaces, `=` behind those that take an argument as a word of its own. One that can
            only be attached (`--color=auto`) needs no mark.
        more: what else the record has.
    """
    return {"short": short, "long": words(long), **more}


def gnu(short: str, long: str) -> Record:
    """That of a GNU program, with what all of them have."""
    return getopt(short, f"{long} help version")
