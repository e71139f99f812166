"""Shell lines in the helper that judges them for the daemon: time a line and memory, all packs on.

`python perf/line_judge.py [--lines N] [--json]`. The helper is the real one, a process of its own, asked as the daemon
asks it; a time goes from the request to the answer. Lines are the corpus of harmless ones, put together to some 200
bytes, none like another; `--at-most MEDIAN P95 MIB` fails above so many ms and MiB.
"""

from __future__ import annotations

import argparse
import glob
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

import yaml
from tree import HERE
from workload import compiled_home

from safeshell.home.paths import Home
from safeshell.policy.store.reading import read_current
from safeshell.shell.frames import frame, read

ROOT = os.path.dirname(HERE)
PACKS = os.path.join(ROOT, "safeshell", "packs", "*.yaml")
CORPUS = os.path.join(ROOT, "tests", "corpus", "lines", "harmless", "*.yaml")
SIZE = 200
"""Bytes of a line, about."""

LONG = "; ".join(f"cmd{number} arg" for number in range(900))
"""900 commands in some 12 KB."""


class Helper:
    """The helper's process.

    Args:
        home: whose rules are in force.
    """

    def __init__(self, home: Home) -> None:
        current, self._sections = read_current(home.tables, [home.rules])[0][home.rules]
        self._table = (current.digest, "/", f"/proc/{os.getpid()}/fd/{self._sections.descriptor}")
        words = [sys.executable, "-I", "-X", "utf8", "-m", "safeshell.shell.worker", home.root]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input: BinaryIO = self._process.stdin  # type: ignore[assignment] # opened as bytes
        self._output: BinaryIO = self._process.stdout  # type: ignore[assignment] # likewise

    def judge(self, line: str) -> tuple[float, dict[str, Any]]:
        """Has a line judged; returns how long that took, ms, and the answer."""
        request = {
            "line": line.encode("utf-8", "surrogateescape").decode("latin-1"),
            "environment": "HOME=/home/ann\0PATH=/usr/bin:/bin\0SAFESHELL_CONTEXT=ai",
            "directory": "/usr",
            "markers": [],
            "tables": [self._table],
            "rules": [],
            "elsewhere": [],
            "shell": "bash",
        }
        began = time.perf_counter()
        self._input.write(frame(request))
        self._input.flush()
        answer: dict[str, Any] = {"begun": True}
        while answer is not None and "begun" in answer:
            answer = read(self._output) or {}
        return (time.perf_counter() - began) * 1000, answer

    def mib(self, field: str = "VmRSS") -> float:
        """What it holds in memory, or held at most (`VmHWM`), MiB."""
        with open(f"/proc/{self._process.pid}/status", encoding="ascii") as stream:
            rows = dict(line.split(":", 1) for line in stream)
        return int(rows[field].split()[0]) / 1024

    def close(self) -> None:
        """Ends it."""
        self._input.close()
        self._process.wait(10)


def lines() -> Iterator[str]:
    """Lines of about `SIZE` bytes, without end."""
    known = [entry["line"] for path in sorted(glob.glob(CORPUS)) for entry in _entries(path)]
    chosen = random.Random(1)  # the same lines each time
    for number in itertools.count():
        line = f"echo {number}"
        while len(line) < SIZE:
            line = f"{line}\n{chosen.choice(known)}"
        yield line


def _entries(path: str) -> list[dict[str, Any]]:
    with open(path, encoding="utf-8") as stream:
        found: list[dict[str, Any]] = yaml.safe_load(stream)
    return found


def measure(count: int) -> dict[str, float]:
    """All figures: times in ms, memory in MiB."""
    packs = ", ".join(f"pack:{os.path.basename(path).removesuffix('.yaml')}" for path in sorted(glob.glob(PACKS)))
    with compiled_home(f"version: 1\ninclude: [{packs}]\nrules: []\n") as made:
        return _measure(count, made.home)


def _measure(count: int, home: Home) -> dict[str, float]:
    source = lines()
    helper = Helper(home)
    try:
        for line in itertools.islice(source, 20):
            helper.judge(line)
        took = sorted(helper.judge(line)[0] for line in itertools.islice(source, count))
        found = {"median": statistics.median(took), "p95": took[int(count * 0.95)], "max": took[-1]}
        found["mib"] = helper.mib()
        tens = [sum(helper.judge(line)[0] for line in itertools.islice(source, 10)) for _ in range(20)]
        found["ten in a row"] = statistics.median(tens)
        found["bash -c"] = statistics.median(helper.judge(f"bash -c {_quoted(next(source))}")[0] for _ in range(100))
        took_long, answer = helper.judge(LONG)
        found["900 commands"], found["900 judged"] = took_long, float(len(answer.get("commands", ())))
        for hostile in ("$(" * 10_000, "a;" * 500_000, "x=" + "a" * 1_000_000, "cat <<A\n" + "b $c\n" * 100_000):
            helper.judge(hostile)
        found["mib at most"] = helper.mib("VmHWM")
    finally:
        helper.close()
    found["eight at once"] = _at_once(home, 8)
    return found


def _at_once(home: Home, count: int) -> float:
    """From the first request of so many to the last answer of one helper, ms."""
    helper = Helper(home)
    source = lines()
    try:
        helper.judge(next(source))
        runs = []
        for _ in range(20):
            batch = list(itertools.islice(source, count))
            began = time.perf_counter()
            for line in batch:  # as the daemon's queue has them: one after another
                helper.judge(line)
            runs.append((time.perf_counter() - began) * 1000)
        return statistics.median(runs)
    finally:
        helper.close()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def main() -> int:
    """Prints the figures; returns 1 where one is above what is allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1000, help="lines that are timed (default: 1000)")
    parser.add_argument("--at-most", nargs=3, type=float, metavar=("MEDIAN", "P95", "MIB"), help="fail above these")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    found = measure(options.lines)
    if options.json:
        sys.stdout.write(json.dumps({name: round(value, 3) for name, value in found.items()}) + "\n")
    else:
        sys.stdout.writelines(f"{name:16} {value:9.2f}\n" for name, value in found.items())
    median, p95, mib = options.at_most or (float("inf"),) * 3
    return int(found["median"] > median or found["p95"] > p95 or found["mib"] > mib)


if __name__ == "__main__":
    sys.exit(main())
