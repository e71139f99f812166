"""An agent's hook: the whole process, asked about lines that were never seen, beside a program that does nothing.

Beside it, in turn, other guards' hooks, as their own installers wire them (`npm install -g cc-safety-net`, `pip install
nah`): with their own rules, for they have no others. One that isn't there, or lets `git reset --hard` pass, is left out
with a line.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from timing import Timing
from workload import Running, policy, running_home

RULES_COUNT = 100
FIRST = 20
"""Lines before the first that counts: the helper that judges them is started, and its tables mapped."""

PROGRAMS = ("cat", "git", "make", "npm", "python3", "tool1", "tool2")
"""Those of which most lines are, and some that rules name."""

OTHERS = {"cc-safety-net": ["cc-safety-net", "hook", "--claude-code"], "nah": ["nah", "_claude-hook"]}
"""What Claude Code is told to run by each."""

SELDOM = 10
"""Lines of ours to one of theirs, which take as many times as long."""


@dataclass(frozen=True)
class Hooks:
    """What was found.

    Attributes:
        hook: µs of a hook process, from its start to its end.
        empty: µs of an empty program, likewise, in turn with it.
        over: µs of each hook over the empty program beside it.
        others: µs of other guards' hooks, by name.
    """

    hook: Timing
    empty: Timing
    over: Timing
    others: dict[str, Timing] = field(default_factory=dict)

    def cases(self) -> tuple[tuple[str, Timing], ...]:
        """Each by what it is called in the table."""
        ours = ("an empty program", self.empty), ("the hook", self.hook), ("the hook over the empty program", self.over)
        return (*ours, *((f"{name}'s hook", timing) for name, timing in self.others.items()))


def measure(runs: int, hook: str, empty: str) -> Hooks:
    """Asks about so many lines.

    Args:
        runs: how many.
        hook: the hook program.
        empty: a program that does nothing.

    Raises:
        SystemExit: an answer was none that is right.
    """
    source = random.Random(1)
    asked, nothing = [], []
    with running_home(policy(RULES_COUNT)) as made:
        others = _found(made)
        theirs: dict[str, list[float]] = {name: [] for name in others}
        for number in range(FIRST + runs):
            took = _ask(made, hook, _line(source, number))
            alone = _run([empty], made, b"")
            if number >= FIRST:
                asked.append(took)
                nothing.append(alone)
            if number >= FIRST and not number % SELDOM:
                for name, words in others.items():
                    theirs[name].append(_run(words, made, _envelope(_line(source, number)), _theirs(made)))
        _check(made, hook)
    over = tuple(took - alone for took, alone in zip(asked, nothing, strict=True))
    found = {name: Timing(tuple(samples)) for name, samples in theirs.items()}
    return Hooks(Timing(tuple(asked)), Timing(tuple(nothing)), Timing(over), found)


def _found(made: Running) -> dict[str, list[str]]:
    """The other guards that are there and guard."""
    found = {}
    for name, (program, *arguments) in OTHERS.items():
        path = shutil.which(program)
        if path is None:
            print(f"# {name} isn't installed: left out")
            continue
        words = [path, *arguments]
        done = subprocess.run(
            words, input=_envelope("git reset --hard"), env=_theirs(made), capture_output=True, check=False
        )
        if any(word in done.stdout for word in (b'"deny"', b'"ask"')):
            found[name] = words
        else:
            print(f"# {name} lets `git reset --hard` pass (status {done.returncode}): left out")
    return found


def _theirs(made: Running) -> dict[str, str]:
    """Another guard's environment: a home without settings, and a PATH on which its interpreter is."""
    return {"HOME": made.home.root, "PATH": os.environ.get("PATH", "/usr/bin:/bin")}


def _line(source: random.Random, number: int) -> str:
    """A line as agents write them, unlike any other."""
    words = [f"{source.choice(PROGRAMS)} sub{source.randrange(50)} arg{number}-{part}" for part in range(3)]
    return f"cd /tmp && {words[0]} | {words[1]} 2>&1 && {words[2]} --flag 'a b' > /tmp/out{number}"


def _envelope(line: str) -> bytes:
    call = {"tool_name": "Bash", "tool_input": {"command": line, "description": "Does it"}, "tool_use_id": "u"}
    return json.dumps({"session_id": "s", "cwd": "/tmp", "hook_event_name": "PreToolUse", **call}).encode()


def _ask(made: Running, hook: str, line: str) -> float:
    return _run([hook, "claude-code"], made, _envelope(line))


def _run(words: Sequence[str], made: Running, given: bytes, env: dict[str, str] | None = None) -> float:
    """Runs a program to its end; returns µs."""
    reader, writer = os.pipe()
    os.write(writer, given)
    os.close(writer)
    environment = env or {"SAFESHELL_HOME": made.home.root, "HOME": "/root", "PATH": "/usr/bin:/bin"}
    quiet = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    began = time.perf_counter_ns()
    pid = os.posix_spawn(words[0], list(words), environment, file_actions=[(os.POSIX_SPAWN_DUP2, reader, 0), quiet])
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    took = (time.perf_counter_ns() - began) / 1000
    os.close(reader)
    if status:
        raise SystemExit(f"{words[0]} ended with {status}")
    return took


def _check(made: Running, hook: str) -> None:
    """A line that a rule denies is denied: what was timed was a guard."""
    done = subprocess.run(
        [hook, "claude-code"],
        input=_envelope("cd /tmp && tool1 sub1 x --force"),
        env={"SAFESHELL_HOME": made.home.root, "HOME": "/root"},
        capture_output=True,
        check=True,
    )
    if b'"deny"' not in done.stdout:
        raise SystemExit(f"a line that rules deny was answered with {done.stdout!r}")
