"""`make bench-gate`: this tree against the commit that `perf/BASELINE` names, built and measured in the same run.

Fails where the client or the daemon takes over 10 % more instructions for a request, and names the functions that do;
and where a command's overhead, as a ratio to the native command or to the reference's overhead, is over 10 % worse than
the baseline's and the two confidence intervals don't meet.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import callgrind
import counts
from building import Programs, build
from callgrind import Count
from overhead import RULES, Row, check_placement, work_tree
from reference import reference
from timing import Case, Estimate, Timing, interleave
from tree import HERE, Tree, baseline_commit, committed_tree, native_directory, working_tree
from workload import compiled_home, configuration, running_home

WORSE = 1.10
"""What is let pass: instructions differ by this much for reasons of layout, and of the collector's rounds."""


@dataclass(frozen=True)
class Compared:
    """One figure of both trees.

    Attributes:
        what: it is of.
        before, after: the baseline's and this tree's.
        culprit: what grew, where it is worse; "" where it isn't, or where that can't be said.
    """

    what: str
    before: Estimate
    after: Estimate
    culprit: str = ""

    @property
    def worse(self) -> bool:
        """Whether it is worse by more than is let pass, and by more than noise."""
        return self.after.value > self.before.value * WORSE and self.after.clearly_above(self.before)


