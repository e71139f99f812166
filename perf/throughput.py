"""How much one daemon gets done: decisions and commands a second, by the number of callers at once."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from dataclasses import dataclass

from building import Programs
from overhead import RULES, check_placement, work_tree
from reference import reference
from workload import configuration, policy, running_home

from safeshell.install.native import native_client

RULES_COUNT = 1000
ALLOWED = '"decision": "allow"'
_RESULT, _REFUSED = "10", "3"


@dataclass(frozen=True)
class Rate:
    """How often something was done.

    Attributes:
        what: decisions or commands, and by whom.
        callers: at once.
        per_second: done a second, by all of them.
    """

    what: str
    callers: int
    per_second: float


def measure(programs: Programs, callers: tuple[int, ...], seconds: float) -> list[Rate]:
    """Decisions and commands a second; each is done for so many seconds, all in turn for each number of callers."""
    with work_tree():
        return _decisions(programs, callers, seconds) + _commands(programs, callers, seconds)


def _decisions(programs: Programs, callers: tuple[int, ...], seconds: float) -> list[Rate]:
    native = native_client()
    rates = []
    with contextlib.ExitStack() as stack:
        daemon = stack.enter_context(running_home(policy(RULES_COUNT))).home.socket
        questions = {
            f"decisions, {RULES_COUNT} rules, lines never seen": (daemon, "new", _RESULT, ALLOWED),
            f"decisions, {RULES_COUNT} rules, one line": (daemon, "same", _RESULT, ALLOWED),
        }
        if native is not None:
            home = stack.enter_context(reference(programs, "refuse", native, []))
            questions["answers of the reference"] = (os.path.join(home, "daemon.sock"), "new", _REFUSED, "")
        for count in callers:
            for what, (socket, lines, kind, expected) in questions.items():
                words = [socket, str(count), f"{seconds}s", lines, kind, expected, "/usr/bin/tool1", "tool1", "sub1"]
                rates.append(Rate(what, count, load(programs, "ask", *words)))
    return rates


def _commands(programs: Programs, callers: tuple[int, ...], seconds: float) -> list[Rate]:
    native = native_client()
    true = shutil.which("true", path="/usr/bin:/bin")
    rates = []
    with contextlib.ExitStack() as stack:
        ways = {"commands, natively": ("", true or "true")}
        homes = {}
        for placement in ("in_place", "daemon"):
            made = stack.enter_context(running_home(RULES, configuration(["true"], placement)))
            homes[placement] = made
            ways[f"commands, {placement.replace('_', ' ')}"] = made.home.root, os.path.join(made.home.shims, "true")
        if native is not None and true is not None:
            for mode, name in (("exec", "in place"), ("spawn", "daemon")):
                home = stack.enter_context(reference(programs, mode, native, [true]))
                ways[f"commands, reference, {name}"] = home, f"{home}/shims/true"
        for count in callers:
            for what, (home, program) in ways.items():
                rates.append(
                    Rate(what, count, load(programs, "run", str(count), f"{seconds}s", "same", program, home=home))
                )
        for placement, made in homes.items():
            check_placement(made, placement)
            what = f"commands, {placement.replace('_', ' ')}"
            done = sum(rate.per_second for rate in rates if rate.what == what) * seconds
            made.check_repeated(int(done / 2))  # of many callers at once some may be Python's
    return rates


def load(programs: Programs, *words: str, home: str = "", directory: str | None = None) -> float:
    """Runs the load generator, in the working directory or another; returns how often a second it was done.

    Raises:
        SystemExit: an answer was another than expected.
    """
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/", "LANG": "C.UTF-8", "SAFESHELL_HOME": home}
    done = subprocess.run(
        [programs.load, *words],
        env=environment,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"load {words[0]} failed: {done.stderr}")
    count, seconds = done.stdout.split()
    return int(count) / float(seconds)
