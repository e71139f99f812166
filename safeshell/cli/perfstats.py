"""`safeshell perf-stats`: the daemon's latency figures."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click

from safeshell.cli.output import wants_colour, write_output
from safeshell.home.paths import Home
from safeshell.metrics.figures import PERCENTILES, Figures, fetch, reasons_text, share, summary
from safeshell.metrics.histogram import Histogram
from safeshell.text import columns

EVERY_S = 1.0
"""From one look of `--watch` to the next."""

_ALTERNATE, _USUAL = "\x1b[?1049h\x1b[?25l\x1b[?7l", "\x1b[?7h\x1b[?25h\x1b[?1049l"
"""The alternate screen, no cursor, long lines cut; and back."""

_TOP, _REST_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"


@click.command("perf-stats")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; durations in µs.")
@click.option("--openmetrics", is_flag=True, help="Print the OpenMetrics text that Prometheus scrapes.")
@click.option("--html", "page", metavar="FILE", help="Write one page with the distributions as plots.")
@click.option("--watch", is_flag=True, help="Look again each second, until ^C.")
@click.option("--reset", is_flag=True, help="Count from nothing afterwards; what is printed is what was until then.")
def command(as_json: bool, openmetrics: bool, page: str | None, watch: bool, reset: bool) -> None:
    """Show how long the daemon took for commands, stage by stage, since it started or was last reset.

    With --watch and --reset together, each look shows the second before it.
    """
    if as_json + openmetrics + (page is not None) > 1:
        raise click.UsageError("--json, --openmetrics and --html exclude each other.")
    if watch and (openmetrics or page is not None):
        raise click.UsageError("--watch prints tables or, with --json, a line a second.")
    home = Home.find()
    if page is not None:
        _write_page(home, page, reset=reset)
        return
    show = _show_json if as_json else _show_openmetrics if openmetrics else _show_tables
    if watch:
        _watch(lambda: show(fetch(home, reset=reset)), redraws=not as_json and sys.stdout.isatty())
    else:
        click.echo(show(fetch(home, reset=reset)), nl=False, color=True)


def _write_page(home: Home, path: str, *, reset: bool) -> None:
    from safeshell.cli.statspage import render, require_plots  # noqa: PLC0415 # the plain tables need not wait for it

    require_plots()
    text = render(fetch(home, reset=reset))
    write_output(path, text)
    click.echo(f"wrote {path}", err=True)


def _show_json(figures: Figures) -> str:
    return json.dumps(figures.to_json()) + "\n"


def _show_openmetrics(figures: Figures) -> str:
    from safeshell.cli.openmetrics import render  # noqa: PLC0415 # as above

    return render(figures)


def _show_tables(figures: Figures) -> str:
    parts = [_stages(figures.stages), _facts(figures.about)]
    if not figures.timed:
        parts.insert(0, "Timing is off (`stats: false` in config.yaml).\n")
    return "\n".join(filter(None, parts))


def _stages(stages: Mapping[str, Histogram]) -> str:
    rows = []
    for name, histogram in stages.items():
        row = summary(histogram)
        rows.append([name, str(row["count"]), *[f"{row[column]:.1f}" for column in PERCENTILES]])
    if not rows:
        return ""
    table = columns([["µs", "count", "p50", "p90", "p99", "p99.9", "max"], *rows], right=True)
    head, rest = table.split("\n", 1)
    return f"{_bold(head)}\n{rest}"


def _facts(about: Mapping[str, Any]) -> str:
    requests, cache = about["requests"], about["cache"]
    lookups = cache["hits"] + cache["misses"]
    rows = [
        ("process", f"up {about['uptime_s']:.0f} s, {about['rss_kib'] / 1024:.1f} MiB"),
        ("rules", f"{about['rule_count']} in {about['rules']}"),
        ("table", about["table"] or "none in force"),
        ("decisions", ", ".join(f"{name} {count}" for name, count in requests.items())),
        ("cache", f"{cache['hits']} hits, {cache['misses']} misses ({share(cache['hits'], lookups)} hits)"),
    ]
    ran = sum(entry["count"] for entry in about["placement"].values())
    for place, entry in about["placement"].items():
        rows.append((place, f"{entry['count']}, {share(entry['count'], ran)} ({reasons_text(entry)})"))
    return columns(rows)


def _bold(text: str) -> str:
    return click.style(text, bold=True) if wants_colour(sys.stdout) else text


def _watch(look: Callable[[], str], *, redraws: bool) -> None:
    """Prints what each look gives: over the last one, or below it where there is no terminal to redraw."""
    with contextlib.suppress(KeyboardInterrupt), _alternate_screen() if redraws else contextlib.nullcontext():
        while True:
            seen = look()
            sys.stdout.write(_redrawn(seen) if redraws else seen)
            sys.stdout.flush()
            time.sleep(EVERY_S)


def _redrawn(seen: str) -> str:
    """Over what is there, line by line: a screen that is cleared first flickers. What would scroll is left out."""
    lines = seen.splitlines()[: shutil.get_terminal_size().lines - 1]
    return _TOP + "".join(f"{line}{_REST_OF_LINE}\r\n" for line in lines) + _REST


@contextlib.contextmanager
def _alternate_screen() -> Iterator[None]:
    sys.stdout.write(_ALTERNATE)
    try:
        yield
    finally:
        sys.stdout.write(_USUAL)
        sys.stdout.flush()
