"""Plots of the figures: SVG whose colours are the page's CSS variables, so that one drawing is right in light and dark.

Imported only where a page is made: matplotlib is an extra.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from safeshell.metrics.histogram import Histogram
from safeshell.metrics.stages import DECISIONS, PLACEMENTS, WHOLE

_COLOURS = {
    "#010101": "ink",
    "#020202": "faint",
    "#030303": "grid",
    "#040404": "series-1",
    "#050505": "series-2",
    "#060606": "series-3",
    "#070707": "series-4",
    "#080808": "series-5",
    "#090909": "series-6",
}
"""Colours that stand for the page's: they are replaced by its variables in the finished drawing."""

_INK, _FAINT, _GRID, *_SERIES = _COLOURS
_STYLE: Any = {
    "svg.fonttype": "none",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.family": ["sans-serif"],
    "font.size": 11,
    "text.color": _INK,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "xtick.color": _FAINT,
    "ytick.color": _FAINT,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "grid.color": _GRID,
}

_BINS = 8
"""Bins of a distribution in each power of two."""

_NINES = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999)


def duration(ns: float) -> str:
    """A duration in the unit that reads best, with three digits at most."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns < 1000 * size else f"{ns / size:.0f} {unit}"
    return f"{ns:.0f} ns"


def distributions(stages: Mapping[str, Histogram]) -> str:
    """One row a stage, over one logarithmic axis: how often it took how long, with p50 and p99 marked."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9.2, 0.6 + 0.5 * len(stages)), layout="constrained")
        axes = figure.add_subplot()
        names = [*reversed([*stages])]
        for row, name in enumerate(names):
            _ridge(axes, row, stages[name], _SERIES[1 if name == WHOLE else 0])
        axes.set_yticks(range(len(names)), names, va="bottom")
        axes.set_ylim(-0.15, len(stages) - 0.05)
        axes.tick_params(axis="y", length=0)
        _logarithmic(axes, "x")
        axes.grid(axis="x", linewidth=0.6)
        _bare(axes, "bottom")
        return _svg(figure, "distributions", "How long each stage took, as distributions over a logarithmic axis")


def percentiles(stages: Mapping[str, Histogram]) -> str:
    """The whole by decision and placement: how long it took at most, for how many of the commands."""
    names = [name for name in (*DECISIONS, *PLACEMENTS) if f"{WHOLE}.{name}" in stages]
    most = max((len(stages[f"{WHOLE}.{name}"]) for name in names), default=1)
    shown = [nine for nine in _NINES if nine <= 90 or most * (100 - nine) >= 100]
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9.2, 4.2), layout="constrained")
        axes = figure.add_subplot()
        for number, name in enumerate(names):
            histogram = stages[f"{WHOLE}.{name}"]
            points = _curve(histogram, shown[-1])
            wanted = histogram.percentiles(*points)
            dashes = (0, (2, 4)) if name in PLACEMENTS else "-"  # what both decided and placed shows through
            axes.plot([_nines(point) for point in points], wanted, ls=dashes, color=_SERIES[number], label=name, lw=2)
        axes.xaxis.set_major_locator(FixedLocator([_nines(nine) for nine in shown]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda _x, place: f"{shown[place or 0]:g} %"))
        axes.set_xlim(0, _nines(shown[-1]))
        _logarithmic(axes, "y")
        axes.grid(linewidth=0.6)
        _bare(axes, "bottom", "left")
        axes.set_xlabel("of the commands took at most")
        if names:
            axes.legend(frameon=False, ncols=len(names), loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)
        return _svg(figure, "percentiles", "The whole by decision and placement, by percentile")


def _ridge(axes: Axes, row: int, histogram: Histogram, colour: str) -> None:
    edges, heights = _density(histogram)
    if not heights:
        return
    tallest = max(heights)
    axes.stairs([row + 0.85 * height / tallest for height in heights], edges, baseline=row, fill=True, color=colour)
    p50, p99 = histogram.percentiles(50, 99)
    axes.plot([p50, p50], [row, row + 0.85], color=_INK, linewidth=1.4)
    axes.plot([p99, p99], [row, row + 0.45], color=_INK, linewidth=1.0, linestyle=(0, (2, 1.5)))
    text = f"{duration(p50)}, {duration(p99)}"
    axes.annotate(text, (1.01, row), xycoords=("axes fraction", "data"), va="bottom", fontsize=10)


def _density(histogram: Histogram) -> tuple[list[float], list[float]]:
    """Edges of bins, in ns, and how many fell into each for its width on a logarithmic axis."""
    bins: dict[int, int] = {}
    for least, _, count in histogram.buckets():
        place = math.floor(math.log2(max(least, 1)) * _BINS)
        bins[place] = bins.get(place, 0) + count
    if not bins:
        return [], []
    places = range(min(bins), max(bins) + 1)
    return [2 ** (place / _BINS) for place in (*places, places[-1] + 1)], [bins.get(place, 0) for place in places]


def _curve(histogram: Histogram, last: float) -> list[float]:
    """Percentiles to draw a line through: even steps on the axis of nines, as far as there are commands for them."""
    end = min(_nines(last), math.log10(max(2, len(histogram))))
    return [100 - 100 / 10 ** (end * step / 200) for step in range(201)]


def _nines(percentage: float) -> float:
    """The place on an axis that gives each nine the same room."""
    return -math.log10(1 - percentage / 100)


def _logarithmic(axes: Axes, which: str) -> None:
    if which == "x":
        axes.set_xscale("log")
    else:
        axes.set_yscale("log")
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(10, numticks=15))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda ns, _place: duration(ns)))


def _bare(axes: Axes, *kept: str) -> None:
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in kept)


def _svg(figure: Figure, name: str, description: str) -> str:
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = stream.getvalue()
    return _for_page(text[text.index("<svg") :], name, description)


def _for_page(svg: str, name: str, description: str) -> str:
    """Takes the page's colours and width; ids are unique among the drawings of a page."""
    for colour, variable in _COLOURS.items():
        svg = svg.replace(colour, f"var(--{variable})")
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return re.sub(r' width="[^"]*"| height="[^"]*"', "", svg, count=2).replace(
        "<svg", f'<svg role="img" aria-label="{description}"', 1
    )
