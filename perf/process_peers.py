"""Other programs that stand between a caller and a command, each around the same `true`, in one run with ours.

What isn't installed, or doesn't work here when tried, is left out with a line: `sudo -n` and `doas` need a rule that
lets this user run anything without a password, `bwrap` and `firejail` namespaces. `npm install @openai/codex
cc-safety-net` gives the two that judge a command in a process of their own, set beside one that SafeShell denies.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from overhead import RULES, check_placement
from timing import Case, Timing, interleave
from workload import SAFESHELL, configuration, running_home

AROUND = {
    "sudo -n": ["sudo", "-n", "true"],
    "doas -n": ["doas", "-n", "true"],
    "bwrap": ["bwrap", "--dev-bind", "/", "/", "true"],
    "firejail": ["firejail", "--quiet", "--noprofile", "true"],
}
"""How each runs `true` with the least that it can do."""

CODEX_RULES = 'prefix_rule(pattern=["git", "reset", "--hard"], decision="forbidden")\n'
CODEX = ["codex", "execpolicy", "check", "--rules", "{directory}/codex.rules", "git", "reset", "--hard"]
HOOK = {
    "hook_event_name": "PreToolUse",
    "tool_name": "Bash",
    "tool_input": {"command": "git reset --hard"},
    "cwd": "/",
}


@dataclass(frozen=True)
class Peer:
    """One of them.

    Attributes:
        name: what it is called.
        judges: whether it only judges a command, and doesn't run it.
        timing: whole process.
    """

    name: str
    judges: bool
    timing: Timing


def measure(runs: int) -> list[Peer]:
    """Times native `true`, ours and theirs in turn; then, likewise, a denial by us and what judges a command."""
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        base = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": directory, "LANG": "C.UTF-8"}
        return _around(base, runs) + _judging(base, directory, max(10, runs // 10))


def _around(base: Mapping[str, str], runs: int) -> list[Peer]:
    true = shutil.which("true", path="/usr/bin:/bin") or "true"
    cases = [Case("native", true, ["true"], base)]
    with contextlib.ExitStack() as stack:
        homes = {}
        for execution in ("in_place", "daemon"):
            made = homes[execution] = stack.enter_context(running_home(RULES, configuration(["true"], execution)))
            path, environment = made.shimmed("true", base)
            cases.append(Case(f"SafeShell, {execution.replace('_', ' ')}", path, ["true"], environment))
        cases += [case for name, words in AROUND.items() if (case := _tried(Case(name, "", words, base)))]
        timings = interleave(cases, runs)
        for execution, made in homes.items():
            check_placement(made, execution)
            made.check_repeated(runs)
    return [Peer(name, False, timing) for name, timing in timings.items()]


def _judging(base: Mapping[str, str], directory: str, runs: int) -> list[Peer]:
    Path(directory, "codex.rules").write_text(CODEX_RULES, encoding="utf-8")
    call = os.path.join(directory, "call.json")
    Path(call).write_text(json.dumps(HOOK), encoding="utf-8")
    codex = [word.format(directory=directory) for word in CODEX]
    with running_home(RULES, configuration(["true"])) as made:
        path, environment = made.shimmed("true", base)
        table = {**base, "SAFESHELL_HOME": made.home.root}
        check = [*SAFESHELL, "check", "--", "true", "--deny-me"]
        cases = [
            Case("SafeShell, a denied command", path, ["true", "--deny-me"], environment, status=126),
            Case("safeshell check", check[0], check, table, status=3),
        ]
        for name, words, stdin, expected in (
            ("codex execpolicy check", codex, os.devnull, b'"decision":"forbidden"'),
            ("cc-safety-net hook", ["cc-safety-net", "hook", "--claude-code"], call, b'"permissionDecision":"deny"'),
        ):
            case = _tried(Case(name, "", words, base, stdin=stdin), expected)
            if case is not None:
                cases.append(case)
        timings = interleave(cases, runs, warmup=3)
    return [Peer(name, True, timing) for name, timing in timings.items()]


def _tried(case: Case, expected: bytes = b"") -> Case | None:
    """The case with its program found, where it works here and says what it has to; else None, and a line why."""
    path = shutil.which(case.argv[0], path=case.env["PATH"])
    if path is None:
        print(f"# {case.argv[0]} isn't installed: left out")
        return None
    with open(case.stdin, "rb") as stdin:
        done = subprocess.run(
            case.argv,
            executable=path,
            env=case.env,
            stdin=stdin,
            capture_output=True,
            start_new_session=True,
            check=False,
        )
    if done.returncode or expected not in done.stdout:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        print(f"# {case.name} doesn't work here (status {done.returncode}): left out: {said[-1] if said else ''}")
        return None
    return Case(case.name, path, case.argv, case.env, stdin=case.stdin)
