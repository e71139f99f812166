"""All that is measured of the judge of shell lines, for as long as it is told.

    python tests/lines/drive.py [--seconds N] [--seed N] [--count N]

Without a time: 20,000 lines of bash in which the canary ran, and shares of that of the rest; `make fuzz-lines` runs it.
With one, as many as fit. Each part says its figures, and those lines that were judged wrongly, the shortest first; the
exit status is 1 where there were any, or more than one in a hundred of those that only speak of the canary.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lines.judging import Judge
from lines.measure import Tally, measure, mode_of, passed, report
from lines.sandbox import PROGRAMS, Sandbox
from needs import found

COUNT = 20_000
SHOWN = 50
"""Lines of a part that are shown."""


class Part(NamedTuple):
    """One measurement.

    Attributes:
        mode: what is asked (`lines.measure`).
        shell: whose lines.
        shims: whether the caller is behind shims.
        share: how many lines, of those of the first part.
    """

    mode: str
    shell: str
    shims: bool
    share: float


PARTS = (
    Part("misses", "bash", shims=False, share=1.0),
    Part("misses", "sh", shims=False, share=0.25),
    Part("misses", "zsh", shims=False, share=0.25),
    Part("misses", "bash", shims=True, share=0.25),
    Part("misses", "sh", shims=True, share=0.1),
    Part("misses", "zsh", shims=True, share=0.1),
    Part("text", "bash", shims=False, share=0.15),
    Part("text", "sh", shims=False, share=0.05),
    Part("text", "zsh", shims=False, share=0.05),
    Part("looser", "bash", shims=False, share=0.15),
    Part("looser", "sh", shims=False, share=0.05),
    Part("looser", "zsh", shims=False, share=0.05),
)
"""Every measurement; 5,000 lines of text in all."""


def run(part: Part, *, seed: int, count: int, seconds: float = float("inf"), workers: int = 0) -> Tally:
    """Measures one part.

    Raises:
        OSError: there is no sandbox to be made here.
    """
    with Sandbox(workers or os.cpu_count() or 1, shims=part.shims) as box:
        mode = mode_of(part.mode, part.shell, seed, shims=part.shims)
        return measure(box, Judge(box, shims=part.shims), mode, count=count, seconds=seconds)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=COUNT, help="lines of the first part")
    options = parser.parse_args()
    whole = sum(part.share for part in PARTS)
    good = True
    for part in PARTS:
        title = f"== {part.mode}, {part.shell}{', behind shims' if part.shims else ''}: "
        if found(PROGRAMS[part.shell]) is None:
            sys.stdout.write(f"{title}{PROGRAMS[part.shell]} isn't here\n")
            continue
        limits = {"count": round(part.share * options.count)}
        if options.seconds is not None:
            limits = {"count": sys.maxsize, "seconds": part.share / whole * options.seconds}
        tally = run(part, seed=options.seed, **limits)
        good = passed(part.mode, tally) and good
        sys.stdout.write(f"{title}{report(tally, SHOWN, table=False)}\n")
        sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
