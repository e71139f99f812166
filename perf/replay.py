"""A million records decided again: makes the log, checks what comes out, and says how long it took and what it held.

    python perf/replay.py [RECORDS]

The log is written by the daemon's own writer, of commands as agents run them: a few hundred different ones, most of
them in a few directories, every tenth unlike any other. Every count of the answer is checked before the time is said.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from workload import SAFESHELL

from safeshell.audit import record
from safeshell.audit.log import AuditLog
from safeshell.audit.outcome import CommandOutcome
from safeshell.command.command_line import block, command_line
from safeshell.command.unwrap import StatedWorld, spellings
from safeshell.home.paths import Home
from safeshell.policy.decision import Action, Decision
from safeshell.text import text

RULES = r"""
version: 1
include: [pack:git, pack:files]
rules:
  - name: no-force-push
    commands: [git]
    conditions: [{command_matches: '^git\s+push\b.*\s(--force|-f)(\s|$)'}, {git_branch_in: [main]}]
    action: deny
    message: No.
  - {name: no-deploy, commands: [make], conditions: [{command_contains: deploy}], action: deny, message: Ask.}
"""

COMMANDS = (
    "git status",
    "git push --force origin main",
    "git diff HEAD~%d",
    "ls -la src/%d",
    "rg -n pattern-%d src",
    "sed -n 1,%dp src/file.py",
    "make test-%d",
    "make deploy-%d",
    "env CI=1 git log -%d",
    "python -m pytest tests/test_%d.py",
)


def outcome(number: int) -> CommandOutcome:
    """The number-th command, decided as it was: allowed, but for pushes by force."""
    # Nine of ten of each command's arguments repeat.
    line = COMMANDS[number % len(COMMANDS)]
    argument = number if number // len(COMMANDS) % 10 == 0 else number // len(COMMANDS) % 40
    words = (line % argument if "%d" in line else line).encode().split()
    directory = b"/home/a/work/project-%d" % (number % 7)
    found = tuple(spellings(text(words[0]), block(words), b"\0", directory, StatedWorld()))
    decisions = []
    for spelling in found:
        subject = command_line(spelling.arguments, spelling.name)
        if subject.startswith("git push"):
            made = Decision(Action.DENY, subject, "no-force-push", "No.", "r:1", facts=((("branch",), "main"),))
        else:
            made = Decision(Action.ALLOW, subject)
        decisions.append(made.changed(tables=("0" * 64,)))
    return CommandOutcome(
        1_795_000_000 + number / 100,
        "command",
        None,
        found,
        tuple(decisions),
        decisions[0],
        True,
        directory,
        1000,
        number,
    )


def main(records: int) -> None:
    """Measures."""
    with tempfile.TemporaryDirectory(prefix="ssb-") as directory:
        home = Home(directory)
        log = AuditLog(home, size_max=64 << 20, keep=1000)
        began = time.perf_counter()
        for number in range(records):
            log.append(record.make(outcome(number)))
        log.close()
        size = sum(entry.stat().st_size for entry in os.scandir(directory))
        print(f"{records:,} records, {size >> 20} MiB, written in {time.perf_counter() - began:.1f} s")
        rules = os.path.join(directory, "new.yaml")
        Path(rules).write_text(RULES, encoding="utf-8")
        began = time.perf_counter()
        done = subprocess.run(
            [*SAFESHELL, "replay", "--json", "--table", rules],
            env={**os.environ, "SAFESHELL_HOME": directory},
            stdout=subprocess.PIPE,
            check=True,
        )
        took = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        found = json.loads(done.stdout)
        deploys = sum(1 for number in range(records) if number % len(COMMANDS) == COMMANDS.index("make deploy-%d"))
        changes = {change["rule"]: change["count"] for change in found["changes"]}
        if (found["records"], found["undecidable"], changes) != (records, 0, {"no-deploy": deploys}):
            raise SystemExit(f"the answer is wrong: {found}")
        print(f"replayed in {took:.1f} s, {took / records * 1e6:.0f} µs a record; largest process {peak >> 10} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
