"""`make bench-gate`: this tree against the commit that `perf/BASELINE` names, built and measured in the same run.

Fails where the client or the daemon takes over 10 % more instructions for a request, and names the functions that do;
and where a command's overhead, as a ratio to the native command or to the reference's overhead, is over 10 % worse than
the baseline's and the two confidence intervals don't meet. Commands are timed repeated, which the front answers, and as
new lines, another argument each time: those that no rule can match, which the front sees, and those that one may
match, which go through Python.

`gate.py --against COMMIT --new-at-most 0.7 0.78` also fails unless a new line's time over native, in place and in the
daemon, is at most so much of what it is at that commit, the two intervals apart.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import callgrind
import counts
from building import Programs, build
from callgrind import Count
from overhead import A_NEW_LINE, ALMOST, MAY_MATCH, RULES, Row, check_placement, work_tree
from reference import reference
from timing import Case, Estimate, Timing, estimate, interleave
from tree import HERE, Tree, baseline_commit, committed_tree, known_commit, native_directory, working_tree
from workload import compiled_home, configuration, running_home

WORSE = 1.10
"""What is let pass: instructions differ by this much for reasons of layout, and of the collector's rounds."""

WAYS = {"in place": "exec", "daemon": "spawn", "denied": "refuse"}
"""What becomes of a command, and the reference's mode that does the like."""

EXECUTIONS = {"in place": "in_place", "daemon": "daemon"}
"""Ways in which a command runs, and the setting for it."""


LINES = ("", A_NEW_LINE, MAY_MATCH + A_NEW_LINE)
"""Repeated, and new."""


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


@dataclass(frozen=True)
class Overhead:
    """What a command takes over native in both trees.

    Attributes:
        what: command.
        before, after: the baseline's and this tree's, µs.
        ratio: this tree's as a multiple of the baseline's.
    """

    what: str
    before: Estimate
    after: Estimate
    ratio: Estimate

    def is_within(self, limit: float) -> bool:
        """Whether it is at most so much of the baseline's, and lower by more than noise."""
        return self.ratio.value <= limit and self.before.clearly_above(self.after)


def main() -> int:
    """Measures, prints, judges; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400, metavar="N", help="rounds of timing (default: 400)")
    parser.add_argument("--without-counts", action="store_true", help="only compare times: no valgrind is needed")
    parser.add_argument("--against", metavar="COMMIT", help="another commit than perf/BASELINE names")
    parser.add_argument(
        "--new-at-most",
        nargs=2,
        type=float,
        metavar=("IN_PLACE", "DAEMON"),
        help="fail unless a new line's time over native is at most so much of the commit's",
    )
    parser.add_argument("--json", metavar="FILE", help="also write the figures as JSON")
    options = parser.parse_args()
    commit = known_commit(options.against, "asked for") if options.against else baseline_commit()
    why = "" if options.without_counts else callgrind.available()
    if why:
        raise SystemExit(f"instructions can't be counted: {why}\nhint: install it, or --without-counts")
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        programs = build(directory)
        if programs is None:
            return 1
        before = committed_tree(commit, os.path.join(directory, "old"))
        after = working_tree(os.path.join(directory, "new"))
        print(f"\nagainst the {before.name}", flush=True)
        counted = [] if options.without_counts else _count(before, after, programs)
        timings = _timings({"before": before, "after": after}, programs, options.runs)
    timed, overheads = compare_ratios(timings), compare_overheads(timings)
    _print(counted, timed, overheads)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(record(counted + timed, overheads), stream, indent=1)
    return judge(counted + timed) | judge_new_lines(overheads, options.new_at_most)


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


def compare_ratios(timings: Mapping[str, Timing]) -> list[Compared]:
    """Each command's time as ratios to what was timed beside it: what is held to the baseline's."""
    found = []
    for new_line in LINES:
        for way, mode in WAYS.items():
            native, limit = timings[f"native{new_line}"], timings[f"reference, {mode}{new_line}"]
            rows = [
                Row("true", way, timings[f"{tree}, {way}{new_line}"], native, limit) for tree in ("before", "after")
            ]
            for what, figure in (
                ("as a multiple of native", Row.ratio),
                ("overhead as a multiple of the reference's", _times_reference),
            ):
                old, new = (figure(row) for row in rows)
                if old is not None and new is not None:
                    found.append(Compared(f"true, {way}{new_line}: {what}", old, new))
    return found


def compare_overheads(timings: Mapping[str, Timing]) -> list[Overhead]:
    """Each command's time over native, in both trees."""
    found = []
    for new_line in LINES:
        for way in EXECUTIONS:
            names = f"before, {way}{new_line}", f"after, {way}{new_line}", f"native{new_line}"
            before, after, native = (timings[name] for name in names)
            found.append(
                Overhead(
                    f"true, {way}{new_line}",
                    estimate(lambda own, native: own - native, before, native),
                    estimate(lambda own, native: own - native, after, native),
                    estimate(lambda old, new, native: (new - native) / max(old - native, 0.001), before, after, native),
                )
            )
    return found


