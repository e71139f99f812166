"""Lines of an adversary: whatever runs `rm -rf /` in them, in a shell's language or by a program, is seen.

The files hold a line each, `?` before one that may be asked about: what it runs hangs on something that isn't in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from corpus.lines.entries import HERE, Guarded
from corpus.lines.sandbox.sandbox import Sandbox
from harness import temporary_directory
from judged_lines import caller, table

from safeshell.policy.decision import Action
from safeshell.shell.judge import judge_line
from safeshell.shell.syntax.tree import Dialect

RULES = """\
version: 1
rules:
  - {name: rm, commands: [rm], conditions: [{command_matches: '-rf'}], action: deny, message: No.}
"""
DIALECTS = {"bash": Dialect.BASH, "sh": Dialect.SH, "zsh": Dialect.ZSH, "programs": Dialect.BASH}


def lines(kind: str) -> Iterator[tuple[str, bool]]:
    """The lines of a file, each with whether it may be asked about."""
    with open(os.path.join(HERE, "adversary", f"{kind}.txt"), encoding="utf-8") as stream:
        for line in stream.read().splitlines():
            yield line.removeprefix("? "), line.startswith("? ")


@pytest.mark.parametrize("kind", DIALECTS)
def test_every_line_is_stopped(kind: str) -> None:
    whose = replace(caller(table(RULES)), shell=DIALECTS[kind])
    wrong = []
    for line, asked in lines(kind):
        found = judge_line(line, whose).decision
        if found.action is not Action.DENY and not (asked and found.rule == "only-the-run-can-tell"):
            wrong.append((line, found.action.word, found.rule))
    assert not wrong


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.needs("bash", "bwrap", "dash", "setpriv")
@pytest.mark.parametrize("kind", ["bash", "sh"])
def test_a_shell_runs_it(kind: str) -> None:
    entries = [Guarded("adversary", line, (), shell=kind) for line, _ in lines(kind)]
    with temporary_directory() as root:
        ran = Sandbox(root, entries).run()
    assert not [entry.line for entry, one in zip(entries, ran, strict=True) if ["rm", "-rf", "/"] not in one.commands]
