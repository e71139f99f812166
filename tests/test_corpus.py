"""The corpus of evasions and harmless look-alikes: how many are caught or falsely blocked, each failure by name."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from corpus.corpus import RULES, Entry, compiled, entries, judge, outcome
from harness import make_home, safeshell, temporary_directory

from safeshell.paths import Home
from safeshell.table import Table

CAUGHT_LEAST = 0.98
BLOCKED_MOST = 0.01


@pytest.fixture(scope="module")
def corpus_home() -> Iterator[Home]:
    with temporary_directory() as root, open(RULES, encoding="utf-8") as stream:
        yield make_home(os.path.join(root, "h"), stream.read())


@pytest.fixture(scope="module")
def tables(corpus_home: Home) -> list[Table]:
    return compiled(corpus_home)


def _listed(failures: list[tuple[Entry, str]]) -> str:
    return "\n".join(f"  {entry.name}: {found}, expected {entry.expect}" for entry, found in failures)


def test_the_corpus_is_what_it_says() -> None:
    found = entries()
    assert len(found) >= 300
    assert len({(entry.line, entry.branch) for entry in found}) == len(found)
    assert {entry.expect for entry in found} == {"deny", "require_approval", "allow", "deferred"}


def test_evasions_are_caught(tables: list[Table], corpus_home: Home) -> None:
    asked = [entry for entry in entries() if entry.expect in ("deny", "require_approval")]
    found = [(entry, outcome(judge(tables, entry, corpus_home.root, shims=True))) for entry in asked]
    failures = [(entry, word) for entry, word in found if word != entry.expect]
    assert len(failures) <= (1 - CAUGHT_LEAST) * len(asked), _listed(failures)


def test_what_only_the_run_can_tell_is_left_to_it(tables: list[Table], corpus_home: Home) -> None:
    asked = [entry for entry in entries() if entry.expect == "deferred"]
    behind = [(entry, outcome(judge(tables, entry, corpus_home.root, shims=True))) for entry in asked]
    failures = [(entry, word) for entry, word in behind if word != "deferred"]
    assert not failures, _listed(failures)
    without = [(entry, outcome(judge(tables, entry, corpus_home.root, shims=False))) for entry in asked]
    failures = [(entry, word) for entry, word in without if word != "require_approval"]
    assert not failures, _listed(failures)


def test_the_harmless_are_let_through(tables: list[Table], corpus_home: Home) -> None:
    asked = [entry for entry in entries() if entry.harmless]
    found = [(entry, outcome(judge(tables, entry, corpus_home.root, shims=True))) for entry in asked]
    failures = [(entry, word) for entry, word in found if word not in ("allow", "deferred")]
    assert len(failures) <= BLOCKED_MOST * len(asked), _listed(failures)


@pytest.mark.parametrize(("line", "status"), [("cd / && rm -rf /etc", 3), ("git commit -m 'rm -rf /'", 0)])
def test_check_says_the_same(corpus_home: Home, line: str, status: int) -> None:
    done = safeshell(corpus_home, "check", "--context", "ai", "--json", "-c", line)
    answer = json.loads(done.stdout)
    assert done.returncode == status
    assert len(answer["commands"]) == line.count("&&") + 1
    assert answer["subject"] == answer["commands"][-1]["subject"]
