"""OpenMetrics text of the daemon's figures, for Prometheus and what reads as it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from safeshell.metrics.figures import Figures
from safeshell.metrics.histogram import Histogram
from safeshell.metrics.stages import DECISIONS, PLACEMENTS, WHOLE

_LEAST_NS, _MOST_NS = 1 << 9, 1 << 34
"""Boundaries for the scraper lie between these, two in each power of two: 0.5 µs to 17 s."""


def _boundaries() -> Iterator[int]:
    bound = _LEAST_NS
    while bound <= _MOST_NS:
        yield bound
        yield bound + bound // 2
        bound *= 2


BOUNDARIES = tuple(_boundaries())
"""In ns. Powers of two and half way between them: no bucket of a `Histogram` lies across one."""


def render(figures: Figures) -> str:
    """The whole exposition, with its end."""
    lines = [
        *_facts(figures.about),
        *_counters(figures.about),
        *_durations(figures.stages),
        "# EOF",
    ]
    return "".join(f"{line}\n" for line in lines)


def _facts(about: Mapping[str, Any]) -> Iterator[str]:
    yield from _head("safeshell", "info", "The daemon and the table in force.")
    yield _sample("safeshell_info", {"version": about["version"], "table": about["table"] or ""}, 1)
    yield from _head("safeshell_uptime_seconds", "gauge", "Time since the daemon started.", "seconds")
    yield _sample("safeshell_uptime_seconds", {}, about["uptime_s"])
    yield from _head("safeshell_resident_memory_bytes", "gauge", "The daemon's resident memory.", "bytes")
    yield _sample("safeshell_resident_memory_bytes", {}, about["rss_kib"] * 1024)
    yield from _head("safeshell_rules", "gauge", "Rules in the user's and the machine's tables.")
    yield _sample("safeshell_rules", {}, about["rule_count"])


def _counters(about: Mapping[str, Any]) -> Iterator[str]:
    requests = about["requests"]
    yield from _head("safeshell_requests", "counter", "Decisions, in place too.")
    for decision in dict.fromkeys([*DECISIONS, *sorted(requests.keys() - {"total"})]):
        yield _sample("safeshell_requests_total", {"decision": decision}, requests.get(decision, 0))
    yield from _head("safeshell_placements", "counter", "Allowed commands by who ran them, and why.")
    for place, entry in about["placement"].items():
        for reason, count in entry["reasons"].items():
            yield _sample("safeshell_placements_total", {"placement": place, "reason": reason}, count)
    yield from _head("safeshell_cache_lookups", "counter", "Lookups of remembered decisions.")
    for result, key in (("hit", "hits"), ("miss", "misses")):
        yield _sample("safeshell_cache_lookups_total", {"result": result}, about["cache"][key])


def _durations(stages: Mapping[str, Histogram]) -> Iterator[str]:
    plain = {name: histogram for name, histogram in stages.items() if not name.startswith(f"{WHOLE}.")}
    yield from _family("stage", plain.items(), "A stage of a command's way through the daemon; the whole is one.")
    for label, names in (("decision", DECISIONS), ("placement", PLACEMENTS)):
        found = [(name, stages[f"{WHOLE}.{name}"]) for name in names if f"{WHOLE}.{name}" in stages]
        yield from _family(label, found, f"The whole, by {label}.")


def _family(label: str, histograms: Iterable[tuple[str, Histogram]], text: str) -> Iterator[str]:
    name = f"safeshell_{label}_duration_seconds"
    yield from _head(name, "histogram", text, "seconds")
    for value, histogram in histograms:
        labels = {label: value}
        for bound, count in zip(BOUNDARIES, histogram.below(*BOUNDARIES), strict=True):
            yield _sample(f"{name}_bucket", {**labels, "le": repr(bound / 1e9)}, count)
        yield _sample(f"{name}_bucket", {**labels, "le": "+Inf"}, len(histogram))
        yield _sample(f"{name}_count", labels, len(histogram))
        yield _sample(f"{name}_sum", labels, histogram.total_ns() / 1e9)


def _head(name: str, kind: str, text: str, unit: str = "") -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {text}"


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {value!r}" if inside else f"{name} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
