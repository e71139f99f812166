"""What a decision costs from the decoded request on, by number of rules; lines never repeat."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from safeshell_compiler import compile_rules
from workload import policy

from safeshell.cache import Policy
from safeshell.context import Context
from safeshell.decision import Action
from safeshell.evaluator import LoadedTable
from safeshell.facts import RequestFacts
from safeshell.subject import block
from safeshell.table import Table

COMMANDS = 100


@dataclass(frozen=True)
class Decide:
    """Medians in µs for one number of rules."""

    rules: int
    unseen: float
    cached: float
    first_use: float
    open_ms: float


def measure(sizes: tuple[int, ...], lines: int) -> list[Decide]:
    """Times decisions against tables of these sizes; every answer is checked before it counts."""
    return [_measure(size, lines) for size in sizes]


def _measure(rules: int, lines: int) -> Decide:
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        path = os.path.join(directory, "rules.yaml")
        Path(path).write_text(policy(rules, COMMANDS), encoding="utf-8")
        compilation = compile_rules(path)
    assert compilation.table is not None, compilation.findings[:3]
    started = time.perf_counter()
    table = Table(compilation.table, "")
    open_ms = (time.perf_counter() - started) * 1000
    made = Policy([LoadedTable(table)])
    environment = b"\0" + block([b"VAR%d=%s" % (number, b"x" * 100) for number in range(50)])
    context = Context()
    first_use = _first_use(made, environment, context, min(rules, COMMANDS))

    def decide(arguments: bytes, name: str) -> tuple[float, Action]:
        began = time.perf_counter_ns()
        facts = RequestFacts(environment, b"/home/ann/work/project", context)
        decision = made.decide(name, arguments, facts)
        return (time.perf_counter_ns() - began) / 1000, decision.action

    unseen: list[float] = []
    cached: list[float] = []
    for number in range(lines):
        tool = number % min(rules, COMMANDS)
        denied = number % 5 == 0
        rule = tool if rules <= COMMANDS else tool + COMMANDS * (number // 7 % (rules // COMMANDS))
        if rule % 10 > 6:
            denied = False  # that rule asks for more than the command line
        words = [f"tool{tool}", f"sub{rule}" if denied else "status", f"argument-{number}", "--force"]
        arguments = block([word.encode() for word in words])
        expected = Action.DENY if denied else Action.ALLOW
        for samples in (unseen, cached):
            took, action = decide(arguments, words[0])
            if action is not expected:
                raise SystemExit(f"{rules} rules: {' '.join(words)} was decided {action.word}")
            samples.append(took)
    return Decide(rules, statistics.median(unseen), statistics.median(cached), first_use, open_ms)


def _first_use(made: Policy, environment: bytes, context: Context, tools: int) -> float:
    samples = []
    for tool in range(tools):
        began = time.perf_counter_ns()
        made.decide(f"tool{tool}", b"tool\0", RequestFacts(environment, b"/", context))
        samples.append((time.perf_counter_ns() - began) / 1000)
    return statistics.median(samples)