def main() -> int:
    """Measures, prints, judges; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400, metavar="N", help="rounds of timing (default: 400)")
    parser.add_argument("--without-counts", action="store_true", help="only compare times: no valgrind is needed")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as JSON")
    options = parser.parse_args()
    why = "" if options.without_counts else callgrind.available()
    if why:
        raise SystemExit(f"instructions can't be counted: {why}\nhint: install it, or --without-counts")
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        programs = build(directory)
        if programs is None:
            return 1
        found = compare(programs, directory, options.runs, with_counts=not options.without_counts)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(record(found), stream, indent=1)
    return judge(found)


def compare(programs: Programs, directory: str, runs: int, *, with_counts: bool) -> list[Compared]:
    """Prepares both trees, counts them, times them; prints as it goes.

    Raises:
        SystemExit: the baseline can't be had.
    """
    commit = baseline_commit()
    before = committed_tree(commit, os.path.join(directory, "old"))
    after = working_tree(os.path.join(directory, "new"))
    print(f"\nagainst the {before.name}", flush=True)
    counted = _count(before, after, programs) if with_counts else []
    timed = _time(before, after, programs, runs)
    _print(counted, timed)
    return counted + timed


def _count(before: Tree, after: Tree, programs: Programs) -> list[Compared]:
    with ThreadPoolExecutor(2) as both:  # counts don't mind company
        old, new = both.map(lambda tree: counts.count(tree, programs), (before, after))
    found = [Compared(what, _exactly(old[what].total), _exactly(new[what].total)) for what in new]
    blamed = _python_growth(before, after, programs) if any(_in_daemon(one) for one in found if one.worse) else ""
    return [_blame(one, old[one.what], new[one.what], blamed) if one.worse else one for one in found]


def _exactly(count: int) -> Estimate:
    return Estimate(count, count, count)


def _in_daemon(one: Compared) -> bool:
    return one.what.startswith("daemon")


def _blame(one: Compared, before: Count, after: Count, python: str) -> Compared:
    known = _in_daemon(one) and python
    grown = callgrind.words(callgrind.growth(before.functions, after.functions, 1 if known else 4))
    culprit = f"{python}; in C: {grown}" if known else grown
    return Compared(one.what, one.before, one.after, culprit)


def _python_growth(before: Tree, after: Tree, programs: Programs) -> str:
    """The daemon's Python functions that run more bytecodes than they did, over requests of every kind."""
    requests = sum(times for times, _ in counts.KINDS.values())
    old, new = (_bytecodes(tree, programs) for tree in (before, after))
    each = [(name, count // requests) for name, count in callgrind.growth(old, new) if count >= requests]
    return f"bytecodes a request: {callgrind.words(each)}" if each else ""


def _bytecodes(tree: Tree, programs: Programs) -> dict[str, int]:
    with compiled_home(counts.RULES, configuration(counts.SHIMS), tree.python) as made:
        output = os.path.join(made.home.root, "bytecodes")
        traced = [tree.python, "-s", os.path.join(HERE, "traced.py"), tree.root, output]
        with counts.serving(made, traced):
            counts.drive(programs, made, "only")
        with open(output, encoding="utf-8") as stream:
            found: dict[str, int] = json.load(stream)
        return found


def _time(before: Tree, after: Tree, programs: Programs, runs: int) -> list[Compared]:
    timings = _timings({"before": before, "after": after}, programs, runs)
    found = []
    for way, limit in (("in place", "exec"), ("daemon", "spawn"), ("denied", "refuse")):
        rows = [
            Row("true", way, timings[f"{tree}, {way}"], timings["native"], timings[f"reference, {limit}"])
            for tree in ("before", "after")
        ]
        for what, figure in (
            ("as a multiple of native", Row.ratio),
            ("overhead as a multiple of the reference's", _times_reference),
        ):
            old, new = (figure(row) for row in rows)
            if old is not None and new is not None:
                found.append(Compared(f"true, {way}: {what}", old, new))
    return found


def _times_reference(row: Row) -> Estimate | None:
    """A denied command is held against the reference's denial as a whole: neither runs anything that is native."""
    return (Row(row.command, row.how, row.timing, None, row.limit) if row.how == "denied" else row).times_reference()


def _timings(trees: dict[str, Tree], programs: Programs, runs: int) -> dict[str, Timing]:
    with work_tree() as base, contextlib.ExitStack() as stack:
        true = shutil.which("true", path=base["PATH"]) or "true"
        cases = [Case("native", true, ["true"], base)]
        homes = []
        for name, tree in trees.items():
            for execution, way in (("in_place", "in place"), ("daemon", "daemon")):
                made = stack.enter_context(running_home(RULES, configuration(["true"], execution), tree.python))
                homes.append((made, execution))
                path, environment = made.shimmed("true", base)
                cases.append(Case(f"{name}, {way}", path, ["true"], environment))
            cases.append(Case(f"{name}, denied", path, ["true", "--deny-me"], environment, status=126))
        cases += stack.enter_context(_reference_cases(trees["before"], programs, base, true))
        timings = interleave(cases, runs)
        for made, execution in homes:
            check_placement(made, execution)
            made.check_repeated(runs)
        return timings


@contextlib.contextmanager
def _reference_cases(tree: Tree, programs: Programs, base: dict[str, str], true: str) -> Iterator[list[Case]]:
    """The reference with the baseline's client, for both: else a slower client would make the limit slower, too."""
    client = os.path.join(native_directory(tree.root), "safeshell-shim")
    cases = []
    with contextlib.ExitStack() as stack:
        for mode in ("exec", "spawn", "refuse"):
            home = stack.enter_context(reference(programs, mode, client, [true]))
            environment = {**base, "SAFESHELL_HOME": home, "PATH": f"{home}/shims:{base['PATH']}"}
            status = 126 if mode == "refuse" else 0
            cases.append(Case(f"reference, {mode}", f"{home}/shims/true", ["true"], environment, status=status))
        yield cases


def _print(counted: list[Compared], timed: list[Compared]) -> None:
    print(f"{'instructions a request':<58} {'baseline':>10} {'now':>10} {'change':>8}")
    for one in counted:
        change = (one.after.value / one.before.value - 1) * 100
        print(f"{one.what:<58} {one.before.value:>10,.0f} {one.after.value:>10,.0f} {change:>+7.1f}%")
    print(f"{'ratios of the same run':<58} {'baseline':>22} {'now':>22}")
    for one in timed:
        both = (f"{each.value:.2f} ({each.low:.2f} to {each.high:.2f})" for each in (one.before, one.after))
        print(f"{one.what:<58} " + " ".join(f"{text:>22}" for text in both), flush=True)


def judge(found: list[Compared]) -> int:
    """Says what is worse, and by whose fault; returns the exit status."""
    worse = [one for one in found if one.worse]
    for one in worse:
        change = (one.after.value / one.before.value - 1) * 100
        print(f"FAILED: {one.what}: {change:+.0f} % against the baseline", file=sys.stderr)
        if one.culprit:
            print(f"        what grew: {one.culprit}", file=sys.stderr)
    if not worse:
        print("\nno worse than the baseline")
    return 1 if worse else 0


def record(found: list[Compared]) -> list[dict[str, Any]]:
    """For JSON."""
    return [
        {"what": one.what, "before": one.before, "after": one.after, "worse": one.worse, "culprit": one.culprit}
        for one in found
    ]


if __name__ == "__main__":
    sys.exit(main())
