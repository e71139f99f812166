"""Probe of what a command costs here."""

from __future__ import annotations

import itertools
import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from safeshell.cli.probes.model import Probe
from safeshell.cli.probes.stand_ins import StandIns

RUNS = 30
"""Times each command is run for its cost; medians of so many are stable to a few per cent."""


def probe_cost(stand_ins: StandIns) -> Iterator[Probe]:
    """Cost of a command, native and through its shim in both placements, interleaved."""
    name = next((name for name in stand_ins.names if stand_ins.decision([name]) == "allow"), None)
    if name is None:
        yield Probe("cost", None, "no shimmed command is allowed as it stands")
        return
    denied = stand_ins.denied
    new = itertools.count()
    cases: dict[str, Callable[[], float]] = {
        "native": lambda: _time(stand_ins.native(name), [name], stand_ins),
        "in the daemon": lambda: _time(stand_ins.shim(name), [name], stand_ins),
        "in place": lambda: _time(stand_ins.shim(name), [name], stand_ins, extra=True),
    }
    if stand_ins.decision([name, "safeshell-doctor"]) == "allow":
        cases["in place, a new line"] = lambda: _time(
            stand_ins.shim(name), [name, f"safeshell-doctor-{next(new)}"], stand_ins, extra=True
        )
    if denied is not None:
        cases["denied"] = lambda: _time(stand_ins.shim(denied[0]), denied, stand_ins)
    samples: dict[str, list[float]] = {case: [] for case in cases}
    for number in range(RUNS + 3):
        for case, run in cases.items():
            took = run()
            if number >= 3:
                samples[case].append(took)
    medians = {case: statistics.median(values) for case, values in samples.items()}
    native = medians.pop("native")
    for case, median in medians.items():
        over = median if case == "denied" else median - native
        what = "from start to exit" if case == "denied" else f"over its native {native / 1000:.2f} ms"
        # What is slow works all the same, and a loaded machine is slow: a hint, no failure.
        hint = (
            "more than the millisecond that it should be: a loaded machine, or the bash client?" if over > 1000 else ""
        )
        yield Probe(f"cost, {case}", True, f"{over / 1000:.2f} ms {what} (median of {RUNS})", hint)


def _time(program: str, argv: Sequence[str], stand_ins: StandIns, *, extra: bool = False) -> float:
    """Microseconds from spawn to reap; `extra` leaves a descriptor above 2 open, which asks for in place."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    actions: list[Any] = [(os.POSIX_SPAWN_DUP2, null, target) for target in ((0, 1, 2, 9) if extra else (0, 1, 2))]
    began = time.perf_counter_ns()
    pid = os.posix_spawn(
        program,
        list(argv),
        stand_ins.environment,
        file_actions=actions,
        setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
        setsid=True,
    )
    os.waitpid(pid, 0)
    took = (time.perf_counter_ns() - began) / 1000
    os.close(null)
    return took
