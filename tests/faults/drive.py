"""Tries every fault, and writes what came of them to docs/faults.md: `make faults`.

    python tests/faults/drive.py [--most N] [--only WORD] [--workers N] [--json FILE] [--page FILE]

Each try has a home, a daemon and commands of its own; docs/faults.md says what is asserted. `--most` bounds the system
calls that are tried of one component, spread over its run; `--only` takes the rows that have the word, and leaves the
page alone. The exit status is 1 where a promise did not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from faults.calls import EFFECTS, Tried, find_calls, try_call
from faults.isolate import missing, try_state
from faults.page import Row, render
from faults.states import STATES
from faults.subjects import SUBJECTS
from needs import why_not

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs/faults.md")
MOST = 12
"""Calls of a component that a fault is tried at: a second each, or two."""

PAIRS = {
    "kill": tuple(SUBJECTS),
    "disk": tuple(name for name in SUBJECTS if name not in ("client", "starting-client", "restarting", "trash-empty")),
    "descriptors": ("daemon", "restart", "client", "helper", "own-compiler", "trash", "shims"),
    "memory": ("daemon", "client", "helper", "own-compiler"),
    "processes": ("daemon", "restart", "starting-client", "compiler", "own-compiler", "init"),
    "stop": ("compiler", "own-compiler", "helper", "daemon", "client", "trash"),
}
"""Which components each fault at a call is tried on."""


class Work(NamedTuple):
    """A row of the page, and its tries: what to call, with what.

    Attributes:
        row: what it says, but for how it went.
        tries: each a call in a worker.
    """

    row: Row
    tries: list[tuple[Callable[..., Tried], tuple[Any, ...]]]


def at_calls(pool: ProcessPoolExecutor, most: int, only: str, say: Callable[[str], None]) -> Iterator[Work]:
    """The faults at system calls; each component's are found by a run without a fault."""
    lacks = why_not("strace")
    wanted = [
        (effect, name)
        for effect, names in PAIRS.items()
        for name in names
        if only in f"{effect} {name} {EFFECTS[effect].said} {SUBJECTS[name].name}"
    ]
    found: dict[tuple[str, str], Future[Any]] = {}
    if not lacks:
        found = {pair: pool.submit(find_calls, pair[1], pair[0], most) for pair in wanted}
    for effect, name in wanted:
        subject = SUBJECTS[name]
        row = Row(EFFECTS[effect].said, subject.name, subject.holds, EFFECTS[effect].stand_in, lacks)
        if lacks:
            yield Work(row, [])
            continue
        try:
            calls, total = found[effect, name].result()
        except Exception as error:  # noqa: BLE001 # it did not even hold without a fault
            yield Work(row._replace(broken=(f"without a fault: {error!r}",)), [])
            continue
        say(f"{total:4} calls  {row.fault}: {row.component}")
        yield Work(row._replace(calls=total), [(try_call, (name, effect, call)) for call in calls])


def of_the_machine(only: str) -> Iterator[Work]:
    """The faults of the machine."""
    for place, state in enumerate(STATES):
        if only not in f"{state.fault} {state.name}":
            continue
        lacks = missing(state)
        row = Row(state.fault, state.name, state.holds, state.stand_in, lacks)
        yield Work(row, [] if lacks else [(try_state, (place, number)) for number in range(len(state.tries))])


def run(most: int, only: str, workers: int, say: Callable[[str], None]) -> list[Row]:
    """Tries everything; returns the rows as they came out."""
    rows = []
    began = time.monotonic()
    with ProcessPoolExecutor(workers) as pool:
        works = [*of_the_machine(only), *at_calls(pool, most, only, say)]
        started = [(work, [pool.submit(call, *words) for call, words in work.tries]) for work in works]
        total, done = sum(len(tries) for _, tries in started), 0
        for work, tries in started:
            outcomes: Counter[str] = Counter()
            broken = []
            for future in tries:
                tried = future.result()
                done += 1
                outcomes += tried.outcomes
                if tried.broken:
                    broken.append(f"{tried.what}: {tried.broken}")
                    say(f"BROKEN {broken[-1]}")
            broken = [*work.row.broken, *broken]
            row = work.row._replace(tries=len(tries), broken=tuple(broken), outcomes=dict(outcomes))
            rows.append(row)
            how = row.lacks or ("held" if not broken else f"{len(broken)} BROKEN")
            say(f"{done:4}/{total} {time.monotonic() - began:5.0f} s  {row.fault}: {row.component}: {row.tries}, {how}")
    return rows


@contextlib.contextmanager
def _no_trash_left(directory: str) -> Iterator[None]:
    """Takes away the trash directory that a home without room falls back on, at the top of its file system."""
    top = directory
    while not os.path.ismount(top):
        top = os.path.dirname(top)
    trash = os.path.join(top, f".Trash-{os.getuid()}")
    was_there = os.path.lexists(trash)
    try:
        yield
    finally:
        if not was_there:
            shutil.rmtree(trash, ignore_errors=True)


def main(arguments: Sequence[str]) -> int:
    """Tries what the words ask for; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--most", type=int, default=MOST, help="calls of a component that a fault is tried at")
    parser.add_argument("--only", default="", help="only rows that have this word")
    parser.add_argument("--workers", type=int, default=(os.cpu_count() or 2) + 1)
    parser.add_argument("--json", metavar="FILE", help="the rows, as JSON")
    parser.add_argument("--page", metavar="FILE", default=PAGE)
    given = parser.parse_args(arguments)
    began = time.monotonic()
    with _no_trash_left("/tmp"):
        rows = run(given.most, given.only, given.workers, lambda line: print(line, flush=True))  # noqa: T201
    if given.json:
        with open(given.json, "w", encoding="utf-8") as stream:
            json.dump([row._asdict() for row in rows], stream, indent=1)
    if not given.only:
        with open(given.page, "w", encoding="utf-8") as stream:
            stream.write(render(rows))
    tries, broken = sum(row.tries for row in rows), sum(len(row.broken) for row in rows)
    print(f"{tries} faults in {time.monotonic() - began:.0f} s, {broken} promises broken")  # noqa: T201
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
