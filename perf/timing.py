"""Timing whole processes, interleaved, and summing it up."""

from __future__ import annotations

import os
import random
import signal
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A command to time.

    Attributes:
        name: what it is called in the table.
        path: the program to execute.
        argv: its arguments.
        env: its environment.
        status: the exit status that it must have; anything else fails the benchmark.
    """

    name: str
    path: str
    argv: Sequence[str]
    env: Mapping[str, str]
    status: int = 0


@dataclass(frozen=True)
class Timing:
    """Microseconds of one case, sorted."""

    samples: tuple[float, ...]

    @property
    def p50(self) -> float:
        """The median."""
        return statistics.median(self.samples)

    @property
    def p99(self) -> float:
        """The 99th percentile."""
        return self.samples[min(len(self.samples) - 1, int(len(self.samples) * 0.99))]

    def interval(self, resamples: int = 400) -> tuple[float, float]:
        """The 95 % confidence interval of the median, by bootstrap (Efron, 1979)."""
        chooser = random.Random(1)
        medians = sorted(
            statistics.median(chooser.choices(self.samples, k=len(self.samples))) for _ in range(resamples)
        )
        return medians[int(resamples * 0.025)], medians[int(resamples * 0.975)]


def run_once(case: Case, null: int) -> float:
    """Microseconds from spawn to reap."""
    started = time.perf_counter_ns()
    pid = os.posix_spawn(
        case.path,
        list(case.argv),
        dict(case.env),
        file_actions=[(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)],
        # A caller such as a shell ignores nothing and has no terminal here; Python as it is would ignore SIGPIPE.
        setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
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
    order = list(cases)
    for number in range(runs + warmup):
        chooser.shuffle(order)
        for case in order:
            took = run_once(case, null)
            if number >= warmup:
                samples[case.name].append(took)
    os.close(null)
    return {name: Timing(tuple(sorted(values))) for name, values in samples.items()}
