"""Holds the daemon's native front against Python, in random worlds, for as long as it is told.

    python tests/fuzz/differential.py SECONDS [SEED]

Two daemons guard one tree of files by the same rules; one has its front, the other decides each command in Python.
Commands are asked of both again and again while files, directories, rules, settings and callers change at random:
status, output and what they see of themselves have to be the same, and so has each record.
`make differential SECONDS=…` runs it. A failure names the world's seed, and says what happened in it; `SEED=…` begins
with that world.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from fuzz.worlds import CALLERS, CONFIGS, LONG, MORE, SNIPPETS, WRAPPED, Ask, Group, World
from harness import (
    MARKER,
    PATIENT,
    Daemon,
    daemon_log,
    make_home,
    running_daemon,
    safeshell,
    sync_shims,
    temporary_directory,
    until,
    write,
)

from safeshell.client import control
from safeshell.home.paths import Home
from safeshell.install.native import native_front
from safeshell.protocol import Type

NAMED = """
with open("/proc/self/comm", "w") as comm:
    comm.write("the-daemon")
"""
PYTHON_ALONE = """
from safeshell.daemon.fastpath import binding
binding.native_front = lambda: None
"""
DAEMONS = {"front": NAMED + PATIENT, "python": NAMED + PYTHON_ALONE + PATIENT}
"""The two, as programs."""

STEPS = 150
"""Asked or changed in a world."""

GLIBCS = 3 << 31
"""Signals 32 and 33."""

CHANGING = ("seq", "ts", "pid", "prev", "hash", "duration_ms")
"""What differs between two records of the same command."""


class Said(NamedTuple):
    """How a command ended: its status, or minus a signal; what it wrote, without the home's name."""

    status: int
    out: str
    err: str

    def is_like(self, other: Said) -> bool:
        """Whether it is the same but for the order in which a command and its client wrote to stderr."""
        return self[:2] == other[:2] and sorted(self.err) == sorted(other.err)


class DifferentError(AssertionError):
    """The two said different things."""


