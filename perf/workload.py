"""What the benchmarks work on: policies of any size, and homes with a daemon."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from building import has_compiler

from safeshell.home.paths import Home

COMMANDS = 100
"""Commands that a policy's rules are spread over."""

PATIENCE_S = 30.0
"""For what takes a fraction of a second, but under callgrind."""

SAFESHELL = [sys.executable, "-m", "safeshell.cli.main"]


def policy(rules: int, commands: int = COMMANDS) -> str:
    """A policy of so many rules spread over so many commands, with every kind of condition, as YAML.

    Of ten rules seven look at the command line, one also at the branch, one at the directory, one at a variable.
    """
    lines = ["version: 1", "rules:"]
    for number in range(rules):
        lines += [
            f"  - name: rule-{number}",
            f"    commands: [tool{number % commands}]",
            "    action: deny",
            f"    message: Rule {number} says no.",
            "    conditions:",
            rf"      - command_matches: '\bsub{number}\b.*\s--(force|hard|all)(\s|$)'",
        ]
        if number % 10 == 7:
            lines.append("      - git_branch_in: [main, master]")
        elif number % 10 == 8:
            lines.append("      - path_matches: '^/srv/'")
        elif number % 10 == 9:
            lines.append("      - env_equals: {variable: CI, value: 'true'}")
        lines.append(f"    tests: {{match: [{{command: tool{number % commands} sub{number} x --force, branch: main,")
        lines.append("                       cwd: /srv/x, env: {CI: 'true'}}]}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Running:
    """A home whose daemon runs.

    Attributes:
        home: its files.
        python: the interpreter of the installation that serves it.
    """

    home: Home
    python: str

    def safeshell(self, *arguments: str) -> str:
        """Runs `safeshell` for it; returns what it prints.

        Raises:
            SystemExit: it failed.
        """
        done = subprocess.run(
            [self.python, "-m", "safeshell.cli.main", *arguments],
            env={**os.environ, "SAFESHELL_HOME": self.home.root},
            cwd=self.home.root,  # the interpreter looks for modules in its directory first
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"safeshell {' '.join(arguments)} failed: {done.stderr}")
        return done.stdout

    def status(self) -> Any:
        """What `daemon status --json` says."""
        return json.loads(self.safeshell("daemon", "status", "--json"))

    def stop(self) -> None:
        """Ends the daemon, by signals: the command takes a person, and an agent may run this."""
        descriptor = os.pidfd_open(self.status()["pid"])
        try:
            while not select.select([descriptor], [], [], 0.02)[0]:
                signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        finally:
            os.close(descriptor)

    def front(self) -> Any:
        """What the daemon says of its native front; of a daemon of before there was one, None."""
        return self.status().get("front")

    def wait_for_front(self) -> None:
        """Waits until the daemon's native front takes connections, which it doesn't from the first moment.

        Raises:
            SystemExit: it doesn't, though it could have been compiled: a slower daemon would be measured than is meant.
        """
        end = time.monotonic() + PATIENCE_S
        while (front := self.front()) and not front["native"] and has_compiler():
            if time.monotonic() > end:
                raise SystemExit(
                    f"the daemon has no native front: {front['reason']}\n"
                    "hint: install the tree again (`pip install -e .`), which compiles it"
                )

    def check_repeated(self, times: int) -> None:
        """What was timed as a repeated command must have been answered by the front, where there is one.

        Raises:
            SystemExit: it was not.
        """
        front = self.front()
        if front and front["native"] and front["answered"] < times:
            placed = self.status()["placement"]
            raise SystemExit(f"commands were repeated {times} times, the front says {front}, they were placed {placed}")

    def shimmed(self, name: str, base: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """A command's shim, and the environment to run it in."""
        environment = {**base, "SAFESHELL_HOME": self.home.root, "PATH": f"{self.home.shims}:{base['PATH']}"}
        return os.path.join(self.home.shims, name), environment


@contextlib.contextmanager
def compiled_home(rules: str, config: str = "", python: str = sys.executable) -> Iterator[Running]:
    """A home with these rules in force, its shims made, and no daemon; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        home = Home(os.path.join(directory, "home"))
        home.create()
        Path(home.rules).write_text(rules, encoding="utf-8")
        Path(home.config).write_text(config, encoding="utf-8")
        made = Running(home, python)
        made.safeshell("compile")
        made.safeshell("shims", "sync")
        yield made


@contextlib.contextmanager
def running_home(rules: str, config: str = "", python: str = sys.executable) -> Iterator[Running]:
    """A home with these rules in force, its shims made, and its daemon running, the front loaded; gone afterwards."""
    with compiled_home(rules, config, python) as made:
        made.safeshell("daemon", "start")
        try:
            made.wait_for_front()
            yield made
        finally:
            made.stop()


def configuration(shims: Sequence[str], execution: str = "auto", client: str = "native") -> str:
    """A config.yaml: shims for these commands, made with this client, and who runs the commands."""
    listed = ", ".join(f"'{name}'" for name in shims)
    return f"execution: {execution}\nshims: {{client: {client}, extra: [{listed}]}}\n"
