"""Page of the daemon's figures that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from safeshell.errors import SafeShellError
from safeshell.metrics.figures import PERCENTILES, Figures, reasons, share, summary
from safeshell.metrics.histogram import Histogram
from safeshell.metrics.stages import STAGES, WHOLE, WHOLE_IS

_STYLE = """\
:root { color-scheme: light dark; --paper: #fcfcfb; --ink: #1c1d1f; --faint: #6a6d73; --grid: #e4e4e1; --card: #f2f2ef;
  --series-1: #2f6fb3; --series-2: #c2571a; --series-3: #2b8a5a; --series-4: #8a4fb0; --series-5: #a2792a;
  --series-6: #b23a62; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181b; --ink: #e8e8e6; --faint: #9a9ea6; --grid: #2d3035;
  --card: #1f2226; --series-1: #6ba5e3; --series-2: #ee8a4e; --series-3: #57c08c; --series-4: #c08ee2;
  --series-5: #d3ab58; --series-6: #ec7fa2; } }
body { margin: 2rem auto; max-width: 64rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p, figcaption { color: var(--faint); max-width: 46rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .7rem; }
dl div { background: var(--card); border-radius: .4rem; padding: .6rem .8rem; }
dt { color: var(--faint); font-size: .85rem; } dd { margin: 0; font-size: 1.25rem; overflow-wrap: anywhere; }
figure { margin: 0 0 1.2rem; } svg { display: block; width: 100%; height: auto; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { padding: .25rem .6rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th:first-child, td:first-child, th:last-child, td:last-child { text-align: left; }
td:last-child { white-space: normal; color: var(--faint); }
thead th { color: var(--faint); font-weight: 500; border-bottom: 1px solid var(--grid); }
tbody tr + tr td { border-top: 1px solid var(--grid); }
meter { width: 8rem; }
code { font-size: .85em; overflow-wrap: anywhere; }
"""


def require_plots() -> None:
    """Checks that plots can be made, before anything is asked for that could be lost.

    Raises:
        SafeShellError: the library is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: F401, PLC0415 # an extra, and slow to import
    except ImportError as error:
        raise SafeShellError(
            "--html needs matplotlib, which is not installed", hint="run `pip install 'safeshell-guard[html]'`"
        ) from error


def render(figures: Figures) -> str:
    """The page."""
    body = [
        "<h1>SafeShell: what a command costs here</h1>",
        f"<p>As the daemon counted, up to {time.strftime('%Y-%m-%d %H:%M:%S %z')}.</p>",
        _facts(figures.about),
        *(_durations(figures.stages) if figures.stages else ["<p>No command has been timed.</p>"]),
        "<h2>Who ran what was allowed</h2>",
        _placement(figures.about["placement"]),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>SafeShell statistics</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _durations(stages: Mapping[str, Histogram]) -> Iterator[str]:
    from safeshell.cli.statsplots import distributions, percentiles  # noqa: PLC0415 # as above

    yield "<h2>Stage by stage</h2>"
    yield _drawing(
        distributions({name: histogram for name, histogram in stages.items() if not name.startswith(f"{WHOLE}.")}),
        "How often each stage took how long, each row to its own height. "
        "The line and the first figure at the right are p50, the dashes and the second p99.",
    )
    yield _stages(stages)
    if any(name.startswith(f"{WHOLE}.") for name in stages):
        yield "<h2>The whole, by decision and placement</h2>"
        yield _drawing(
            percentiles(stages), "How long a caller waits for the daemon at most, for how many of the commands."
        )


def _drawing(svg: str, caption: str) -> str:
    return f"<figure>\n{svg}\n<figcaption>{escape(caption)}</figcaption>\n</figure>"


def _facts(about: Mapping[str, Any]) -> str:
    requests, cache = about["requests"], about["cache"]
    facts = [
        ("decisions", f"{requests['total']:,}"),
        *[(name, f"{count:,}") for name, count in requests.items() if name != "total"],
        ("from memory", share(cache["hits"], cache["hits"] + cache["misses"])),
        ("up", f"{about['uptime_s']:,.0f} s"),
        ("memory", f"{about['rss_kib'] / 1024:.1f} MiB"),
        ("rules", f"{about['rule_count']:,}"),
    ]
    inside = "\n".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f"<dl>\n{inside}\n</dl>\n<p>Table <code>{escape(about['table'] or 'none in force')}</code></p>"


def _stages(stages: Mapping[str, Histogram]) -> str:
    rows = []
    for name, histogram in stages.items():
        row = summary(histogram)
        cells = [name, f"{row['count']:,}", *[f"{row[column]:,.1f}" for column in PERCENTILES]]
        rows.append([*map(escape, cells), WHOLE_IS if name == WHOLE else STAGES.get(name, "")])
    heads = ["stage", "count", *["p50", "p90", "p99", "p99.9", "max"], "in µs; what its time is spent on"]
    return _table(heads, rows)


def _placement(placement: Mapping[str, Any]) -> str:
    total = sum(entry["count"] for entry in placement.values())
    rows = [
        [
            escape(f"{place}: {reason}"),
            f"{count:,}",
            share(count, total),
            f'<meter max="{total}" value="{count}"></meter>',
        ]
        for place, entry in placement.items()
        for reason, count in reasons(entry).items()
    ]
    return _table(["placement and reason", "count", "share", ""], rows) if rows else "<p>Nothing yet.</p>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells of the last column are text, those between are numbers."""
    lines = [f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows]
    head = "".join(f"<th>{text}</th>" for text in heads)
    body = "\n".join(lines)
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'
