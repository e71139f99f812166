"""What a shell line leaves to the run is judged by the shim that sees it: such lines run for real."""

from __future__ import annotations

import fnmatch
import os

import pytest
from corpus.corpus import entries
from e2e.guard import FORBIDDEN, SHIMMED, Guard
from safeshell_compiler.publish import compile_home

from safeshell.policy.context import Context
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable
from safeshell.shell.judge import LineCaller, LineJudgement, judge_line

HALVES = " ".join([FORBIDDEN[:4], FORBIDDEN[4:]])

KNOWN = [
    f"WORD={FORBIDDEN}; ls $WORD",
    f"ls $(printf %s%s {HALVES})",
    f"C=ls; $C {FORBIDDEN}",
    f"$(echo ls) {FORBIDDEN}",
    f"ls${{IFS}}{FORBIDDEN}",
    f"for f in {FORBIDDEN}; do ls $f; done",
    f'read -r word <<<{FORBIDDEN}; ls "$word"',
    f'eval "$(echo ls {FORBIDDEN})"',
    f'bash -c "$(echo ls {FORBIDDEN})"',
    f"sh <(echo ls {FORBIDDEN})",
    f'find=ls; sudo() {{ "$@"; }}; sudo $find {FORBIDDEN}',
]
"""What these run, the line itself says."""

DEFERRED = [
    f"echo ls {FORBIDDEN} | cat | sed p | sh",
    f"echo {FORBIDDEN} | sed p | xargs ls",
    f"touch {FORBIDDEN}; ls *-word",
    f"mkdir -p d; touch d/{FORBIDDEN}; find d -type f -exec ls {{}} +",
]


def judged(guard: Guard, line: str) -> LineJudgement:
    current, sections = compile_home(guard.home).current()
    names = set(SHIMMED)
    return judge_line(
        line,
        LineCaller(
            [LoadedTable(Table(sections, current.root))],
            guard.environment(),
            guard.work,
            Context(),
            lambda name: any(fnmatch.fnmatchcase(name, one) for one in names),
        ),
    )


@pytest.mark.parametrize("line", DEFERRED)
def test_what_is_deferred_is_denied_by_the_shim(auto: Guard, line: str) -> None:
    found = judged(auto, line)
    assert found.decision.action.word == "allow"
    assert any(command.deferred for command in found.commands)
    done = auto.run("bash", "-c", line)
    assert b"not-that-word" in done.err
    assert FORBIDDEN.encode() not in done.out


@pytest.mark.parametrize("line", KNOWN)
def test_what_the_line_says_is_denied_by_both(auto: Guard, line: str) -> None:
    assert judged(auto, line).decision.rule == "not-that-word"
    done = auto.run("bash", "-c", line)
    assert b"not-that-word" in done.err
    assert FORBIDDEN.encode() not in done.out


def test_what_the_line_tells_is_denied_before_it_runs(auto: Guard) -> None:
    line = f"touch ran; ls {FORBIDDEN}"
    assert judged(auto, line).decision.rule == "not-that-word"
    assert not os.path.exists(os.path.join(auto.work, "ran"))


SAFE = [entry for entry in entries() if entry.harmless and entry.line.split()[0] in ("echo", "printf", "ls", "[[", "[")]


@pytest.mark.parametrize("entry", SAFE, ids=lambda entry: entry.line)
def test_harmless_lines_of_the_corpus_run(auto: Guard, entry: object) -> None:
    line = entry.line  # type: ignore[attr-defined] # an Entry; pytest's ids want any object
    native = auto.run("bash", "-c", line, native=True)
    assert auto.run("bash", "-c", line) == native
