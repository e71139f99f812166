"""Holds the judge of shell lines against what real shells do with them.

    python tests/lines/measure.py --shell bash --count 20000 --seed 1              # lines that run the canary
    python tests/lines/measure.py --shell bash --count 20000 --shims               # as those of a caller behind shims
    python tests/lines/measure.py --mode text --count 5000                         # lines that only speak of it
    python tests/lines/measure.py --mode looser                                    # deny stays deny, ask stays ask
    python tests/lines/measure.py --seed 1 --line 4711                             # one line again, by its number

Every line is the same for its seed, shell and number. A count is of lines in which the canary ran (of text: in which it
did not). It exits 1 where a line was missed or loosened, or more than one in a hundred of those of text stopped.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lines.draft import SHELLS
from lines.grammar import CANARY, FIRE, Line, line
from lines.judging import JUDGE, MAYBE, Judge, Verdict, loosened, missed
from lines.mentions import mention
from lines.sandbox import Ran, Sandbox

MODES = ("misses", "text", "looser")
_BATCH = 200
_STOPPED_MOST = 0.01
"""Of lines that only speak of the canary."""


@dataclass(frozen=True)
class Wrong:
    """A line that was judged wrongly.

    Attributes:
        line: it.
        verdict: the judge's word.
        reason: what is wrong with it.
    """

    line: Line
    verdict: Verdict
    reason: str


@dataclass
class Tally:
    """What came of many lines.

    Attributes:
        made: how many there were.
        counted: how many of them count: the canary ran in them, or did not where they only speak of it.
        late: how many were ended.
        kinds: of those that count, how many exercise each kind.
        wrong: those judged wrongly.
        seconds: what judging each took.
    """

    made: int = 0
    counted: int = 0
    late: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[Wrong] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


Finding = Callable[[Line, Ran, Verdict], str]
"""Why a line that counts is judged wrongly, or ""."""


@dataclass(frozen=True)
class Mode:
    """Which lines are made, which of them count, and what is wrong with one.

    Attributes:
        make: the line of a number.
        counts: whether what came of it makes it count.
        finding: what is wrong.
    """

    make: Callable[[int], Line]
    counts: Callable[[Line, Ran], bool]
    finding: Finding


def mode_of(name: str, shell: str, seed: int, *, shims: bool) -> Mode:
    """A mode by its name."""
    if name == "text":
        return Mode(
            lambda number: mention(seed, shell, number),
            lambda _, ran: not ran.fired(),
            lambda _line, _ran, verdict: "stopped" if verdict.stopped else "",
        )
    if name == "looser":

        def word(number: int) -> str:
            return (FIRE, MAYBE)[number % 2]

        return Mode(
            lambda number: line(seed, shell, number, (CANARY, word(number))),
            lambda one, ran: not one.open and ran.fired(word(one.number)),
            lambda one, ran, verdict: loosened(one, word(one.number), ran, verdict),
        )
    return Mode(
        lambda number: line(seed, shell, number),
        lambda _, ran: ran.fired(),
        lambda one, ran, verdict: missed(one, ran, verdict, shims=shims),
    )


def measure(box: Sandbox, judge: Judge, mode: Mode, *, count: int, seconds: float = float("inf")) -> Tally:
    """Makes, runs and judges lines until so many count, or for so many seconds."""
    tally = Tally()
    deadline = time.monotonic() + seconds
    numbers = itertools.count()
    ahead = _start(box, mode, numbers)
    while tally.counted < count and time.monotonic() < deadline:
        running, ahead = ahead, _start(box, mode, numbers)
        for one, ran in running:
            tally.made += 1
            tally.late += not ran.in_time
            if not mode.counts(one, ran):
                continue
            verdict = judge(one)
            tally.counted += 1
            tally.kinds.update(one.kinds)
            tally.seconds.append(verdict.seconds)
            reason = mode.finding(one, ran, verdict)
            if reason:
                tally.wrong.append(Wrong(one, verdict, reason))
            if tally.counted == count:
                break
    return tally


def passed(mode: str, tally: Tally) -> bool:
    """Whether the judge is as it should be."""
    return len(tally.wrong) <= (_STOPPED_MOST * tally.counted if mode == "text" else 0)


def _start(box: Sandbox, mode: Mode, numbers: Iterator[int]) -> Iterator[tuple[Line, Ran]]:
    return box.run_all([mode.make(number) for number in itertools.islice(numbers, _BATCH)])


def report(tally: Tally, first: int | None, *, table: bool) -> str:
    """What a tally says: the lines judged wrongly, the shortest first, and the kinds, behind the figures."""
    wrong = sorted(tally.wrong, key=lambda one: len(one.line.text))
    lines = [
        f"{one.line.number} {one.reason} ({one.verdict}) [{' '.join(sorted(one.line.kinds))}]\n"
        f"    {shown(one.line.text)}"
        for one in wrong[:first]
    ]
    if table:
        lines += [_row(kind, tally, wrong) for kind in sorted(tally.kinds, key=_by_number)]
    times = sorted(tally.seconds) or [0.0]
    figures = (
        f"{tally.made} lines, {tally.counted} counted, {len(wrong)} wrong ({len(wrong) / max(1, tally.counted):.2%}), "
        f"{tally.late} ended late; judged in {1e3 * statistics.median(times):.2f} ms at the median, "
        f"{1e3 * times[int(len(times) * 0.95)]:.2f} ms at the 95th percentile"
    )
    return "\n".join([figures, *lines])


def _row(kind: str, tally: Tally, wrong: Sequence[Wrong]) -> str:
    """A kind's row: how many count, how many are wrong, in how many it is the only one of those with a number."""
    having = [one for one in wrong if kind in one.line.kinds]
    alone = [one for one in having if not {other for other in one.line.kinds if _is_numbered(other)} - {kind}]
    example = shown((alone or having)[0].line.text) if having else ""
    return f"{kind:24} {tally.kinds[kind]:6} counted {len(having):6} wrong {len(alone):6} alone  {example}"


