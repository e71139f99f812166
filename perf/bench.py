"""`make bench`: measures, prints, and with --gate fails where a budget is exceeded.

Medians of interleaved runs, as ratios and differences to the native command of the same run: absolute figures don't
travel, these do.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import asdict

import decide
import overhead

OVERHEAD_US = 1000.0
"""What a command may cost over native, either placement: the promise."""

UNSEEN_US = 40.0
"""What deciding a command never seen before may cost against 1,000 rules, from the decoded request."""


def main() -> int:
    """Runs the benchmarks; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs, for CI")
    parser.add_argument("--gate", action="store_true", help="fail where a budget is exceeded")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as JSON")
    options = parser.parse_args()
    print(f"# {platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}")
    decided = decide.measure((10, 100, 1000), 2000 if options.quick else 10000)
    _print_decided(decided)
    timed = overhead.measure(150 if options.quick else 1000)
    _print_timed(timed)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            figures = {"decide": [asdict(row) for row in decided], "overhead": [_summary(row) for row in timed]}
            json.dump(figures, stream)
    return _gate(decided, timed) if options.gate else 0


def _print_decided(rows: list[decide.Decide]) -> None:
    print("\ndeciding, µs from the decoded request (medians; lines never repeat)")
    print(f"{'rules':>8} {'unseen':>8} {'cached':>8} {'first use of a command':>24} {'opening, ms':>12}")
    for row in rows:
        print(f"{row.rules:>8} {row.unseen:>8.1f} {row.cached:>8.1f} {row.first_use:>24.0f} {row.open_ms:>12.2f}")


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


def _summary(row: overhead.Overhead) -> dict[str, object]:
    return {
        "command": row.command,
        "placement": row.placement,
        "p50_us": row.timing.p50,
        "p99_us": row.timing.p99,
        "interval_us": row.timing.interval(),
        "over_native_us": None if row.native is None else row.timing.p50 - row.native.p50,
    }


def _gate(decided: list[decide.Decide], timed: list[overhead.Overhead]) -> int:
    failures = [
        f"deciding an unseen command against {row.rules} rules takes {row.unseen:.1f} µs, at most {UNSEEN_US}"
        for row in decided
        if row.unseen > UNSEEN_US
    ]
    for row in timed:
        over = 0.0 if row.native is None else row.timing.p50 - row.native.p50
        if over > OVERHEAD_US:
            failures.append(f"{row.command} {row.placement} costs {over:.0f} µs over native, at most {OVERHEAD_US}")
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    print("\n" + ("within the budgets" if not failures else f"{len(failures)} budgets exceeded"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
