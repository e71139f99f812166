"""Instructions that a shell line takes in the helper that judges them, all packs on: `line_judge.py --count`.

The helper of this tree under callgrind, hash seed fixed, counted from one request's first byte to the next one's, after
lines that warm it. Two runs of a tree differ by less than 0.5 %, on a busy machine, too.
"""

from __future__ import annotations

import glob
import itertools
import os
import re
import subprocess
from collections.abc import Iterable
from typing import NamedTuple

import callgrind
from line_helper import Helper
from workload import Running

WARM = 100
"""Lines before those that are counted."""

_TOTALS = re.compile(rb"^(?:summary|totals): (\d+)", re.MULTILINE)


class Counted(NamedTuple):
    """A line and its instructions."""

    instructions: int
    line: str


def count(made: Running, root: str, source: Iterable[str], lines: int) -> list[Counted]:
    """Counts so many lines, in their order.

    Args:
        made: whose rules are in force.
        root: where the tree stands whose helper is counted.
        source: the lines; the first `WARM` of them are not counted.
        lines: how many are.
    """
    output = os.path.join(made.home.root, "count")
    helper = Helper(made, root, callgrind.command(output, "--instr-atstart=no"))
    try:
        given = iter(source)
        for line in itertools.islice(given, WARM):
            helper.judge(line)
        helper.settle()
        _tell(helper.pid, "instrumentation", "on")
        helper.judge(next(given))  # callgrind reads each function's code the first time
        _tell(helper.pid, "zero")
        judged = list(itertools.islice(given, lines))
        for line in judged:
            helper.judge(line)
            _tell(helper.pid, "dump")
    finally:
        helper.close()
    dumps = [f"{output}.{number}" for number in range(1, len(judged) + 1)]
    if missing := set(dumps) - set(glob.glob(f"{output}.*")):
        raise SystemExit(f"callgrind wrote no {min(missing)}")
    return [Counted(_total(path), line) for path, line in zip(dumps, judged, strict=True)]


def _tell(pid: int, *words: str) -> None:
    """Tells callgrind something, as callgrind_control does, which takes ten times as long to start."""
    done = subprocess.run(["vgdb", f"--pid={pid}", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"vgdb {' '.join(words)} failed: {done.stderr.strip()}")


def _total(path: str) -> int:
    with open(path, "rb") as stream:
        found = _TOTALS.findall(stream.read())
    if not found:
        raise SystemExit(f"callgrind counted nothing in {path}")
    return int(found[-1])


def report(found: list[Counted], slowest: int) -> Iterable[str]:
    """The figures, and the lines that take most."""
    ordered = sorted(found, reverse=True)
    total = sum(each.instructions for each in found)
    yield f"{len(found)} lines, thousands of instructions a line:"
    for what, value in (
        ("mean", total // len(found)),
        ("median", ordered[len(found) // 2].instructions),
        ("p95", ordered[len(found) // 20].instructions),
        ("most", ordered[0].instructions),
    ):
        yield f"{what:<8} {value / 1000:>10,.0f}"
    for each in ordered[:slowest]:
        yield f"{each.instructions / 1000:>10,.0f}  {each.line[:300]!r}"
