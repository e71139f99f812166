"""Figures of the daemon in two lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safeshell.metrics.stages import WHOLE

_SHOWN = {WHOLE: "a command", "facts": "facts", "decide": "decide", "spawn": "spawn"}


def summarize(figures: Mapping[str, Any]) -> str:
    """Latency, then counts; a line each. What is not there is not said."""
    if not figures:
        return "no figures"
    return f"{_latency(figures.get('stages') or {})}\n{_counts(figures)}"


def _latency(stages: Mapping[str, Any]) -> str:
    parts = [
        f"{label} p50 {_us(row, 'p50_us')} p99 {_us(row, 'p99_us')}"
        for name, label in _SHOWN.items()
        if (row := stages.get(name))
    ]
    return "  ".join(parts) or "nothing timed yet"


def _us(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return "?"
    return f"{value / 1000:.1f} ms" if value >= 1000 else f"{value:.0f} µs"


def _counts(figures: Mapping[str, Any]) -> str:
    requests = dict(figures.get("requests") or {})
    total = requests.pop("total", 0)
    decided = ", ".join(f"{count} {name}" for name, count in requests.items() if count)
    parts = [f"{total} decided" + (f" ({decided})" if decided else "")]
    for place, entry in (figures.get("placement") or {}).items():
        parts.append(f"{entry.get('count', 0)} {place.replace('_', ' ')}")
    cache = figures.get("cache") or {}
    lookups = cache.get("hits", 0) + cache.get("misses", 0)
    if lookups:
        parts.append(f"cache {100 * cache.get('hits', 0) / lookups:.0f} %")
    if "uptime_s" in figures:
        parts.append(f"up {_span(figures['uptime_s'])}")
    if "rss_kib" in figures:
        parts.append(f"{figures['rss_kib'] / 1024:.0f} MiB")
    return "  ".join(parts)


def _span(seconds: float) -> str:
    minutes = int(seconds) // 60
    if minutes < 1:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