class Pair:
    """Two daemons of two homes with the same rules, over one world."""

    def __init__(self, world: World, group: Group) -> None:
        self.world, self._group = world, group
        rules = world.rules(SNIPPETS + MORE, 5)
        config = self._config(world.source.choice(CONFIGS))
        world.log.append(f"config {config!r}")
        self.homes = {name: make_home(os.path.join(world.root, name), rules, config) for name in DAEMONS}
        for home in self.homes.values():
            sync_shims(home, f"{world.root}/two:/usr/bin:/bin")
        self.daemons: dict[str, Daemon] = {}
        self.asked = 0

    @staticmethod
    def _config(text: str) -> str:
        return f"{text}audit: all\nshims: {{extra: [tool, other, git]}}\nagents: {{markers: [{MARKER}]}}\n"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Both daemons, for as long as the block."""
        with contextlib.ExitStack() as stack:
            for name, home in self.homes.items():
                self.daemons[name] = stack.enter_context(running_daemon(home, DAEMONS[name]))
            front = self.daemons["front"].status()["front"]
            assert front["native"], front
            assert not self.daemons["python"].status()["front"]["native"]
            yield

    @property
    def answered(self) -> int:
        """How many requests the front has answered."""
        found: int = self.daemons["front"].status()["front"]["answered"]
        return found

    def ask(self, ask: Ask) -> None:
        """Asks both once.

        Raises:
            DifferentError: they said different things.
        """
        directory = os.path.join(self.world.tree, ask.cwd)
        if not os.path.isdir(directory):
            return
        started = [(home, self._start(home, ask, directory)) for home in self.homes.values()]
        front, python = (self._finish(home, process) for home, process in started)
        self.asked += 1
        if not front.is_like(python):
            raise DifferentError(f"{ask}\n  front:  {front}\n  python: {python}".replace(LONG, "LONG"))

    def _start(self, home: Home, ask: Ask, directory: str) -> subprocess.Popen[bytes]:
        prefix = WRAPPED.get(ask.how, ())
        if prefix:
            program = shutil.which(prefix[0])  # by its path: a name would lead to its shim
            prefix = () if program is None or os.geteuid() != 0 else (program, *prefix[1:])
        before = self._group.caller() if ask.how == "group" else CALLERS.get(ask.how)
        argv = [*prefix, os.path.join(home.shims, ask.argv[0]), *ask.argv[1:]] if prefix else list(ask.argv)
        environment = {
            "PATH": f"{home.shims}:{ask.path}",
            "HOME": os.path.join(self.world.root, "person"),
            "SAFESHELL_HOME": home.root,
            "LC_ALL": "C.UTF-8",
            **dict(ask.env),
        }
        return subprocess.Popen(
            argv,
            executable=None if prefix else os.path.join(home.shims, argv[0]),
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=before,  # noqa: PLW1509 # there are no threads
        )

    def _finish(self, home: Home, process: subprocess.Popen[bytes]) -> Said:
        out, err = (_named(part, home) for part in process.communicate(timeout=120))
        return Said(process.returncode, out, err)

    def change(self) -> None:
        """Changes the world, the rules, the settings, or has the rules compiled again."""
        world, dice = self.world, self.world.source.random()
        if dice < 0.06:
            self._edit(lambda home: home.rules, world.rules(SNIPPETS + MORE, 5))
        elif dice < 0.10:
            config = self._config(world.source.choice(CONFIGS))
            world.log.append(f"config {config!r}")
            self._edit(lambda home: home.config, config)
        elif dice < 0.12:
            world.log.append("reload")
            for home in self.homes.values():
                control(Type.RELOAD, home=home)
        else:
            world.change()

    def _edit(self, which: Any, text: str) -> None:
        for home in self.homes.values():
            write(which(home), text)

    def check_records(self) -> None:
        """Both logs say the same, and both chains hold.

        Raises:
            DifferentError: they don't.
        """
        found = {}
        for name, home in self.homes.items():
            until(lambda home=home: _settled(home), f"the records of {name}")  # type: ignore[misc]
            found[name] = sorted(_records(home))
            verified = safeshell(home, "log", "verify", timeout=120)
            if verified.returncode not in (0, 2):
                raise DifferentError(f"the log of {name}: {verified.stdout}{verified.stderr}")
        front, python = found["front"], found["python"]
        if front != python:
            only = (
                [line for line in front if line not in python][:3],
                [line for line in python if line not in front][:3],
            )
            raise DifferentError(f"records\n  front:  {only[0]}\n  python: {only[1]}")


def _settled(home: Home) -> bool:
    """Whether everything that was asked has been recorded."""
    status = control(Type.STATUS, home=home)
    return (status["running"], status["connections"]) == (0, 1) and status["audit"]["seq"] >= status["requests"][
        "total"
    ]


def _named(text: bytes, home: Home) -> str:
    found = text.replace(os.fsencode(home.root), b"HOME").decode("utf-8", "replace")
    # glibc's own two signals, which posix_spawn ignores: docs/architecture.md, "Another in the daemon's child".
    return re.sub("SigIgn:([0-9a-f]{16})", lambda mask: f"SigIgn:{int(mask[1], 16) & ~GLIBCS:x}", found)


def _records(home: Home) -> list[str]:
    with open(home.audit, "rb") as stream:
        records = [json.loads(_named(line, home)) for line in stream]
    for record in records:
        for key in CHANGING:
            record.pop(key, None)
        record.get("facts", {}).pop("cached", None)
    # An edit's names the commands that ran then, by their pids.
    return [json.dumps(record, sort_keys=True) for record in records if record.get("kind") != "edit"]


class Tally(NamedTuple):
    """What a world came to: commands asked, those the front answered."""

    asked: int
    answered: int


def try_world(seed: int, steps: int = STEPS) -> Tally:
    """Makes a world, and holds the two against each other in it.

    Raises:
        DifferentError: they said different things; the message has the world's seed and log.
    """
    source = random.Random(seed)
    with temporary_directory() as root, Group() as group:
        world = World(root, source)
        pair = Pair(world, group)
        try:
            with pair.running():
                for _ in range(steps):
                    if source.random() < 0.15:
                        pair.change()
                        continue
                    ask = world.ask()
                    world.log.append(f"ask {ask.argv} in {ask.cwd!r} {ask.how} {ask.env}".replace(LONG, "LONG"))
                    for _ in range(source.choice((1, 2, 3, 4))):
                        pair.ask(ask)
                pair.check_records()
                return Tally(pair.asked, pair.answered)
        except (Exception, pytest.fail.Exception) as error:
            log = "\n".join(line.replace(root, "") for line in world.log)
            logs = "".join(daemon_log(home) for home in pair.homes.values())
            raise DifferentError(f"world {seed}\n{log}\n{type(error).__name__}: {error}\n{logs}") from error


def compare(seconds: float, seed: int) -> int:
    """Tries worlds, one after the other, and says what came of them; returns in how many the two differed."""
    assert native_front(), "nothing was compiled: there is nothing to compare"
    deadline = time.monotonic() + seconds
    worlds, asked, answered, failed = 0, 0, 0, []
    while time.monotonic() < deadline or not worlds:
        try:
            tally = try_world(seed)
            asked, answered = asked + tally.asked, answered + tally.answered
        except DifferentError as error:
            failed.append(seed)
            print(error, flush=True)  # noqa: T201
        worlds += 1
        seed += 1
        if sys.stdout.isatty() or worlds % 20 == 0:
            print(f"{worlds} worlds, {asked} commands, {answered} by the front", flush=True)  # noqa: T201
    print(  # noqa: T201
        f"{worlds} worlds, {asked} commands asked of both, {answered} answered by the front, "
        f"{len(failed)} worlds in which they differed{f': {failed}' if failed else ''}"
    )
    return len(failed)


def main(arguments: list[str]) -> int:
    """Compares for as long as the words say; returns the exit status."""
    seed = int(arguments[1]) if len(arguments) > 1 else random.randrange(1 << 30)
    return 1 if compare(float(arguments[0]), seed) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
