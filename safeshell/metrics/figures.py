"""Figures of the daemon, as it hands them out and as `safeshell perf-stats` prints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safeshell.client import control
from safeshell.errors import SafeShellError, UnreachableError
from safeshell.home.paths import Home
from safeshell.metrics.histogram import Histogram
from safeshell.metrics.stages import DECISIONS, PLACEMENTS, STAGES, WHOLE
from safeshell.protocol import Type

PERCENTILES = {"p50_us": 50.0, "p90_us": 90.0, "p99_us": 99.0, "p999_us": 99.9, "max_us": 100.0}
"""The columns of every table, by the names that `--json` gives them."""

RESET = 1

_ORDER = (*STAGES, WHOLE, *[f"{WHOLE}.{part}" for part in (*DECISIONS, *PLACEMENTS)])
_UNKNOWN = "there is no request of type"


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a daemon.

    Attributes:
        about: all but the stages, as `perf-stats --json` prints it.
        stages: durations by stage, in the order of a command's way; those that never happened are not there.
        timed: whether the daemon times at all (the setting `stats`).
    """

    about: Mapping[str, Any]
    stages: Mapping[str, Histogram]
    timed: bool

    def to_json(self) -> dict[str, Any]:
        """The object of `perf-stats --json`."""
        return {**self.about, "stages": {name: summary(histogram) for name, histogram in self.stages.items()}}


def summary(histogram: Histogram) -> dict[str, float]:
    """A stage's row: its count, and percentiles in µs."""
    found = histogram.percentiles(*PERCENTILES.values())
    return {"count": len(histogram), **{name: ns / 1000 for name, ns in zip(PERCENTILES, found, strict=True)}}


def share(count: int, total: int) -> str:
    """A part of a total in per cent."""
    return f"{100 * count / total:.1f} %" if total else "none"


def reasons(placement: Mapping[str, Any]) -> dict[str, int]:
    """Counts of a placement by its reasons, in words."""
    return {reason or "nothing against it": count for reason, count in placement["reasons"].items()}


def reasons_text(placement: Mapping[str, Any]) -> str:
    """The same as one text."""
    return ", ".join(f"{reason} {count}" for reason, count in reasons(placement).items())


def fetch(home: Home, *, reset: bool) -> Figures:
    """Asks the daemon; with `reset` it then counts from nothing.

    Raises:
        SafeShellError: it does not run, or is too old to know.
    """
    try:
        return decode(control(Type.STATS, RESET if reset else 0, home=home))
    except UnreachableError as error:
        if error.message.startswith(_UNKNOWN):
            raise SafeShellError(
                "the running daemon is of a version that keeps no statistics", hint="run `safeshell daemon restart`"
            ) from error
        raise SafeShellError(error.message, hint=error.hint) from error


def decode(answer: Mapping[str, Any]) -> Figures:
    """Reads the daemon's answer."""
    about = {name: value for name, value in answer.items() if name not in ("stages", "timed")}
    counts = answer["stages"]
    names = [name for name in _ORDER if name in counts] + sorted(counts.keys() - set(_ORDER))
    return Figures(about, {name: Histogram.from_counts(counts[name]) for name in names}, answer["timed"])