def _times_reference(row: Row) -> Estimate | None:
    """A denied command is held against the reference's denial as a whole: neither runs anything that is native."""
    return (Row(row.command, row.how, row.timing, None, row.limit) if row.how == "denied" else row).times_reference()


def _timings(trees: dict[str, Tree], programs: Programs, runs: int) -> dict[str, Timing]:
    """Times `true` repeated and as new lines: natively, in each tree, by the reference; all interleaved.

    By a daemon for each: what it did before tells how warm its caches are, and of other lines one tree may leave to its
    front what the other takes through Python.
    """
    with work_tree() as base, contextlib.ExitStack() as stack:
        true = shutil.which("true", path=base["PATH"]) or "true"
        others = [Case("native", true, ["true"], base)]
        others += stack.enter_context(_reference_cases(trees["before"], programs, base, true))
        cases = [_as_line(case, line) for line in LINES for case in others]
        homes = []
        for name, tree in trees.items():
            for way, execution in EXECUTIONS.items():
                for line in LINES:
                    made = stack.enter_context(running_home(RULES, configuration(["true"], execution), tree.python))
                    homes.append((made, execution, line))
                    path, environment = made.shimmed("true", base)
                    cases.append(_as_line(Case(f"{name}, {way}", path, ["true"], environment), line))
            made = stack.enter_context(running_home(RULES, configuration(["true"]), tree.python))
            path, environment = made.shimmed("true", base)
            denied = Case(f"{name}, denied", path, ["true", "--deny-me"], environment, status=126)
            cases += [_as_line(denied, line) for line in LINES]
        timings = interleave(cases, runs)
        for made, execution, line in homes:
            check_placement(made, execution)
            if not line:
                made.check_repeated(runs)
        return timings


def _as_line(case: Case, line: str) -> Case:
    """A case as one of `LINES`."""
    words = [ALMOST] if MAY_MATCH in line else []
    return replace(case, name=f"{case.name}{line}", argv=[*case.argv, *words], is_new=bool(line))


@contextlib.contextmanager
def _reference_cases(tree: Tree, programs: Programs, base: dict[str, str], true: str) -> Iterator[list[Case]]:
    """The reference with the baseline's client, for both: else a slower client would make the limit slower, too."""
    client = os.path.join(native_directory(tree.root), "safeshell-shim")
    cases = []
    with contextlib.ExitStack() as stack:
        for mode in WAYS.values():
            home = stack.enter_context(reference(programs, mode, client, [true]))
            environment = {**base, "SAFESHELL_HOME": home, "PATH": f"{home}/shims:{base['PATH']}"}
            status = 126 if mode == "refuse" else 0
            cases.append(Case(f"reference, {mode}", f"{home}/shims/true", ["true"], environment, status=status))
        yield cases


def _print(counted: list[Compared], timed: list[Compared], overheads: list[Overhead]) -> None:
    print(f"{'instructions a request':<70} {'baseline':>10} {'now':>10} {'change':>8}")
    for one in counted:
        change = (one.after.value / one.before.value - 1) * 100
        print(f"{one.what:<70} {one.before.value:>10,.0f} {one.after.value:>10,.0f} {change:>+7.1f}%")
    print(f"{'ratios of the same run':<70} {'baseline':>22} {'now':>22}")
    for one in timed:
        print(f"{one.what:<70} {_interval(one.before):>22} {_interval(one.after):>22}")
    print(f"{'over native, µs':<70} {'baseline':>22} {'now':>22} {'of the baseline':>22}")
    for each in overheads:
        both = " ".join(f"{_interval(figure, 0):>22}" for figure in (each.before, each.after))
        print(f"{each.what:<70} {both} {_interval(each.ratio):>22}", flush=True)


def _interval(figure: Estimate, digits: int = 2) -> str:
    value, low, high = (f"{number:.{digits}f}" for number in figure)
    return f"{value} ({low} to {high})"


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


def judge_new_lines(overheads: list[Overhead], limits: Sequence[float] | None) -> int:
    """Says which new line costs more of what the baseline's does than is asked; returns the exit status."""
    named = {each.what: each for each in overheads}
    asked = [(named[f"true, {way}{A_NEW_LINE}"], limit) for way, limit in zip(EXECUTIONS, limits or (), strict=False)]
    missed = [(each, limit) for each, limit in asked if not each.is_within(limit)]
    for each, limit in missed:
        apart = "" if each.before.clearly_above(each.after) else ", and the intervals meet"
        print(
            f"FAILED: {each.what}: {each.ratio.value:.2f} of the baseline's, at most {limit} is asked{apart}",
            file=sys.stderr,
        )
    return 1 if missed else 0


def record(found: list[Compared], overheads: list[Overhead]) -> list[dict[str, Any]]:
    """For JSON."""
    return [
        *(
            {"what": one.what, "before": one.before, "after": one.after, "worse": one.worse, "culprit": one.culprit}
            for one in found
        ),
        *(
            {"what": f"{each.what}: µs over native", "before": each.before, "after": each.after, "ratio": each.ratio}
            for each in overheads
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
