"""What a command costs through SafeShell, beside the same command natively and through the reference, in one run."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from building import Programs
from reference import reference
from timing import Case, Estimate, Timing, estimate, interleave, percentile
from workload import Running, configuration, running_home

from safeshell.install.native import native_client

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

FILES = 50
"""In the directory that the commands run in, which is also a repository's work tree."""

QUICK = {"true": ["true"], f"ls ({FILES} files)": ["ls"]}
SLOW = {"git status": ["git", "status"], "python3 -c pass": ["python3", "-c", "pass"]}

NATIVE = "native"
CLIENTS = {"shim": "native", "bash": "bash"}
"""What is in a shim's place in the table: the setting."""

A_NEW_LINE = ", a new line"
"""After a command's name: each run has another argument, so that the daemon has never seen the line."""

MAY_MATCH = ", that a rule may match"
"""Before `A_NEW_LINE`: the line has what the rule's pattern needs, so that the daemon's front leaves it to Python."""

ALMOST = "--deny-menot"
"""What it has: the rule doesn't match it."""

NEW = {f"true{A_NEW_LINE}": ["true"], f"true{MAY_MATCH}{A_NEW_LINE}": ["true", ALMOST]}
"""Natively and by the reference, too: an argument is more work for the program itself."""

DENIED = "true, denied"
CLIENT_ALONE = "client alone"

_PLACEMENTS = {"in place": ("in_place", "exec"), "daemon": ("daemon", "spawn")}
"""What it is called: the setting, and the reference's mode that does the like."""

_BROKERS = {"exec": "reference, in place", "spawn": "reference, daemon", "refuse": "reference, refused"}


@dataclass(frozen=True)
class Row:
    """One command one way.

    Attributes:
        command: what was run.
        how: native, or the client (`CLIENTS`, the reference) and the placement.
        timing: whole process, spawn to reap.
        native: the same command natively, for a new line any; None where it has no native counterpart.
        limit: the same command through the reference; None where the reference does nothing like it.
    """

    command: str
    how: str
    timing: Timing
    native: Timing | None = None
    limit: Timing | None = None

    def median(self) -> Estimate:
        """The median, µs."""
        return estimate(lambda own: own, self.timing)

    def p99(self) -> Estimate:
        """The 99th percentile, µs."""
        return estimate(lambda own: own, self.timing, statistic=p99)

    def over_native(self) -> Estimate | None:
        """Difference of the medians, µs."""
        return None if self.native is None else estimate(lambda own, native: own - native, self.timing, self.native)

    def ratio(self) -> Estimate | None:
        """As a multiple of the native command."""
        return None if self.native is None else estimate(lambda own, native: own / native, self.timing, self.native)

    def times_reference(self) -> Estimate | None:
        """The overhead as a multiple of the reference's (without a native counterpart: the whole).

        None also where noise leaves open whether the reference has an overhead at all.
        """
        if self.limit is None:
            return None
        if self.native is None:
            return estimate(lambda own, limit: own / limit, self.timing, self.limit)
        if estimate(lambda limit, native: limit - native, self.limit, self.native).low <= 0:
            return None
        return estimate(
            lambda own, native, limit: (own - native) / max(limit - native, 0.001), self.timing, self.native, self.limit
        )


def p99(samples: Sequence[float]) -> float:
    """The 99th percentile."""
    return percentile(samples, 0.99)


def measure(programs: Programs | None, runs: int, slow_runs: int) -> list[Row]:
    """Times quick commands by each client, and slow commands, each group interleaved in itself.

    The script is timed apart, beside native runs of its own: it runs a shell and `nc`, after which every cache is cold.
    """
    with work_tree() as base:
        rows = _commands(programs, QUICK | NEW, base, runs, ("shim",), with_denied=True)
        script = _commands(programs, QUICK, base, runs, ("bash",), with_denied=True)
        rows += [row for row in script if row.how.startswith("bash") or row.command in ("bash -c :", "nc -h")]
        return rows + _commands(programs, SLOW, base, slow_runs, tuple(CLIENTS), with_denied=False)


def measure_quick(programs: Programs | None, runs: int) -> list[Row]:
    """Times `true` and `ls` through the native client alone."""
    with work_tree() as base:
        return _commands(programs, QUICK | NEW, base, runs, ("shim",), with_denied=True)


def measure_alone(programs: Programs, runs: int = 300) -> dict[str, Timing]:
    """Times the client, refused by the reference, and an empty program, by command."""
    native, true = native_client(), shutil.which("true", path="/usr/bin:/bin")
    if native is None or true is None or programs.empty is None:
        return {}
    with work_tree() as base, reference(programs, "refuse", native, [true]) as home:
        cases = _reference_cases("refuse", {}, home, base) + _yardsticks(programs, base, with_bash=False)
        return {name.split("|")[0]: timing for name, timing in interleave(cases, runs).items()}


