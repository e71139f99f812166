"""Shell lines in the helper that judges them for the daemon: times and memory, all packs on, beside another commit's.

`python perf/line_judge.py [--lines N] [--against COMMIT] [--at-most MEDIAN P95 MIB] [--json]`. The helper is the real
one, a process of its own, asked as the daemon asks it. Lines are the corpus of harmless ones, put together to some 200
bytes, none like another. With `--against` another commit's helper gets each line, too, the one first this time and the
other the next: `--against cfedb53` is the first release's. Of times the table has those by the clock; the processor's
are in brackets. `--count` counts instructions (`perf/line_counts.py`), which are the same on a busy machine.
"""

from __future__ import annotations

import argparse
import contextlib
import glob
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import callgrind
import line_counts
import yaml
from line_helper import FIRST_RELEASE, Helper, Took, together
from tree import ROOT, committed_tree, known_commit
from workload import compiled_home

CORPUS = os.path.join(ROOT, "tests", "corpus", "lines", "harmless", "*.yaml")
SIZE = 200
"""Bytes of a line, about."""

LONG = "; ".join(f"cmd{number} arg" for number in range(900))
"""900 commands in some 12 KB."""

HOSTILE = ("$(" * 10_000, "a;" * 500_000, "x=" + "a" * 1_000_000, "cat <<A\n" + "b $c\n" * 100_000)
"""Lines that are meant to take memory."""

WARM = 20
"""Lines before those that are timed: with the first, modules are imported and automata are built."""

Times = dict[str, dict[str, list[Took]]]
"""By helper and by what is asked of it."""


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


class Measure:
    """Helpers that are asked the same lines, in turn.

    Attributes:
        times: what they took.
        figures: what else was found, by helper.
    """

    def __init__(self, helpers: Mapping[str, Helper]) -> None:
        self._helpers = helpers
        self._source = lines()
        self.times: Times = {name: {} for name in helpers}
        self.figures: dict[str, dict[str, float]] = {name: {} for name in helpers}

    def run(self, count: int) -> None:
        """Asks all that is asked; so many single lines."""
        self._each("", 1, lambda helper, batch: helper.judge(*batch)[0], WARM)
        self._each("a line", 1, lambda helper, batch: helper.judge(*batch)[0], count)
        for name, helper in self._helpers.items():
            self.figures[name][f"MiB after {count} lines"] = helper.mib()
        few = max(count // 50, 5)
        self._each("10 in a row", 10, lambda helper, batch: together([helper.judge(each)[0] for each in batch]), few)
        self._each("8 at once", 8, lambda helper, batch: helper.judge(*batch)[0], few)
        self._each("in bash -c", 1, lambda helper, batch: helper.judge(_nested(batch[0]))[0], few * 5)
        for name, helper in self._helpers.items():
            took, answer = helper.judge(LONG)
            self.times[name]["900 commands"] = [took]
            self.figures[name]["commands judged"] = len(answer["commands"])
            for hostile in HOSTILE:
                helper.judge(hostile)
            self.figures[name]["MiB at most"] = helper.mib("VmHWM")

    def _each(self, what: str, size: int, ask: Callable[[Helper, Sequence[str]], Took], rounds: int) -> None:
        order = list(self._helpers.items())
        for _ in range(rounds):
            batch = list(itertools.islice(self._source, size))
            for name, helper in order:
                self.times[name].setdefault(what, []).append(ask(helper, batch))
            order.reverse()


def _nested(text: str) -> str:
    quoted = text.replace("'", "'\\''")
    return f"bash -c '{quoted}'"


def measure(count: int, commit: str) -> Measure:
    """Measures this tree's helper, and another commit's beside it where one is named."""
    names = _packs()
    with contextlib.ExitStack() as stack:
        helpers = {"now": stack.enter_context(_helper(names, ROOT, sys.executable))}
        if commit:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="ssb-"))
            tree = committed_tree(commit, os.path.join(directory, "old"))
            old = [name for name in names if os.path.exists(os.path.join(tree.root, f"safeshell/packs/{name}.yaml"))]
            helpers[commit[:7]] = stack.enter_context(_helper(old, tree.root, tree.python))
        made = Measure(helpers)
        made.run(count)
        return made


