"""Python calls from socket to spawn of a line never seen, in each placement: `python perf/calls.py [COMMIT]`.

Counted by `sys.setprofile` in the daemon of this tree, or of a commit; in place the way ends where the answer goes out.
The same on every machine, but not with every Python: 3.12 and later call nothing for a comprehension.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import counts
from building import Programs, build
from profiled import Way
from tree import HERE, Tree, committed_tree, working_tree
from workload import compiled_home, configuration

PLACEMENTS = {"daemon": counts.IN_DAEMON, "in place": counts.IN_PLACE}
"""Of `counts.RULES`: commands that are run so, and that Python decides."""

TIMES = 20
"""Lines of each; the way that most of them took is shown."""

PROFILED = os.path.join(HERE, "profiled.py")


def main() -> int:
    """Prints the ways; returns 1 where one is longer than is allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit", nargs="?", help="of which commit (default: this tree, as it stands)")
    parser.add_argument("--at-most", nargs=2, type=int, metavar=("CALLS", "FILES"), help="fail where there are more")
    parser.add_argument("--untimed", action="store_true", help="with `stats: false` in the settings")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        programs = build(directory)
        if programs is None:
            return 1
        root = os.path.join(directory, "tree")
        tree = committed_tree(options.commit, root) if options.commit else working_tree(root)
        found = {placement: way(tree, programs, placement, timed=not options.untimed) for placement in PLACEMENTS}
    for placement, taken in found.items():
        _print(placement, taken)
    calls, files = options.at_most or (sys.maxsize, sys.maxsize)
    return int(any(len(taken) > calls or len(files_of(taken)) > files for taken in found.values()))


def way(tree: Tree, programs: Programs, placement: str, *, timed: bool = True) -> Way:
    """The way of a line never seen.

    Args:
        tree: whose daemon.
        programs: the benchmark's.
        placement: one of `PLACEMENTS`.
        timed: whether the daemon times its stages, as it does unless the settings say otherwise.

    Raises:
        SystemExit: no two lines took the same.
    """
    settings = configuration(counts.SHIMS) + ("" if timed else "stats: false\n")
    with compiled_home(counts.RULES, settings, tree.python) as made:
        output = Path(made.home.root, "ways")
        with counts.serving(made, [tree.python, "-s", PROFILED, tree.root, str(output)]):
            counts.run("new", *PLACEMENTS[placement])(programs, made, TIMES, "counted")
        ways = [tuple((file, function) for file, function in taken) for taken in json.loads(output.read_text())]
    taken, times = Counter(ways).most_common(1)[0]
    if times < TIMES / 2:
        raise SystemExit(f"{placement}: only {times} of {TIMES} lines took the same way")
    return list(taken)


def files_of(taken: Way) -> set[str]:
    """The files that a way goes through, the standard library's too; what was compiled from a string is in none."""
    return {file for file, _ in taken if not file.startswith("<")}


def _print(placement: str, taken: Way) -> None:
    print(f"\n{placement}: {len(taken)} calls in {len(files_of(taken))} files")
    before = ""
    for number, (file, function) in enumerate(taken, 1):
        print(f"{number:>4}  {file if file != before else '':<48} {function}")
        before = file


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
