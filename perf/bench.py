"""`make bench`: measures and prints; --page writes the figures into the documentation, --gate holds them to limits.

Medians of interleaved runs, as ratios and differences to the native command of the same run: absolute figures don't
travel, these do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

import limits
import page
import plots
from building import build
from sections import QUICK, SECTIONS, Found, Setting

NOISE = 2.0
"""What CI's noisy machines may take of a limit; `make bench` holds the figures to the plain ones."""


def main() -> int:
    """Runs the benchmarks; returns the exit status."""
    options = _options()
    names = options.only or (QUICK if options.quick else tuple(SECTIONS))
    print(f"# {machine()}", flush=True)
    found: dict[str, Found] = {}
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        setting = Setting(options.quick, build(directory))
        for name in names:
            found[name] = SECTIONS[name](setting)
            for table in found[name].tables:
                print(table.to_text(), flush=True)
    lines = [line for section in found.values() for line in section.lines]
    if lines:
        print(limits.table(lines).to_text())
    if options.json:
        _write(options.json, found)
    if options.page:
        _publish(options.page, found)
    return limits.judge(lines, NOISE if options.quick else 1.0) if options.gate else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, for CI")
    parser.add_argument("--only", action="append", choices=SECTIONS, metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--gate", action="store_true", help="fail where one of the gate's limits doesn't hold")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as JSON")
    parser.add_argument("--page", metavar="FILE", help="also write the figures into this page, and its plots beside it")
    return parser.parse_args()


def machine() -> str:
    """What the figures are of."""
    return (
        f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def _write(path: str, found: Mapping[str, Found]) -> None:
    record: dict[str, Any] = {"machine": machine(), **{name: section.record for name, section in found.items()}}
    record["budget"] = [
        {
            "what": line.what,
            "found": line.found,
            "unit": line.unit,
            "budget": line.budget,
            "stretch": line.stretch,
            "verdict": line.verdict,
        }
        for section in found.values()
        for line in section.lines
        if line.verdict
    ]
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(record, stream, indent=1)


def _publish(path: str, found: Mapping[str, Found]) -> None:
    contents = {table.name: table.to_markdown() for section in found.values() for table in section.tables}
    lines = [line for section in found.values() for line in section.lines]
    if set(found) >= set(SECTIONS):
        contents |= {"budget": limits.table(lines).to_markdown(), "machine": f"{machine()}."}
    page.refresh(path, contents)
    directory = os.path.splitext(path)[0]
    if not plots.draw({name: section.record for name, section in found.items()}, directory):
        print("matplotlib isn't installed: the plots stay as they were (pip install 'safeshell-guard[bench]')")


if __name__ == "__main__":
    sys.exit(main())
