"""What `make bench` is made of: each section measures one thing and says it in tables, limits and plain figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import agent_hooks
import bucket
import compiling
import decide
import ledger
import lifecycle
import overhead
import peers
import process_peers
import throughput
from building import Programs
from limits import Line
from tables import NONE, Table, figure, interval
from timing import Estimate, estimate, percentile

from safeshell.install.native import native_hook

DECIDE_US = {"ready": 10.0, "decoded": 40.0, "ready_cached": 2.0, "decoded_cached": 20.0}
"""Medians of deciding, at any number of rules."""

FLAT = 2.0
"""What the largest table may cost as a multiple of the smallest."""

COMPILE_S, COMPILE_MIB, UNCHANGED_S = 10.0, 500.0, 0.15
OPEN_MS = 100.0
FIRST_MS, FIRST_MIB = 20.0, 3.0
"""The first command of 10,000 rules about its name."""


@dataclass(frozen=True)
class Setting:
    """How much to measure.

    Attributes:
        quick: for CI: less of everything.
        programs: the benchmark's own in C; None without a compiler.
    """

    quick: bool
    programs: Programs | None

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of rules."""
        return (10, 100, 1000) if self.quick else (10, 100, 1000, 10000)


@dataclass
class Found:
    """What a section found.

    Attributes:
        tables: to print, and for the page.
        lines: the limits it is held to.
        record: for JSON, and for the plots.
    """

    tables: list[Table] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    record: Any = None


def _exactly(value: float) -> Estimate:
    return Estimate(value, value, value)


def compiled(setting: Setting) -> Found:
    """Compiling."""
    rows = compiling.measure((1000,) if setting.quick else (100, 1000, 10000), 7)
    found = Found(record=[asdict(row) for row in rows])
    cells = [(row.what, f"{row.seconds:.2f} s", f"{row.peak_mib:.0f} MiB") for row in rows]
    found.tables.append(Table("compile", "compiling, whole process", ("policy", "time", "peak memory"), cells))
    for row in rows:
        limit = UNCHANGED_S if "unchanged" in row.what else COMPILE_S
        took = Estimate(row.seconds, row.fastest, row.seconds)
        found.lines.append(Line(f"compiling {row.what}", took, "s", held=limit))
        found.lines.append(Line(f"compiling {row.what}", _exactly(row.peak_mib), "MiB", held=COMPILE_MIB))
    return found


def decided(setting: Setting) -> Found:
    """Deciding, by number of rules."""
    rows = decide.measure(setting.sizes, 1500 if setting.quick else 6000)
    found = Found(record=rows)
    names = ("ready", "ready_cached", "decoded", "decoded_cached", "first_use")
    cells = [(f"{row['rules']:,.0f}", *(f"{row[name]:.1f}" for name in names), f"{row['open_ms']:.2f}") for row in rows]
    heads = ("rules", "ready facts", "cached", "decoded request", "cached", "first use", "opening, ms")
    found.tables.append(Table("decide", "deciding, µs (medians; lines never repeat)", heads, cells))
    for row in rows:
        for name, limit in DECIDE_US.items():
            what = f"deciding against {row['rules']:.0f} rules, {name}"
            found.lines.append(Line(what, _exactly(row[name]), "µs", held=limit))
        found.lines.append(Line(f"opening {row['rules']:.0f} rules", _exactly(row["open_ms"]), "ms", held=OPEN_MS))
    flat = rows[-1]["ready"] / rows[0]["ready"]
    found.lines.append(Line("deciding against the largest table over the smallest", _exactly(flat), "times", held=FLAT))
    return found


def one_bucket(setting: Setting) -> Found:
    """Deciding where all rules are about one command name."""
    row = bucket.measure(3 if setting.quick else 9)
    cells = [
        ("the first command", f"{row.first_ms:.1f} ms", f"{row.first_mib:.1f} MiB"),
        (f"the next {bucket.NEXT}, lines never seen", f"{row.next_us:.0f} µs", f"{row.next_mib:.1f} MiB"),
    ]
    title = f"{bucket.RULES_COUNT:,} rules about one command name (medians)"
    found = Found([Table("bucket", title, ("", "deciding", "memory so far"), cells)], record=asdict(row))
    found.lines = [
        Line("the first command of 10,000 rules about it", _exactly(row.first_ms), "ms", held=FIRST_MS),
        Line("its memory", _exactly(row.first_mib), "MiB", held=FIRST_MIB),
    ]
    return found


