"""The daemon itself: from exec to its first answer, taking up changed rules, and its memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from timing import Timing
from workload import COMMANDS, Running, compiled_home, policy, running_home

from safeshell.client import control, evaluate
from safeshell.protocol import Type

RULES_COUNT = 1000


@dataclass(frozen=True)
class Lifecycle:
    """What was found.

    Attributes:
        start: µs from exec to the first answer, for a table of `RULES_COUNT` rules.
        reload: µs of a RELOAD that finds nothing changed.
        edit: µs from saving 30 rules to a decision by them.
        rss_mib: resident memory with `RULES_COUNT` rules, when every command has been decided once, MiB.
        pss_mib: the same with shared pages counted by share, MiB; 0 where the kernel doesn't say.
    """

    start: Timing
    reload: Timing
    edit: Timing
    rss_mib: float
    pss_mib: float


def measure(runs: int) -> Lifecycle:
    """Starts, reloads and edits so many times each."""
    with compiled_home(policy(RULES_COUNT)) as made:
        start = Timing(tuple(_start(made) for _ in range(runs)))
    with running_home(policy(RULES_COUNT)) as made:
        rss, pss = _memory(made)
    with running_home(policy(30)) as made:
        reload = Timing(tuple(_reload(made) for _ in range(runs)))
        edit = Timing(tuple(_edit(made, number) for number in range(runs)))
    return Lifecycle(start, reload, edit, rss, pss)


def _ask(made: Running, *words: str) -> str:
    answer: str = evaluate(words, env={"PATH": "/usr/bin:/bin"}, home=made.home)["decision"]
    return answer


def _start(made: Running) -> float:
    reader, writer = os.pipe()
    began = time.perf_counter_ns()
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "safeshell.daemon"],
        env={"SAFESHELL_HOME": made.home.root, "SAFESHELL_READY_FD": str(writer), "PATH": "/usr/bin:/bin"},
        cwd="/",
        pass_fds=(writer,),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(writer)
    os.read(reader, 1)
    answer = _ask(made, "tool1", "sub1", "x", "--force")
    took = (time.perf_counter_ns() - began) / 1000
    os.close(reader)
    process.send_signal(signal.SIGTERM)
    process.wait()
    if answer != "deny":
        raise SystemExit(f"the first answer of a daemon was {answer}, expected deny")
    return took


def _reload(made: Running) -> float:
    began = time.perf_counter_ns()
    control(Type.RELOAD, home=made.home)
    return (time.perf_counter_ns() - began) / 1000


def _edit(made: Running, number: int) -> float:
    """The rules say yes and no in turn; the decision must be by the newest."""
    text = policy(30).replace("action: deny", "action: allow") if number % 2 == 0 else policy(30)
    aside = f"{made.home.rules}.edit"
    Path(aside).write_text(text, encoding="utf-8")
    began = time.perf_counter_ns()
    os.replace(aside, made.home.rules)
    answer = _ask(made, "tool1", "sub1", "x", "--force")
    took = (time.perf_counter_ns() - began) / 1000
    if answer != ("allow", "deny")[number % 2]:
        raise SystemExit(f"the first decision after an edit was {answer}, not by the new rules")
    return took


def _memory(made: Running) -> tuple[float, float]:
    for tool in range(COMMANDS):
        _ask(made, f"tool{tool}", "sub1")
    status = made.status()
    pss = 0
    try:
        lines = Path(f"/proc/{status['pid']}/smaps_rollup").read_text(encoding="ascii").splitlines()
        pss = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    except OSError:
        pass
    return status["rss_kib"] / 1024, pss / 1024
