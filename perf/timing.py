"""Timing whole processes, interleaved, and summing it up with confidence intervals."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

RESAMPLES = 300
"""Of a bootstrap: the ends of a 95 % interval then stand on some seven resamples each."""


@dataclass(frozen=True)
class Case:
    """A command to time.

    Attributes:
        name: what it is called in the table.
        path: the program to execute.
        argv: its arguments.
        env: its environment.
        status: the exit status that it must have; anything else fails the benchmark.
        stdin: a file that it reads.
        is_new: whether it has another argument at its end each time, so that no line comes twice.
    """

    name: str
    path: str
    argv: Sequence[str]
    env: Mapping[str, str]
    status: int = 0
    stdin: str = os.devnull
    is_new: bool = False


class Estimate(NamedTuple):
    """A figure with its 95 % confidence interval."""

    value: float
    low: float
    high: float

    def clearly_above(self, other: Estimate) -> bool:
        """Whether the two intervals don't meet and this one is the higher."""
        return self.low > other.high


@dataclass(frozen=True)
class Timing:
    """One case's samples in µs, in the order of the rounds that they were taken in."""

    samples: tuple[float, ...]

    @property
    def p50(self) -> float:
        """The median."""
        return statistics.median(self.samples)


def percentile(samples: Sequence[float], share: float) -> float:
    """The sample that so large a share of all lies below (nearest rank)."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def estimate(
    figure: Callable[..., float],
    *timings: Timing,
    statistic: Callable[[Sequence[float]], float] = statistics.median,
) -> Estimate:
    """A figure made of the cases' medians (or another statistic), with its interval by bootstrap (Efron, 1979).

    Whole rounds are drawn: what a noisy second did to all cases alike does not widen the interval of their difference.

    Args:
        figure: gets each timing's statistic, in order.
        timings: of one run.
        statistic: of a case's samples.
    """
    rounds = range(len(timings[0].samples))
    chooser = random.Random(1)
    found = []
    for _ in range(RESAMPLES):
        drawn = chooser.choices(rounds, k=len(rounds))
        found.append(figure(*(statistic([timing.samples[number] for number in drawn]) for timing in timings)))
    found.sort()
    value = figure(*(statistic(timing.samples) for timing in timings))
    return Estimate(value, found[int(RESAMPLES * 0.025)], found[int(RESAMPLES * 0.975)])


def run_once(case: Case, null: int, number: int) -> float:
    """Microseconds from spawn to reap; the number is of the round."""
    argv = [*case.argv, f"number-{number}"] if case.is_new else list(case.argv)
    started = time.perf_counter_ns()
    pid = os.posix_spawn(
        case.path,
        argv,
        dict(case.env),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, case.stdin, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, null, 1),
            (os.POSIX_SPAWN_DUP2, null, 2),
        ],
        # A caller such as a shell ignores nothing and has no terminal here; Python as it is would ignore SIGPIPE, and
        # what runs in the background may ignore the first three.
        setsigdef=[signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ],
        setsid=True,
    )
    status = os.waitpid(pid, 0)[1]
    took = (time.perf_counter_ns() - started) / 1000
    code = os.waitstatus_to_exitcode(status)
    if code != case.status:
        raise SystemExit(f"{case.name}: exit status {code}, expected {case.status}")
    return took


def interleave(cases: Sequence[Case], runs: int, warmup: int = 20) -> dict[str, Timing]:
    """Times every case `runs` times, all in turn and in changing order, so that drift hits all alike."""
    samples: dict[str, list[float]] = {case.name: [] for case in cases}
    chooser = random.Random(0)
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    _keep_descriptors()
    order = list(cases)
    for number in range(runs + warmup):
        chooser.shuffle(order)
        for case in order:
            took = run_once(case, null, number)
            if number >= warmup:
                samples[case.name].append(took)
    os.close(null)
    return {name: Timing(tuple(values)) for name, values in samples.items()}


def _keep_descriptors() -> None:
    """Nothing that this process was started with goes to what is timed: a client looks at what is open besides 0-2."""
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the directory's own, which is closed already
            os.set_inheritable(int(name), int(name) <= 2)
