"""The corpus: shell lines, what they have to come to, and what they do come to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import yaml
from safeshell_compiler.publish import compile_home

from safeshell.cli.checkline import caller_of
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.policy.table import Table
from safeshell.shell.judge import LineJudgement, judge_line

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = os.path.join(HERE, "rules.yaml")
USER = "/home/ann"
"""The home of whoever asks or runs; it need not exist."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the corpus.

    Attributes:
        program: the file that it stands in.
        line: the shell line.
        expect: `deny`, `require_approval`, `allow`, or `deferred`: what only the run can tell.
        why: why it stands there.
        branch: the branch that it is judged on, or "".
        runs: whether `tests/e2e/test_corpus_runs.py` runs it.
    """

    program: str
    line: str
    expect: str
    why: str
    branch: str = ""
    runs: bool = False

    @property
    def name(self) -> str:
        """What a report calls it."""
        return f"{self.program}: {self.line!r} ({self.why})"

    @property
    def harmless(self) -> bool:
        """Whether it must not be blocked."""
        return self.expect == "allow"


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """All lines, by file."""
    return tuple(_read())


def _read() -> Iterator[Entry]:
    for file in sorted(os.listdir(HERE)):
        program, extension = os.path.splitext(file)
        if extension != ".yaml" or file == "rules.yaml":
            continue
        with open(os.path.join(HERE, file), encoding="utf-8") as stream:
            for entry in yaml.safe_load(stream):
                yield Entry(program, **entry)


def compiled(home: Home) -> list[Table]:
    """The tables of a home with the corpus's rules."""
    made = compile_home(home)
    assert not made.errors, made.errors
    current, sections = made.current()
    return [Table(sections, current.root)]


def judge(tables: list[Table], entry: Entry, directory: str, *, shims: bool) -> LineJudgement:
    """What `check -c --context ai` decides."""
    environment = {"HOME": USER, "SAFESHELL_CONTEXT": "ai"}
    branch = entry.branch or None
    return judge_line(
        entry.line, caller_of(tables, Settings(), environment, os.fsencode(directory), branch, shims=shims)
    )
