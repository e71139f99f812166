"""What the benchmarks work on: policies of any size, and homes with a daemon."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from safeshell.cli.daemon import launch, shut_down
from safeshell.paths import Home

COMMANDS = 100
"""Commands that a policy's rules are spread over."""

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


@contextlib.contextmanager
def home(rules: str, extra: list[str], execution: str = "auto") -> Iterator[Home]:
    """A home with these rules, shims for these commands, and a running daemon; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        made = Home(os.path.join(directory, "home"))
        made.create()
        Path(made.rules).write_text(rules, encoding="utf-8")
        listed = ", ".join(f"'{name}'" for name in extra)
        Path(made.config).write_text(f"execution: {execution}\nshims: {{extra: [{listed}]}}\n", encoding="utf-8")
        environment = {**os.environ, "SAFESHELL_HOME": made.root}
        for arguments in (["compile"], ["shims", "sync"]):
            done = subprocess.run(
                [*SAFESHELL, *arguments], env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(f"safeshell {arguments[0]} failed: {done.stderr}")
        launch(made)
        try:
            yield made
        finally:
            shut_down(made, now=True)
