"""Metrics of OpenTelemetry: the daemon's counters, asked for each time they are sent."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from safeshell import __version__
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.metrics.figures import fetch
from safeshell.telemetry.records import SCOPE

_QUANTILES = {"p50_us": 0.5, "p90_us": 0.9, "p99_us": 0.99, "p999_us": 0.999, "max_us": 1.0}

Figures = dict[str, Any]


def send_metrics(url: str, home: Home, resource: Resource, interval_s: float) -> MeterProvider:
    """Begins to send the counters; `shutdown` of what is returned sends them once more and ends.

    Args:
        url: the endpoint's metrics path.
        home: whose daemon. While none runs nothing is sent, and none is started.
        resource: who sends.
        interval_s: how often, seconds.
    """
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=url), export_interval_millis=interval_s * 1000)
    provider = MeterProvider([reader], resource)
    meter = provider.get_meter(SCOPE, __version__)

    def observe(read: Callable[[Figures], Iterator[Observation]]) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def callback(_options: CallbackOptions) -> Iterable[Observation]:
            with contextlib.suppress(SafeShellError):
                return list(read(fetch(home, reset=False).to_json()))
            return []

        return callback

    meter.create_observable_counter("safeshell.decisions", [observe(_decisions)], "{decision}", "Decisions made")
    meter.create_observable_counter(
        "safeshell.placements", [observe(_placements)], "{command}", "Commands by placement"
    )
    meter.create_observable_counter(
        "safeshell.cache.lookups", [observe(_lookups)], "{lookup}", "Decision cache lookups"
    )
    meter.create_observable_gauge("safeshell.stage.latency", [observe(_latencies)], "us", "Latency of each stage")
    meter.create_observable_gauge("safeshell.memory", [observe(_memory)], "KiBy", "Resident memory of the daemon")
    return provider


def _decisions(figures: Figures) -> Iterator[Observation]:
    for decision, count in figures["requests"].items():
        if decision != "total":
            yield Observation(count, {"safeshell.decision": decision})


def _placements(figures: Figures) -> Iterator[Observation]:
    for placement, entry in figures["placement"].items():
        yield Observation(entry["count"], {"safeshell.placement": placement})


def _lookups(figures: Figures) -> Iterator[Observation]:
    for result in ("hits", "misses"):
        yield Observation(figures["cache"][result], {"result": result})


def _latencies(figures: Figures) -> Iterator[Observation]:
    for stage, entry in figures.get("stages", {}).items():
        for name, quantile in _QUANTILES.items():
            yield Observation(entry[name], {"stage": stage, "quantile": quantile})


def _memory(figures: Figures) -> Iterator[Observation]:
    yield Observation(figures["rss_kib"], {})
