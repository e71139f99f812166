"""`make bench`: measures, prints, and with --gate fails where a budget is exceeded.

Medians of interleaved runs, as ratios and differences to the native command of the same run: absolute figures don't
travel, these do.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import asdict, dataclass
from typing import Any

import compiling
import decide
import overhead
import peers

OVERHEAD_US = 1000.0
"""What a command may cost over native, either placement: the promise."""

DECIDE_US = {"ready": 10.0, "decoded": 40.0, "ready_cached": 2.0, "decoded_cached": 20.0}
"""Medians of deciding, at any number of rules."""

FLAT = 2.0
"""What the largest table may cost as a multiple of the smallest."""

COMPILE_S, COMPILE_MIB, UNCHANGED_S = 10.0, 500.0, 0.15
OPEN_MS = 100.0

NOISE = 2.0
"""What CI's noisy machines may take of a budget; `make bench` holds the figures to the plain ones."""


@dataclass
class Figures:
    """Everything that was measured."""

    decided: list[dict[str, float]]
    peers: dict[str, dict[int, float]]
    compiled: list[compiling.Compile]
    timed: list[overhead.Overhead]


def main() -> int:
    """Runs the benchmarks; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs, no peers, for CI")
    parser.add_argument("--gate", action="store_true", help="fail where a budget is exceeded")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as JSON")
    options = parser.parse_args()
    quick = options.quick
    print(f"# {platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}", flush=True)
    # First, for a process that is started by a large one counts that one's size as its own peak.
    compiled = compiling.measure((1000,) if quick else (100, 1000, 10000), 7)
    _print_compiled(compiled)
    sizes = (10, 100, 1000) if quick else (10, 100, 1000, 10000)
    decided = decide.measure(sizes, 1500 if quick else 6000)
    _print_decided(decided)
    asked = {} if quick else peers.measure(sizes, 2.0)
    _print_peers(asked, sizes)
    timed = overhead.measure(150 if quick else 1000)
    _print_timed(timed)
    figures = Figures(decided, asked, compiled, timed)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(_record(figures), stream, indent=1)
    return _gate(figures, NOISE if quick else 1.0) if options.gate else 0


def _print_decided(rows: list[dict[str, float]]) -> None:
    print("\ndeciding, µs (medians; lines never repeat): from ready facts, and from the decoded request")
    print(f"{'rules':>8} {'ready':>8} {'cached':>8} {'decoded':>8} {'cached':>8} {'first use':>10} {'opening, ms':>12}")
    for row in rows:
        figures = "".join(f" {row[name]:>8.1f}" for name in ("ready", "ready_cached", "decoded", "decoded_cached"))
        print(f"{row['rules']:>8.0f}{figures} {row['first_use']:>10.0f} {row['open_ms']:>12.2f}", flush=True)


def _print_peers(found: dict[str, dict[int, float]], sizes: tuple[int, ...]) -> None:
    if found:
        print("\nthe same policy elsewhere, µs a question (medians, in the same run)")
        print(f"{'rules':<24}" + "".join(f" {size:>9}" for size in sizes))
        for name, row in found.items():
            print(f"{name:<24}" + "".join(f" {row[size]:>9.1f}" for size in sizes), flush=True)


def _print_compiled(rows: list[compiling.Compile]) -> None:
    print("\ncompiling, whole process")
    for row in rows:
        print(f"{row.what:<32} {row.seconds:>7.2f} s {row.peak_mib:>7.0f} MiB", flush=True)


def _print_timed(rows: list[overhead.Overhead]) -> None:
    print("\na whole command, µs from spawn to reap (interleaved)")
    heads = f"{'p50':>8} {'95 % interval':>18} {'p99':>8} {'over native':>12} {'ratio':>6}"
    print(f"{'command':<16} {'placement':<10} {heads}")
    for row in sorted(rows, key=lambda row: row.command):
        low, high = row.timing.interval()
        over = "" if row.native is None else f"{row.timing.p50 - row.native.p50:+.0f}"
        ratio = "" if row.native is None else f"{row.timing.p50 / row.native.p50:.2f}"
        interval = f"{low:.0f} to {high:.0f}"
        print(
            f"{row.command:<16} {row.placement:<10} {row.timing.p50:>8.0f} {interval:>18} {row.timing.p99:>8.0f} "
            f"{over:>12} {ratio:>6}"
        )


def _record(figures: Figures) -> dict[str, Any]:
    return {
        "decide": figures.decided,
        "peers": figures.peers,
        "compile": [asdict(row) for row in figures.compiled],
        "overhead": [
            {
                "command": row.command,
                "placement": row.placement,
                "p50_us": row.timing.p50,
                "p99_us": row.timing.p99,
                "interval_us": row.timing.interval(),
                "over_native_us": None if row.native is None else row.timing.p50 - row.native.p50,
            }
            for row in figures.timed
        ],
    }


def _gate(figures: Figures, noise: float) -> int:
    failures = []

    def check(what: str, found: float, limit: float) -> None:
        if found > limit:
            failures.append(f"{what}: {found:.1f}, at most {limit:g}")

    for row in figures.decided:
        for name, limit in DECIDE_US.items():
            check(f"deciding against {row['rules']:.0f} rules, {name}, µs", row[name], limit * noise)
        check(f"opening a table of {row['rules']:.0f} rules, ms", row["open_ms"], OPEN_MS)
    check("the largest table over the smallest", figures.decided[-1]["ready"] / figures.decided[0]["ready"], FLAT)
    for compiled in figures.compiled:
        unchanged = "unchanged" in compiled.what
        check(f"compiling {compiled.what}, s", compiled.seconds, UNCHANGED_S * noise if unchanged else COMPILE_S)
        check(f"compiling {compiled.what}, MiB", compiled.peak_mib, COMPILE_MIB)
    for timed in figures.timed:
        if timed.native is not None:
            over = timed.timing.p50 - timed.native.p50
            check(f"{timed.command} {timed.placement}, µs over native", over, OVERHEAD_US)
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    print("\n" + ("within the budgets" if not failures else f"{len(failures)} budgets exceeded"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
