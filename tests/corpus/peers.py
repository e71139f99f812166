"""What other guards make of the corpus: `python tests/corpus/peers.py [--cc-safety-net PROGRAM] [--codex PROGRAM]`.

Prints for SafeShell and each of them how many evasions are caught and how many harmless lines are blocked; `--list`
names what each gets wrong. cc-safety-net judges the line by its own rules. `codex execpolicy check` takes arguments,
not lines: it is given the line's words, by `peers.rules`, which names the same commands as far as prefixes can.
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
from safeshell.decision import Action

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


def count(name: str, blocks: Guard, *, listed: bool) -> None:
    """Prints a guard's figures."""
    evasions = [entry for entry in entries() if not entry.harmless]
    harmless = [entry for entry in entries() if entry.harmless]
    missed = [entry for entry in evasions if not blocks(entry)]
    blocked = [entry for entry in harmless if blocks(entry)]
    print(f"{name}: {len(evasions) - len(missed)} of {len(evasions)} evasions caught", end=", ")
    print(f"{len(blocked)} of {len(harmless)} harmless lines blocked", flush=True)
    for label, found in (("missed", missed), ("blocked", blocked)) if listed else ():
        for entry in found:
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
        for shims in (True, False):
            count(
                f"safeshell, {'behind' if shims else 'without'} shims",
                lambda entry, shims=shims: (  # type: ignore[misc] # the default binds the loop's variable
                    judge(tables, entry, root, shims=shims).decision.action is not Action.ALLOW
                ),
                listed=options.list,
            )
        if options.cc_safety_net:
            count("cc-safety-net", cc_safety_net(options.cc_safety_net, root), listed=options.list)
        if options.codex:
            count("codex execpolicy", codex(options.codex), listed=options.list)


if __name__ == "__main__":
    main()
