"""What compiling costs, as whole processes: time and peak memory by number of rules, and for an unchanged policy."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from workload import SAFESHELL, policy


@dataclass(frozen=True)
class Compile:
    """One compilation.

    Attributes:
        what: what was compiled.
        seconds: wall clock, the median of the runs.
        fastest: the fastest of them, s.
        peak_mib: the largest resident size.
    """

    what: str
    seconds: float
    fastest: float
    peak_mib: float


def measure(sizes: tuple[int, ...], runs: int) -> list[Compile]:
    """Times `safeshell compile` of policies of these sizes, and `compile --check` of one that is in force already."""
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        found = []
        for size in sizes:
            path = os.path.join(directory, f"{size}.yaml")
            Path(path).write_text(policy(size), encoding="utf-8")
            megabytes = os.path.getsize(path) / 1e6
            found.append(_run(f"{size} rules, {megabytes:.2f} MB", ["compile", "--check", path], {}, 1))
        home = os.path.join(directory, "home")
        os.mkdir(home, mode=0o700)
        Path(home, "rules.yaml").write_text(policy(30), encoding="utf-8")
        environment = {"SAFESHELL_HOME": home}
        _run("", ["compile"], environment, 1)
        found.append(_run("30 rules, unchanged, --check", ["compile", "--check"], environment, runs))
        return found


def _run(what: str, arguments: list[str], environment: dict[str, str], runs: int) -> Compile:
    samples = []
    peak = 0
    for _ in range(runs):
        began = time.perf_counter()
        process = subprocess.Popen(
            [*SAFESHELL, *arguments], env={**os.environ, **environment}, stdout=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        samples.append(time.perf_counter() - began)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"safeshell {' '.join(arguments)} ended with {process.returncode}")
        peak = max(peak, usage.ru_maxrss)
    return Compile(what, statistics.median(samples), min(samples), peak / 1024)