def shown(text: str) -> str:
    """A line on one line, its bytes told."""
    return repr(text)


def _by_number(kind: str) -> tuple[int, str]:
    return (int(kind[1:]) if _is_numbered(kind) else 99, kind)


def _is_numbered(kind: str) -> bool:
    return kind[0] == "L" and kind[1:].isdigit()


def _again(box: Sandbox, judge: Judge, mode: Mode, number: int) -> int:
    """One line, what came of it and what is said of it."""
    one = mode.make(number)
    ran, verdict = box.run(one), judge(one)
    reason = mode.finding(one, ran, verdict) if mode.counts(one, ran) else ""
    sys.stdout.write(f"{one.text}\n---\n{shown(one.text)}\n{one}\n{ran}\n{verdict}\n{reason or 'as it should be'}\n")
    return 1 if reason else 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=MODES, default="misses")
    parser.add_argument("--shell", choices=SHELLS, default="bash")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--shims", action="store_true")
    parser.add_argument("--judge", default=JUDGE, metavar="MODULE:FUNCTION")
    parser.add_argument("--line", type=int, metavar="NUMBER")
    parser.add_argument("--first", type=int, metavar="N", help="of the lines judged wrongly, show so many")
    parser.add_argument("--kinds", action="store_true", help="a table of kinds, with the shortest line of each")
    options = parser.parse_args()
    mode = mode_of(options.mode, options.shell, options.seed, shims=options.shims)
    with Sandbox(os.cpu_count() or 1, shims=options.shims) as box:
        judge = Judge(box, shims=options.shims, judge=options.judge)
        if options.line is not None:
            return _again(box, judge, mode, options.line)
        tally = measure(box, judge, mode, count=options.count, seconds=options.seconds)
    sys.stdout.write(report(tally, options.first, table=options.kinds) + "\n")
    return 0 if passed(options.mode, tally) else 1


if __name__ == "__main__":
    sys.exit(main())