def _commands(
    programs: Programs | None,
    commands: Mapping[str, list[str]],
    base: Mapping[str, str],
    runs: int,
    clients: tuple[str, ...],
    *,
    with_denied: bool,
) -> list[Row]:
    names = [argv[0] for argv in commands.values()]
    found = {name: shutil.which(name, path=base["PATH"]) for name in names}
    commands = {label: argv for label, argv in commands.items() if found[argv[0]]}
    with contextlib.ExitStack() as stack:
        cases = [_case(label, NATIVE, found[argv[0]] or "", argv, base) for label, argv in commands.items()]
        homes: dict[str, tuple[str, Running]] = {}
        for client in clients:
            for placement, (execution, _) in _PLACEMENTS.items():
                made = stack.enter_context(running_home(RULES, configuration(names, execution, CLIENTS[client])))
                homes[f"{client}, {placement}"] = execution, made
                cases += _cases(f"{client}, {placement}", commands, made, base)
        if with_denied:
            for client in clients:
                cases += _denied(client, homes[f"{client}, daemon"][1], base)
        native = native_client()
        if programs is not None and native is not None:
            paths = [path for path in found.values() if path]
            for mode in ("exec", "spawn", *(["refuse"] if with_denied else [])):
                home = stack.enter_context(reference(programs, mode, native, paths))
                cases += _reference_cases(mode, commands, home, base)
        if with_denied:
            cases += _yardsticks(programs, base, with_bash="bash" in clients)
        timings = interleave(cases, runs)
        for how, (execution, made) in homes.items():
            check_placement(made, execution)
            if how.startswith("shim"):
                made.check_repeated(runs * sum(not label.endswith(A_NEW_LINE) for label in commands))
    return [_row(name, timing, timings) for name, timing in timings.items()]


def _case(label: str, how: str, path: str, argv: list[str], environment: Mapping[str, str]) -> Case:
    return Case(f"{label}|{how}", path, argv, environment, is_new=label.endswith(A_NEW_LINE))


def _cases(how: str, commands: Mapping[str, list[str]], made: Running, base: Mapping[str, str]) -> list[Case]:
    cases = []
    for label, argv in commands.items():
        path, environment = made.shimmed(argv[0], base)
        cases.append(_case(label, how, path, argv, environment))
    return cases


def _denied(client: str, made: Running, base: Mapping[str, str]) -> list[Case]:
    path, environment = made.shimmed("true", base)
    return [
        Case(f"{DENIED}{A_NEW_LINE * is_new}|{client}", path, ["true", "--deny-me"], environment, 126, is_new=is_new)
        for is_new in ((False, True) if client == "shim" else (False,))
    ]


def _reference_cases(mode: str, commands: Mapping[str, list[str]], home: str, base: Mapping[str, str]) -> list[Case]:
    environment = {**base, "SAFESHELL_HOME": home, "PATH": f"{home}/shims:{base['PATH']}"}
    if mode == "refuse":
        return [Case(f"{CLIENT_ALONE}|shim", f"{home}/shims/true", ["true"], environment, status=126)]
    return [
        _case(label, _BROKERS[mode], f"{home}/shims/{argv[0]}", argv, environment) for label, argv in commands.items()
    ]


def _yardsticks(programs: Programs | None, base: Mapping[str, str], *, with_bash: bool) -> list[Case]:
    """What a client can't be faster than: an empty program; for the script bash, and the tool it speaks by."""
    cases = []
    if programs is not None and programs.empty is not None:
        cases.append(Case(f"empty static program|{NATIVE}", programs.empty, ["empty"], base))
    bash, tool = (shutil.which(name, path=base["PATH"]) for name in ("bash", "nc"))
    if with_bash and bash and tool:
        cases.append(Case(f"bash -c :|{NATIVE}", bash, ["bash", "-c", ":"], base))
        helped = subprocess.run([tool, "-h"], env=dict(base), capture_output=True, check=False).returncode
        cases.append(Case(f"nc -h|{NATIVE}", tool, ["nc", "-h"], base, status=helped))
    return cases


def _row(name: str, timing: Timing, timings: Mapping[str, Timing]) -> Row:
    command, how = name.split("|")
    native = timings.get(f"{command}|{NATIVE}") if how != NATIVE else None
    limit = None
    for placement, (_, mode) in _PLACEMENTS.items():
        if how.endswith(f", {placement}") and not how.startswith("reference"):
            limit = timings.get(f"{command}|{_BROKERS[mode]}")
    if command.startswith(DENIED):
        limit = timings.get(f"{CLIENT_ALONE}|shim")
    if command == CLIENT_ALONE:
        native = timings.get(f"empty static program|{NATIVE}")
    return Row(command, how, timing, native, limit)


def check_placement(made: Running, execution: str) -> None:
    """What was timed as a placement must have been that placement."""
    placed = made.status()["placement"]
    if set(placed) != {execution}:
        raise SystemExit(f"commands meant to run {execution} ran {placed}")


@contextlib.contextmanager
def work_tree() -> Iterator[dict[str, str]]:
    """Makes this process's directory a repository with some files; yields a bare environment."""
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        base = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": directory, "LANG": "C.UTF-8"}
        tree = os.path.join(directory, "tree")
        os.mkdir(tree)
        for number in range(FILES):
            Path(tree, f"file{number}").touch()
        if shutil.which("git", path=base["PATH"]):
            for words in (["init", "--quiet"], ["add", "."], _COMMIT):
                subprocess.run(["git", *words], cwd=tree, env=base, check=True, stdout=subprocess.DEVNULL)
        before = os.getcwd()
        os.chdir(tree)
        try:
            yield base
        finally:
            os.chdir(before)


_COMMIT = ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "files"]