def hooked(setting: Setting) -> Found:
    """Agents' hooks."""
    program = native_hook()
    if program is None or setting.programs is None or setting.programs.empty is None:
        return Found()
    row = agent_hooks.measure(100 if setting.quick else 1000, program, setting.programs.empty)
    figures = [(name, timing, percentile(timing.samples, 0.95)) for name, timing in row.cases()]
    cells = [(name, f"{timing.p50 / 1000:.2f}", f"{slow / 1000:.2f}") for name, timing, slow in figures]
    title = f"a whole hook of an agent, lines never seen, {agent_hooks.RULES_COUNT} rules, ms"
    found = Found([Table("hooks", title, ("", "p50", "p95"), cells)], record=asdict(row))
    middle = estimate(lambda own: own / 1000, row.over)
    slow = estimate(lambda own: own / 1000, row.over, statistic=lambda samples: percentile(samples, 0.95))
    found.lines = [
        Line("a hook over an empty program", middle, "ms", budget=5, stretch=2, held=15),
        Line("the same, p95", slow, "ms", budget=12, stretch=5),
    ]
    return found


def engines(setting: Setting) -> Found:
    """Other policy engines on the same policy."""
    rows = peers.measure(setting.sizes, 2.0)
    cells = [(name, *(f"{row[size]:,.1f}" for size in setting.sizes)) for name, row in rows.items()]
    heads = ("rules", *(f"{size:,}" for size in setting.sizes))
    title = "the same policy in other engines, µs a question (medians, same run)"
    return Found([Table("engines", title, heads, cells)], record=rows)


def timed(setting: Setting) -> Found:
    """Whole commands."""
    measure = (
        overhead.measure_quick(setting.programs, 150)
        if setting.quick
        else overhead.measure(setting.programs, 1000, 200)
    )
    rows = sorted(measure, key=lambda row: row.command)
    heads = ("command", "", "p50, µs", "p99, µs", "over native, µs", "times native", "times the reference's")
    cells = [
        (
            row.command,
            row.how,
            interval(row.median()),
            figure(row.p99()),
            interval(row.over_native(), sign="+"),
            figure(row.ratio(), 2),
            interval(row.times_reference(), 2),
        )
        for row in rows
    ]
    title = "a whole command, from spawn to reap (interleaved; medians with their 95 % intervals)"
    found = Found([Table("overhead", title, heads, cells, left=2)], _overhead_lines(rows))
    found.record = [
        {
            "command": row.command,
            "how": row.how,
            "p50_us": row.median(),
            "p99_us": row.p99(),
            "over_native_us": row.over_native(),
            "times_native": row.ratio(),
            "times_reference": row.times_reference(),
            "samples_us": row.timing.samples,
        }
        for row in rows
    ]
    return found


def _overhead_lines(rows: list[overhead.Row]) -> list[Line]:
    """The budget's lines about commands, and what the gate holds: ratios only where the reference could be built."""
    by = {(row.command, row.how): row for row in rows}
    listing = f"ls ({overhead.FILES} files)"
    lines: list[Line] = []

    def add(
        what: str,
        found: Estimate | None,
        unit: str,
        budget: float = math.nan,
        stretch: float = math.nan,
        held: float = math.nan,
    ) -> None:
        if found is not None:
            lines.append(Line(what, found, unit, budget, stretch, held))

    place, daemon = by["true", "shim, in place"], by["true", "shim, daemon"]
    add("`true`, in place, over native", place.over_native(), "µs", budget=300, stretch=220)
    add("the same, as the reference's", place.times_reference(), "times", budget=1.6, stretch=1.3, held=6)
    add("`true`, in the daemon, over native", daemon.over_native(), "µs", budget=600, stretch=500)
    add("the same, as the reference's", daemon.times_reference(), "times", budget=1.4, stretch=1.2, held=4)
    add("the same, p99 over native's p99", _p99_over_native(daemon), "µs", budget=1000, stretch=1000)
    add("`ls`, in the daemon, over native", by[listing, "shim, daemon"].over_native(), "µs", budget=900, stretch=600)
    alone = by.get((overhead.CLIENT_ALONE, "shim"))
    if alone is not None:
        add("the client alone, as an empty program", alone.ratio(), "times", budget=3, stretch=2.5, held=4)
    denied = by[overhead.DENIED, "shim"]
    add("a denied command", denied.median(), "µs", budget=450, stretch=350)
    add("a denied command, as the reference's", denied.times_reference(), "times", held=5)
    bash, parts = (
        by.get(("true", "bash, in place")),
        [by.get((name, overhead.NATIVE)) for name in ("bash -c :", "nc -h")],
    )
    if bash is not None and parts[0] is not None and parts[1] is not None:
        ratio = estimate(lambda own, shell, tool: own / (shell + tool), bash.timing, parts[0].timing, parts[1].timing)
        add(
            "the fallback client, in place, as `bash -c :` and `nc -h`",
            ratio,
            "times",
            budget=2.5,
            stretch=1.5,
            held=10,
        )
    return lines


