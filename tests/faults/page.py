"""docs/faults.md, as a run of the faults writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """A fault on a component.

    Attributes:
        fault, component: what it is, and on what.
        holds: what has to hold.
        stand_in: what of it is simulated, or "".
        lacks: why it wasn't tried, or "".
        calls: system calls at which it could have been tried; 0 where it isn't about calls.
        tries: how often it was tried.
        broken: each promise that did not hold, in words.
        outcomes: how its commands ended, counted.
    """

    fault: str
    component: str
    holds: str
    stand_in: str = ""
    lacks: str = ""
    calls: int = 0
    tries: int = 0
    broken: tuple[str, ...] = ()
    outcomes: Mapping[str, int] = {}


HEAD = """\
# Faults, tried

`make faults` wrote this page: it tries each fault below on a real home with a real daemon and commands running, and
asserts what came of them. It takes minutes; `--most N` tries more calls, `--only WORD` fewer rows (`tests/faults/`).

**What is asserted each time.** Every command that was asked for ended with its own status and all of its output, or its
client said in a line why not and ended with 125; a command counts itself when it really runs, and none ran twice, nor
after its client had said that it was denied. What a rule denies did not run, or a line said that it ran unguarded
(`unreachable`). Nobody got a traceback. Afterwards the next commands work, in the daemon and in place, a denied one is
denied, an edit that was made is in force, and the chain of the audit log verifies.

**How.** `strace` counts the system calls that a component makes; then one run has one of them fail, or is killed as it
enters it: tried is a selection spread over its run (of so many). Limits, full disks and stops are real. What is a
stand-in is said in the row.

"""

COLUMNS = ("fault", "of what", "tried", "what has to hold", "held")


def render(rows: Sequence[Row]) -> str:
    """The page."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(_cells(row))} |" for row in rows]
    tries, broken = sum(row.tries for row in rows), sum(len(row.broken) for row in rows)
    ended: dict[str, int] = {}
    for row in rows:
        for how, count in row.outcomes.items():
            ended[how] = ended.get(how, 0) + count
    most = sorted(ended.items(), key=lambda entry: -entry[1])
    tail = f"{tries} faults, {broken} promises broken. How {sum(ended.values())} commands ended:\n\n"
    table = ["| the command | times |", "|---|---|", *[f"| {how} | {count} |" for how, count in most]]
    return HEAD + "\n".join(lines) + "\n\n" + tail + "\n".join(table) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    tried = f"{row.tries} of {row.calls}" if row.calls > row.tries else str(row.tries)
    holds = f"{row.holds}. Stand-in: {row.stand_in}" if row.stand_in else row.holds
    if row.lacks:
        return row.fault, row.component, "0", holds, f"not tried here: {row.lacks}"
    if not row.tries and not row.broken:
        return row.fault, row.component, "0", holds, "it makes no such call"
    return row.fault, row.component, tried, holds, f"**not in {len(row.broken)}**" if row.broken else "yes"
