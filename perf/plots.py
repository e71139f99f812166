"""The page's plots, as SVG (matplotlib: `pip install 'safeshell-guard[bench]'`)."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping
from typing import Any

COLOURS = {
    "native": "#6b7280",
    "reference, in place": "#93c5fd",
    "shim, in place": "#1d4ed8",
    "reference, daemon": "#fcd34d",
    "shim, daemon": "#b45309",
    "bash, in place": "#86efac",
    "bash, daemon": "#15803d",
}
WIDTH, HEIGHT = 7.5, 3.8  # inches
STEPS = 200
"""Of a distribution: more than the eye sees."""


def draw(records: Mapping[str, Any], directory: str) -> list[str]:
    """Draws what there are figures for; returns the files, none where matplotlib is not installed."""
    if importlib.util.find_spec("matplotlib") is None:
        return []
    import matplotlib as mpl  # noqa: PLC0415 # where it is installed

    mpl.use("svg")
    # The same figures give the same file; letters stay text, which a reader's own fonts draw.
    mpl.rcParams.update({"svg.hashsalt": "safeshell", "svg.fonttype": "none", "font.size": 9})
    os.makedirs(directory, exist_ok=True)
    return [
        _save(plot, records[section], os.path.join(directory, f"{name}.svg"))
        for name, (section, plot) in PLOTS.items()
        if records.get(section)
    ]


def _save(plot: Callable[[Any, Any], None], record: Any, path: str) -> str:
    from matplotlib.figure import Figure  # noqa: PLC0415 # where it is installed

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplots()
    plot(axes, record)
    axes.grid(visible=True, linewidth=0.3)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None})
    return path


def _overhead(axes: Any, rows: list[Any]) -> None:
    """What each way adds to each command."""
    ways = [way for way in COLOURS if way != "native" and not way.startswith("bash")]
    commands = list(dict.fromkeys(row["command"] for row in rows if row["how"] == "shim, in place"))
    by = {(row["command"], row["how"]): row["over_native_us"] for row in rows}
    height = 0.8 / len(ways)
    for number, way in enumerate(ways):
        chosen = [(at, by[command, way]) for at, command in enumerate(commands) if by.get((command, way))]
        values = [over[0] for _, over in chosen]
        errors = [
            [max(0.0, over[0] - over[1]) for _, over in chosen],
            [max(0.0, over[2] - over[0]) for _, over in chosen],
        ]
        places = [at + (number - (len(ways) - 1) / 2) * height for at, _ in chosen]
        axes.barh(places, values, height * 0.9, xerr=errors, color=COLOURS[way], label=way, error_kw={"linewidth": 0.8})
    axes.set_yticks(range(len(commands)), commands)
    axes.invert_yaxis()
    axes.set_xlabel("µs over native (medians, 95 % intervals)")
    axes.legend(frameon=False)


def _distribution(axes: Any, rows: list[Any]) -> None:
    """How the runs of `true` are spread."""
    highest = 0.0
    for row in rows:
        if row["command"] != "true" or row["how"] not in COLOURS or row["how"].startswith("bash"):
            continue
        ordered = sorted(row["samples_us"])
        samples = [ordered[int(len(ordered) * at / STEPS)] for at in range(STEPS)]
        highest = max(highest, samples[int(len(samples) * 0.97)])
        shares = [(at + 1) / len(samples) * 100 for at in range(len(samples))]
        axes.step(samples, shares, where="post", color=COLOURS[row["how"]], label=row["how"], linewidth=1.2)
    axes.set_xlim(0, highest)
    axes.set_xlabel("µs from spawn to reap of true")
    axes.set_ylabel("% of runs done")
    axes.legend(frameon=False, loc="lower right")


def _deciding(axes: Any, rows: list[Any]) -> None:
    """What a decision costs by number of rules."""
    sizes = [row["rules"] for row in rows]
    for name, label, colour in (
        ("decoded", "from the decoded request, a line never seen", "#b45309"),
        ("decoded_cached", "… a line again", "#fcd34d"),
        ("ready", "from ready facts, a line never seen", "#1d4ed8"),
        ("ready_cached", "… a line again", "#93c5fd"),
    ):
        axes.plot(sizes, [row[name] for row in rows], marker="o", color=colour, label=label)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("rules")
    axes.set_ylabel("µs (median)")
    axes.figure.legend(frameon=False, loc="outside upper center", ncols=2)


def _throughput(axes: Any, rows: list[Any]) -> None:
    """Commands a second by callers."""
    colours = {"commands, natively": "native"} | {
        f"commands, {name}": way
        for name, way in (
            ("in place", "shim, in place"),
            ("daemon", "shim, daemon"),
            ("reference, in place", "reference, in place"),
            ("reference, daemon", "reference, daemon"),
        )
    }
    for what, way in colours.items():
        points = [(row["callers"], row["per_second"]) for row in rows if row["what"] == what]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", color=COLOURS[way], label=what.removeprefix("commands, "))
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 8, 64], ["1", "8", "64"])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("callers at once")
    axes.set_ylabel("true, times a second")
    axes.legend(frameon=False)


PLOTS: dict[str, tuple[str, Callable[[Any, Any], None]]] = {
    "overhead": ("overhead", _overhead),
    "distribution": ("overhead", _distribution),
    "deciding": ("decide", _deciding),
    "throughput": ("throughput", _throughput),
}
"""By file: the section that it is of."""
