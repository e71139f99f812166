"""One bucket: what the first command costs when all rules are about its name, and the next ones, in fresh processes."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

from workload import compiled_home, policy

from safeshell.command.command_line import block
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.paths import Home
from safeshell.policy.context import Context
from safeshell.policy.decision import Action
from safeshell.policy.facts import RequestFacts

RULES_COUNT = 10_000
NEXT = 200
"""Commands after the first; none is like another."""


@dataclass(frozen=True)
class Bucket:
    """Medians of the runs.

    Attributes:
        first_ms: the first decision, from ready facts, ms.
        first_mib: what the process grew by from before the table was mapped, MiB.
        next_us: a decision after it, of a line never seen, µs.
        next_mib: what the process grew by in all, MiB.
    """

    first_ms: float
    first_mib: float
    next_us: float
    next_mib: float


def measure(runs: int) -> Bucket:
    """Compiles the policy once and decides by it in so many processes."""
    with compiled_home(policy(RULES_COUNT, 1)) as made:
        rows = [_run(made.home) for _ in range(runs)]
    return Bucket(*(statistics.median(column) for column in zip(*rows, strict=True)))


def _run(home: Home) -> list[float]:
    done = subprocess.run([sys.executable, __file__, home.root], stdout=subprocess.PIPE, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


def _decide(home: Home) -> tuple[float, float, float, float]:
    policies = Policies(home, Loop())
    facts = RequestFacts(b"\0", b"/", Context())
    resident = _resident_kib()
    policies.load()
    made = policies.policy(())
    assert made is not None

    def decide(rule: int, *, denied: bool) -> float:
        arguments = block([b"tool0", b"sub%d" % rule if denied else b"status", b"argument-%d" % rule, b"--force"])
        began = time.perf_counter_ns()
        action = made.decide("tool0", arguments, facts).action
        took = (time.perf_counter_ns() - began) / 1000
        if action is not (Action.DENY if denied else Action.ALLOW):
            raise SystemExit(f"{arguments!r} was {action.word}")
        return took

    first = decide(1234, denied=True)
    first_kib = _resident_kib() - resident
    # Of ten rules those up to the sixth look at the command line alone.
    following = [decide(number * 40, denied=number % 2 == 0) for number in range(NEXT)]
    return first / 1000, first_kib / 1024, statistics.median(following), (_resident_kib() - resident) / 1024


def _resident_kib() -> int:
    with open("/proc/self/smaps_rollup", encoding="ascii") as stream:
        return next(int(line.split()[1]) for line in stream if line.startswith("Rss:"))


if __name__ == "__main__":
    print(json.dumps(_decide(Home(sys.argv[1]))))
