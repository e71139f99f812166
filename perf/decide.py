"""What a decision costs, by number of rules; lines never repeat, and every answer is checked before it counts.

`ready` is `Policy.decide` with the facts at hand; `decoded` is everything that the daemon does between the decoded
request and the decision, its own code called in its own order, confinement aside (`make bench` times that with the
whole command).
"""

from __future__ import annotations

import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from safeshell_compiler.publish import compile_home, publish
from workload import COMMANDS, policy

from safeshell.command.command_line import block
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.sources.policy_source import Policies
from safeshell.daemon.steps.locate import working_directory
from safeshell.home.paths import Home
from safeshell.policy.context import Context
from safeshell.policy.decision import Action
from safeshell.policy.decision_cache import Policy
from safeshell.policy.facts import RequestFacts
from safeshell.policy.store.reading import read_current
from safeshell.policy.table import Table

ENVIRONMENT = b"\0" + block([b"VAR%d=%s" % (number, b"x" * 100) for number in range(50)])


@dataclass
class Decide:
    """Samples in µs for one number of rules, but for what says otherwise.

    Attributes:
        rules: how many.
        compile_s: compiling and publishing, s.
        open_ms: making a table of its sections, ms.
        first_use: the first decision of each command, which builds its automata.
        ready, ready_cached: from ready facts; a line never seen, and again.
        decoded, decoded_cached: from the decoded request, likewise.
    """

    rules: int
    compile_s: float = 0.0
    open_ms: float = 0.0
    first_use: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    ready_cached: list[float] = field(default_factory=list)
    decoded: list[float] = field(default_factory=list)
    decoded_cached: list[float] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        """The figures to print, assert and keep."""
        return {
            "rules": self.rules,
            "compile_s": self.compile_s,
            "open_ms": self.open_ms,
            **{
                name: statistics.median(getattr(self, name))
                for name in ("first_use", "ready", "ready_cached", "decoded", "decoded_cached")
            },
        }


def measure(sizes: tuple[int, ...], lines: int) -> list[dict[str, float]]:
    """Medians against tables of these sizes, timed in turn, block by block, so that drift hits all alike."""
    made = [_Setting(size) for size in sizes]
    gc.collect()
    gc.freeze()  # as the daemon does once it has started
    try:
        for block_start in range(0, lines, COMMANDS):
            for setting in made:  # a daemon has one policy: each has the machine for a line of every command
                for number in range(block_start, min(block_start + COMMANDS, lines)):
                    setting.sample(number)
    finally:
        for setting in made:
            setting.close()
    return [setting.figures.medians() for setting in made]


def requests(rules: int, start: int = 0) -> Iterator[tuple[str, bytes, Action]]:
    """Commands that never repeat, with what has to be decided: every fifth is denied by one of the rules."""
    tools = min(rules, COMMANDS)
    number = start
    while True:
        tool = number % tools
        rule = tool + COMMANDS * (number // 7 % max(1, rules // COMMANDS))
        denied = number % 5 == 0 and rule % 10 <= 6  # the others ask for more than the command line
        words = [f"tool{tool}", f"sub{rule}" if denied else "status", f"argument-{number}", "--force"]
        yield words[0], block([word.encode() for word in words]), Action.DENY if denied else Action.ALLOW
        number += 1


class _Setting:
    """One size: a home with its table published, and the daemon's own objects over it."""

    def __init__(self, rules: int) -> None:
        self.figures = Decide(rules)
        self._directory = tempfile.TemporaryDirectory(prefix="ssb-")
        home = Home(os.path.join(self._directory.name, "home"))
        home.create()
        Path(home.rules).write_text(policy(rules), encoding="utf-8")
        began = time.perf_counter()
        compiled = compile_home(home)
        publish(home, compiled)
        self.figures.compile_s = time.perf_counter() - began
        sections = read_current(home.tables, [home.rules])[0][home.rules][1]
        began = time.perf_counter()
        Table(sections, "")
        self.figures.open_ms = (time.perf_counter() - began) * 1000
        self._loop = Loop()
        self._policies = Policies(home, self._loop)
        self._policies.load()
        work = os.path.join(self._directory.name, "a/b/c/d")
        os.makedirs(work)
        self._descriptor = os.open(work, os.O_PATH)
        self._path = os.fsencode(work)
        self._context = Context()
        self._facts = RequestFacts(ENVIRONMENT, self._path, self._context)
        self._requests = requests(rules)
        self._warm_up(min(rules, COMMANDS))

    def _warm_up(self, tools: int) -> None:
        made = self._policies.policy(())
        assert made is not None
        for tool in range(tools):
            name = f"tool{tool}"
            arguments = block([name.encode(), b"first"])
            took, action = _time(lambda name=name, arguments=arguments: self._decide(made, name, arguments))  # type: ignore[misc]
            assert action is Action.ALLOW
            self.figures.first_use.append(took)

    def _decide(self, made: Policy, name: str, arguments: bytes) -> Action:
        return made.decide(name, arguments, self._facts).action

    def _judge(self, name: str, arguments: bytes) -> Action:
        directory = working_directory(b"/proc/self/fd/%d" % self._descriptor, 0, same_view=True)
        repository = self._policies.repository(directory)
        if self._policies.stale(repository):
            raise SystemExit("the rules changed while they were timed")
        made = self._policies.policy(repository)
        assert made is not None
        facts = RequestFacts(ENVIRONMENT, directory, self._context, descriptor=self._descriptor)
        return made.decide(name, arguments, facts).action

    def sample(self, number: int) -> None:
        """One line each way, never seen and again."""
        made = self._policies.policy(())
        assert made is not None
        for unseen, cached, decide in (
            (self.figures.ready, self.figures.ready_cached, lambda *request: self._decide(made, *request)),
            (self.figures.decoded, self.figures.decoded_cached, self._judge),
        ):
            name, arguments, expected = next(self._requests)
            for samples in (unseen, cached):
                took, action = _time(lambda: decide(name, arguments))  # noqa: B023 # called before it changes
                if action is not expected:
                    raise SystemExit(f"{self.figures.rules} rules, line {number}: {arguments!r} was {action.word}")
                samples.append(took)

    def close(self) -> None:
        """Gives everything back."""
        os.close(self._descriptor)
        self._loop.close()
        self._directory.cleanup()


def _time(decide: Callable[[], Action]) -> tuple[float, Action]:
    began = time.perf_counter_ns()
    action = decide()
    return (time.perf_counter_ns() - began) / 1000, action
