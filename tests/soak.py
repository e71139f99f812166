"""Many commands from many callers while the daemon is reloaded and restarted under them.

    python tests/soak.py [COMMANDS]

No wrong status, no lost byte; no descriptor, process or memory is kept. `make soak` runs it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from e2e.guard import Guard, unattended
from harness import _naming, idle, sync_shims, until, wait_for, write
from safeshell_compiler.publish import compile_home, publish

from safeshell.cli.daemon import hand_over
from safeshell.client import control
from safeshell.protocol import Type

CALLERS = 20
ROUNDS = 12
"""A reload each; the first half restarts as well. In the second half one daemon's memory is watched."""

GROWTH_KIB = 4096
"""What a daemon may grow by in the second half, whose first quarter has filled its caches."""

BIG = 200_000

COMMANDS: tuple[tuple[list[str], int, bytes, bytes], ...] = (
    (["sh", "-c", "echo out; echo err >&2; exit 7"], 7, b"out\n", b"err\n"),
    (["sh", "-c", "printf '%s' \"$1\"", "x", "a b'c"], 0, b"a b'c", b""),
    (["cat", "big"], 0, b"x" * BIG, b""),
    (["sh", "-c", "kill -9 $$"], -9, b"", b""),
    (["nested"], 4, b"", b""),
    (["rm", "precious"], 126, b"", b"safeshell: denied by rule keep (HOME/rules.yaml:3): Keep it.\n"),
)
"""argv, and how it has to end."""

RULES = """\
version: 1
rules:
  - {name: keep, commands: [rm], conditions: [{command_contains: precious}], action: deny, message: Keep it.,
     tests: {match: [rm precious]}}
  - {name: seen, commands: [sh, cat, nested, exits], action: allow, message: Seen.}
"""


@dataclass(slots=True)
class Soak:
    """One run.

    Attributes:
        guard: the world it runs in.
        total: commands to run.
        failures: what went wrong, in words.
        daemons: the pids of all daemons there were.
        resident: the last daemon's memory in KiB, a value a round.
    """

    guard: Guard
    total: int
    failures: list[str] = field(default_factory=list)
    daemons: list[int] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)
    done: int = 0

    def run(self) -> None:
        """Runs all commands; raises AssertionError where anything is not as it should be."""
        with open(os.path.join(self.guard.work, "big"), "wb") as stream:
            stream.write(b"x" * BIG)
        self._call(0)  # starts the daemon
        self.daemons.append(self._status()["pid"])
        before = idle(self.guard.home)["descriptors"]
        numbers = iter(range(self.total))
        lock = threading.Lock()
        callers = [threading.Thread(target=self._caller, args=(numbers, lock)) for _ in range(CALLERS)]
        for thread in callers:
            thread.start()
        try:
            for number in range(1, ROUNDS):
                self._disturb(number)
        finally:
            if self.failures:
                with lock:
                    for _ in numbers:
                        pass
            for thread in callers:
                thread.join()
        assert not self.failures, self.failures[:5]
        idle(self.guard.home)
        until(lambda: self._status()["descriptors"] == before, f"{before} descriptors, as at first")
        for pid in self.daemons[:-1]:
            with contextlib.suppress(ProcessLookupError):
                assert wait_for(pid), f"daemon {pid} did not end"
        until(lambda: self._left() == {self.daemons[-1]}, "the last process to end")
        assert max(self.resident) <= self.resident[0] + GROWTH_KIB, self.resident

    def _left(self) -> set[int]:
        return set(_naming(os.fsencode(self.guard.root)))

    def _caller(self, numbers: Iterator[int], lock: threading.Lock) -> None:
        while not self.failures:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            self._call(number)
            self.done += 1

    def _call(self, number: int) -> None:
        argv, *expected = COMMANDS[number % len(COMMANDS)]
        done = subprocess.run(
            argv,
            env=self.guard.environment(),
            cwd=self.guard.work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        said = done.stderr.replace(os.fsencode(self.guard.home.root), b"HOME")
        found = [done.returncode, done.stdout, said]
        if found != expected:
            self.failures.append(f"{argv}: {[str(each)[:300] for each in found]}")

    def _disturb(self, number: int) -> None:
        """When its part of the commands has run: reloads, and in the first half restarts."""
        until(lambda: self.failures or self.done >= self.total * number // ROUNDS, "commands to run", 3600)
        if self.failures:
            return
        if number <= ROUNDS // 2:
            assert hand_over(self.guard.home, now=False)
            self.daemons.append(self._status()["pid"])
        control(Type.RELOAD, home=self.guard.home)
        if number > ROUNDS // 2 + 1:
            self.resident.append(self._status()["rss_kib"])

    def _status(self) -> dict[str, Any]:
        return control(Type.STATUS, home=self.guard.home)


def soak(total: int) -> Soak:
    """Runs so many commands in a world of their own.

    Raises:
        AssertionError: something was lost, wrong or kept.
    """
    with unattended() as guard:
        write(guard.home.rules, RULES)
        compiled = compile_home(guard.home)
        publish(guard.home, compiled)
        sync_shims(guard.home, guard.path(native=True))
        run = Soak(guard, total)
        run.run()
    return run


def main() -> None:
    """Says what it took."""
    started = time.monotonic()
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    run = soak(total)
    print(  # noqa: T201
        f"{total} commands, {CALLERS} callers, {ROUNDS - 1} reloads, {len(run.daemons) - 1} restarts in "
        f"{time.monotonic() - started:.0f} s: nothing lost, nothing kept; memory {run.resident} KiB"
    )


if __name__ == "__main__":
    main()