def _packs() -> list[str]:
    paths = sorted(glob.glob(os.path.join(ROOT, "safeshell", "packs", "*.yaml")))
    return [os.path.basename(path).removesuffix(".yaml") for path in paths]


def _rules(packs: Sequence[str]) -> str:
    included = ", ".join(f"pack:{name}" for name in packs)
    return f"version: 1\ninclude: [{included}]\nrules: []\n"


@contextlib.contextmanager
def _helper(packs: Sequence[str], root: str, python: str) -> Iterator[Helper]:
    with compiled_home(_rules(packs), python=python) as made:
        helper = Helper(made, root)
        try:
            yield helper
        finally:
            helper.close()


def counts(lines_counted: int, slowest: int) -> int:
    """Prints how many instructions lines take."""
    if why := callgrind.available():
        raise SystemExit(why)
    with compiled_home(_rules(_packs())) as made:
        found = line_counts.count(made, ROOT, lines(), lines_counted)
    sys.stdout.writelines(f"{line}\n" for line in line_counts.report(found, slowest))
    return 0


def percentile(times: Sequence[float], part: float) -> float:
    """The time that this part of some stays below."""
    return sorted(times)[min(int(len(times) * part), len(times) - 1)]


def summary(made: Measure) -> dict[str, dict[str, float]]:
    """All figures by helper: medians and 95th percentiles in ms, memory in MiB."""
    found: dict[str, dict[str, float]] = {}
    for name, asked in made.times.items():
        rows = found[name] = {}
        for what, took in asked.items():
            if not what:
                continue
            for kind in Took._fields:
                times = [getattr(each, kind) for each in took]
                rows[f"{what}, {kind}, median"] = statistics.median(times)
                if len(times) >= WARM:
                    rows[f"{what}, {kind}, p95"] = percentile(times, 0.95)
        rows.update(made.figures[name])
    return found


def table(found: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """The figures as rows of Markdown; with two helpers, the first's as a part of the other's."""
    helpers = list(found)
    yield f"|  | {' | '.join(helpers)} |{' ratio |' * (len(helpers) - 1)}"
    yield f"| --- |{' ---: |' * (2 * len(helpers) - 1)}"
    for what in found[helpers[0]]:
        if ", processor" in what:
            continue
        cells = [_cell(found[name], what) for name in helpers]
        if len(helpers) > 1:
            cells.append(f"{found[helpers[0]][what] / found[helpers[1]][what]:.2f}")
        yield f"| {what.replace(', clock', '')} | {' | '.join(cells)} |"


def _cell(rows: Mapping[str, float], what: str) -> str:
    value = f"{rows[what]:,.2f}"
    if ", clock" not in what:
        return f"{rows[what]:,.0f}"
    return f"{value} ms ({rows[what.replace('clock', 'processor')]:,.2f})"


def main() -> int:
    """Prints the figures; returns 1 where one is above what is allowed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1000, help="lines that are timed (default: 1000)")
    parser.add_argument("--against", metavar="COMMIT", help=f"also time that commit's ({FIRST_RELEASE}: first release)")
    parser.add_argument("--at-most", nargs=3, type=float, metavar=("MEDIAN", "P95", "MIB"), help="fail above these")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--count", action="store_true", help="count instructions instead (valgrind), of this tree's")
    parser.add_argument("--slowest", type=int, default=10, help="lines that --count shows (default: 10)")
    options = parser.parse_args()
    if options.count:
        return counts(options.lines, options.slowest)
    commit = known_commit(options.against, "asked for") if options.against else ""
    found = summary(measure(options.lines, commit))
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in table(found))
    median, p95, mib = options.at_most or (float("inf"),) * 3
    now = found["now"]
    slow = now["a line, clock, median"] > median or now["a line, clock, p95"] > p95
    return int(slow or now[f"MiB after {options.lines} lines"] > mib)


if __name__ == "__main__":
    sys.exit(main())
