"""Time that `timeout` gives a command, in any of its spellings."""

from __future__ import annotations

from collections.abc import Iterable

from safeshell.command.command_line import unblock
from safeshell.command.programs.wrappers import WRAPPERS
from safeshell.command.unwrap.reading import ArgumentReading
from safeshell.command.unwrap.spelling import Spelling

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def shortest_timeout(spellings: Iterable[Spelling]) -> float:
    """Seconds until a `timeout` among a command's spellings would end it: the shortest; infinite where none would."""
    return min((_timeout(spelling) for spelling in spellings if spelling.name == "timeout"), default=float("inf"))


def _timeout(spelling: Spelling) -> float:
    reading = ArgumentReading(unblock(spelling.arguments), WRAPPERS["timeout"], spelling.environment)
    if not reading.read() or not reading.operands:
        return float("inf")
    return seconds(reading.operands[0])


def seconds(duration: bytes) -> float:
    """A duration as timeout(1) reads it; infinite for 0, which is none, and for what it doesn't take."""
    text = duration.decode("latin-1").strip(" \t")
    unit = _UNITS_S.get(text[-1:], 0.0)
    number = text[:-1] if unit else text
    if "_" in number:  # Python's own, not strtod's
        return float("inf")
    try:
        found = float.fromhex(number) if "x" in number.lower() else float(number)
    except (ValueError, OverflowError):
        return float("inf")
    return found * (unit or 1.0) if found > 0 else float("inf")