def _p99_over_native(row: overhead.Row) -> Estimate | None:
    if row.native is None:
        return None
    return estimate(lambda own, native: own - native, row.timing, row.native, statistic=overhead.p99)


def spent(setting: Setting) -> Found:
    """Where the time goes."""
    parts = ledger.measure(setting.programs)
    cells = [(part.where, part.what, f"{part.microseconds:,.1f}") for part in parts]
    title = "where the time of a command goes, µs (medians; each part alone and warm, but the front's in use)"
    return Found(
        [Table("ledger", title, ("who", "what", "µs"), cells, left=2)], record=[asdict(part) for part in parts]
    )


def rates(setting: Setting) -> Found:
    """Throughput."""
    if setting.programs is None:
        return Found()
    callers = (1, 8, 64)
    rows = throughput.measure(setting.programs, callers, 3.0)
    by = {(row.what, row.callers): row.per_second for row in rows}
    names = list(dict.fromkeys(row.what for row in rows))
    cells = [(name, *(f"{by[name, count]:,.0f}" for count in callers)) for name in names]
    heads = ("a second", *(f"{count} caller{'s' * (count > 1)}" for count in callers))
    found = Found([Table("throughput", "done in a second, by callers at once", heads, cells)])
    found.record = [asdict(row) for row in rows]
    eight = next(rate for (name, count), rate in by.items() if count == 8 and "never seen" in name)
    found.lines.append(Line("decisions a second, 8 callers", _exactly(eight), "", 6000, 12000, 1500, at_least=True))
    return found


def service(setting: Setting) -> Found:
    """The daemon's start, reload and memory."""
    row = lifecycle.measure(5 if setting.quick else 20)
    ms = {
        name: estimate(lambda own: own / 1000, timing)
        for name, timing in (("start", row.start), ("reload", row.reload), ("edit", row.edit))
    }
    count = f"{lifecycle.RULES_COUNT:,} rules"
    cells = [
        (f"from exec to the first answer, {count}", f"{interval(ms['start'], 1)} ms"),
        ("reload, nothing changed", f"{interval(ms['reload'], 1)} ms"),
        ("from an edit of 30 rules to a decision by them", f"{interval(ms['edit'], 1)} ms"),
        (f"resident memory, {count}", f"{row.rss_mib:.1f} MiB"),
        ("the same, shared pages by share", f"{row.pss_mib:.1f} MiB" if row.pss_mib else NONE),
    ]
    found = Found([Table("lifecycle", "the daemon", ("", "median (95 % interval)"), cells)])
    found.lines = [
        Line("the daemon, from exec to first answer", ms["start"], "ms", budget=80, stretch=50, held=300),
        Line(f"its memory with {count}", _exactly(row.rss_mib), "MiB", budget=30, stretch=22, held=40),
    ]
    found.record = {"ms": ms, "rss_mib": row.rss_mib, "pss_mib": row.pss_mib}
    return found


def around(setting: Setting) -> Found:
    """Other programs around the same command."""
    rows = process_peers.measure(30 if setting.quick else 300)
    tables = []
    for judges, name, title in (
        (False, "around", "other programs around the same `true` (same run)"),
        (True, "judging", "judging one command by a process of its own, beside a denied command (same run)"),
    ):
        chosen = [row for row in rows if row.judges is judges]
        first = chosen[0].timing
        cells = [
            (
                row.name,
                interval(estimate(lambda own: own, row.timing)),
                interval(estimate(lambda own, base: own - base, row.timing, first), sign="+") if at else NONE,
            )
            for at, row in enumerate(chosen)
        ]
        tables.append(Table(name, title, ("", "p50, µs", f"over {chosen[0].name}, µs"), cells))
    return Found(tables, record=[{"name": row.name, "samples_us": row.timing.samples} for row in rows])


Section = Callable[[Setting], Found]

SECTIONS: dict[str, Section] = {
    # First, for a process that is started by a large one counts that one's size as its own peak.
    "compile": compiled,
    "decide": decided,
    "bucket": one_bucket,
    "overhead": timed,
    "hooks": hooked,
    "ledger": spent,
    "lifecycle": service,
    "throughput": rates,
    "engines": engines,
    "peers": around,
}

QUICK = ("compile", "decide", "overhead")
"""What CI has time for."""
