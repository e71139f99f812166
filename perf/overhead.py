"""What a command costs through SafeShell, beside the same command natively, in the same run."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from timing import Case, Timing, interleave
from workload import home

from safeshell.client import control
from safeshell.paths import Home
from safeshell.protocol import Type

RULES = """\
version: 1
rules:
  - name: no-deny-me
    commands: ['true']
    conditions: [{command_matches: '^true --deny-me( |$)'}]
    action: deny
    message: For the benchmark.
    tests: {match: [true --deny-me]}
"""


@dataclass(frozen=True)
class Overhead:
    """One command's cost.

    Attributes:
        command: what was run.
        placement: native, in place, daemon or denied.
        timing: whole process, spawn to reap.
        native: the same natively; None for a denied one, which has no native counterpart.
    """

    command: str
    placement: str
    timing: Timing
    native: Timing | None


def measure(runs: int) -> list[Overhead]:
    """Times `true`, `ls` of 50 files, and a denied command, natively and in both placements."""
    with contextlib.ExitStack() as stack:
        files = stack.enter_context(_files())
        homes = {
            placement: stack.enter_context(home(RULES, ["true", "ls"], execution))
            for placement, execution in (("in place", "in_place"), ("daemon", "daemon"))
        }
        base = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/", "LANG": "C.UTF-8"}
        commands = {"true": ["true"], f"ls ({len(os.listdir(files))} files)": ["ls", files]}
        cases: list[Case] = []
        for label, argv in commands.items():
            program = shutil.which(argv[0], path=base["PATH"])
            assert program is not None
            cases.append(Case(f"{label}|native", program, argv, base))
            cases += [Case(f"{label}|{placement}", *_shimmed(where, argv, base)) for placement, where in homes.items()]
        denied = _shimmed(homes["daemon"], ["true", "--deny-me"], base)
        cases.append(Case("true --deny-me|denied", *denied, status=126))
        timings = interleave(cases, runs)
        _check_placements(homes)
    return [
        Overhead(
            name.split("|")[0],
            name.split("|")[1],
            timing,
            timings.get(name.split("|")[0] + "|native"),
        )
        for name, timing in timings.items()
    ]


def _shimmed(where: Home, argv: list[str], base: dict[str, str]) -> tuple[str, list[str], dict[str, str]]:
    environment = {**base, "SAFESHELL_HOME": where.root, "PATH": f"{where.shims}:{base['PATH']}"}
    return os.path.join(where.shims, argv[0]), argv, environment


def _check_placements(homes: dict[str, Home]) -> None:
    """What was timed as a placement must have been that placement."""
    for placement, where in homes.items():
        placed = control(Type.STATUS, home=where)["placement"]
        expected = placement.replace(" ", "_")
        if set(placed) != {expected}:
            raise SystemExit(f"commands meant to run {placement} ran {placed}")


@contextlib.contextmanager
def _files() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        for number in range(50):
            Path(directory, f"file{number}").touch()
        yield directory
