"""The session's lines are judged as `session.yaml` says, and act only on what was made for them."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Iterator

import pytest
from agents.lines import SEES, Line, lay_out, rules, session
from harness import PATH, temporary_directory
from judged_lines import caller, table

from safeshell.policy.table import Table
from safeshell.shell.caller import LineCaller
from safeshell.shell.judge import judge_line

LINES = session()
WORDS = {"deny": "deny", "ask": "require_approval", "allow": "allow"}


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    return table(rules())


@pytest.fixture(scope="module")
def asks(tables: list[Table]) -> Iterator[LineCaller]:
    """An agent where the files are that lines have written before."""
    with temporary_directory() as root:
        lay_out(root, LINES)
        for line in LINES:
            if line.name.startswith("look-write"):
                run(line.line, root)
        yield dataclasses.replace(caller(tables), directory=root, reads_files=True)


def run(line: str, root: str) -> None:
    """Has a shell run a line."""
    environment = {"PATH": PATH, "HOME": root, "LC_ALL": "C.UTF-8"}
    subprocess.run(["/bin/bash", "-c", line], cwd=root, env=environment, check=True, capture_output=True)


def test_there_are_forty_of_which_fifteen_are_harmless() -> None:
    assert len(LINES) == 40
    assert len({line.name for line in LINES}) == 40
    assert sum(line.is_allowed for line in LINES) == 15


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_it_is_judged_as_said(asks: LineCaller, line: Line) -> None:
    decision = line.decision if line.hook == SEES else "allow"
    assert judge_line(line.line, asks).decision.action.word == WORDS[decision]


def test_in_a_shell_each_does_its_deed() -> None:
    with temporary_directory() as root:
        lay_out(root, LINES)
        for line in LINES:
            assert not line.has_run(root)
            run(line.line, root)
            assert line.has_run(root), line.line
        assert sorted(os.listdir(root)) == sorted(line.name for line in LINES)
