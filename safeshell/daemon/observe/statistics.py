"""What the daemon says of itself to `safeshell perf-stats`: counts and durations since the last reset."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from safeshell.daemon.observe.timings import Timings

_COUNTS = ("requests", "placement", "cache")
_FACTS = ("version", "uptime_s", "rss_kib", "rules", "table")


class Statistics:
    """The daemon's counts from a point in time on.

    The status counts from the start, whoever resets these: a reset only remembers what there was.
    """

    def __init__(self, timings: Timings) -> None:
        self._timings = timings
        self._began = time.monotonic()
        self._before: Mapping[str, Any] = {}

    def describe(self, status: Mapping[str, Any], *, rule_count: int, timed: bool) -> dict[str, Any]:
        """The answer to STATS.

        Args:
            status: `Server.status`.
            rule_count: rules in the tables in force, repositories' aside.
            timed: whether commands are being timed.
        """
        histograms = self._timings.histograms()
        return {
            **{name: status[name] for name in _FACTS},
            "rule_count": rule_count,
            "counted_s": round(time.monotonic() - self._began, 3),
            **{name: _since(status[name], self._before.get(name)) for name in _COUNTS},
            "timed": timed,
            "stages": {name: counts for name, histogram in histograms.items() if (counts := histogram.counts())},
        }

    def reset(self, status: Mapping[str, Any]) -> None:
        """Counts from this status on."""
        self._before = {name: status[name] for name in _COUNTS}
        self._began = time.monotonic()
        self._timings.reset()


def _since(now: Any, before: Any) -> Any:
    """What came to a tree of counts; what wasn't there before is None."""
    if isinstance(now, dict):
        return {name: _since(value, before.get(name) if before else None) for name, value in now.items()}
    return max(0, now - (before or 0))
