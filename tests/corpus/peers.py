"""What other guards make of the corpus: `python tests/corpus/peers.py [--cc-safety-net PROGRAM] [--codex PROGRAM]`.

Prints for SafeShell and each of them how many evasions are caught and how many harmless lines are blocked, as the table
in docs/corpus.md has it; `--list` names what each gets wrong. cc-safety-net judges the line by its own rules.
`codex execpolicy check` takes arguments, not lines: it is given the line's words, by `peers.rules`, which names the
same commands as far as prefixes can.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable

sys.path[:0] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]

from harness import make_home

from corpus.corpus import HERE, RULES, Entry, compiled, entries, judge
from safeshell.policy.decision import Action
from safeshell.policy.table import Table

Guard = Callable[[Entry], bool]
"""Whether a guard blocks a line, or asks before it runs."""


def cc_safety_net(program: str, directory: str) -> Guard:
    """Its hook for Claude Code: a call as JSON in, a permission decision out."""

    def blocks(entry: Entry) -> bool:
        call = {"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": entry.line}}
        done = subprocess.run(
            [program, "hook", "--claude-code"],
            input=json.dumps({**call, "cwd": directory}),
            capture_output=True,
            text=True,
            check=False,
            cwd=directory,
            env={**os.environ, "HOME": directory},
        )
        return done.returncode == 2 or '"deny"' in done.stdout or '"ask"' in done.stdout

    return blocks


def codex(program: str) -> Guard:
    """Its policy checker, for the words of the line."""

    def blocks(entry: Entry) -> bool:
        try:
            words = shlex.split(entry.line, comments=True)
        except ValueError:
            return False
        done = subprocess.run(
            [program, "execpolicy", "check", "--rules", os.path.join(HERE, "peers.rules"), "--", *words],
            capture_output=True,
            text=True,
            check=False,
        )
        return '"forbidden"' in done.stdout or '"prompt"' in done.stdout

    return blocks


def safeshell(tables: list[Table], directory: str, *, shims: bool) -> tuple[Guard, Guard]:
    """Whether `check -c` blocks a line; whether it leaves it to the shims."""

    def blocks(entry: Entry) -> bool:
        return judge(tables, entry, directory, shims=shims).decision.action is not Action.ALLOW

    def leaves(entry: Entry) -> bool:
        return any(one.deferred for one in judge(tables, entry, directory, shims=shims).commands)

    return blocks, leaves


def count(name: str, blocks: Guard, leaves: Guard | None = None, *, listed: bool) -> None:
    """Prints a guard's figures."""
    missed = [entry for entry in entries() if not entry.harmless and not blocks(entry)]
    blocked = [entry for entry in entries() if entry.harmless and blocks(entry)]
    left = [entry for entry in missed if leaves is not None and leaves(entry)]
    caught = sum(not entry.harmless for entry in entries()) - len(missed)
    also = f", and {len(left)} left to the shims" if left else ""
    print(f"| {name} | {caught}{also} | {len(blocked)} |", flush=True)
    wrong = [("missed", entry) for entry in missed if entry not in left] + [("blocked", entry) for entry in blocked]
    for label, entry in wrong if listed else ():
        print(f"  {label}  {entry.name}")


def main() -> None:
    """Counts for each guard that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cc-safety-net", metavar="PROGRAM")
    parser.add_argument("--codex", metavar="PROGRAM")
    parser.add_argument("--list", action="store_true", help="name what each gets wrong")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root, open(RULES, encoding="utf-8") as stream:
        tables = compiled(make_home(os.path.join(root, "h"), stream.read()))
        harmless = sum(entry.harmless for entry in entries())
        print(f"| {len(entries()) - harmless} evasions, {harmless} harmless lines | caught | blocked |\n|---|---|---|")
        for name, shims in (("SafeShell, behind shims", True), ("SafeShell, `--no-shims`", False)):
            count(name, *safeshell(tables, root, shims=shims), listed=options.list)
        if options.cc_safety_net:
            count("cc-safety-net, its own rules", cc_safety_net(options.cc_safety_net, root), listed=options.list)
        if options.codex:
            count("`codex execpolicy check`, by `tests/corpus/peers.rules`", codex(options.codex), listed=options.list)


if __name__ == "__main__":
    main()
