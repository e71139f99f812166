"""Warming of the helper: what lines with unknown words need is there before they come, and no request waits for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from judged_lines import PACKS, caller, table

from safeshell.policy.regex.automaton import automaton
from safeshell.policy.units import LoadedTable
from safeshell.shell import warming, worker
from safeshell.shell.frames import frame
from safeshell.shell.judge import judge_line
from safeshell.shell.warming import warm


def test_a_line_with_unknown_words_finds_its_automata_made(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = table(PACKS)
    automaton.cache_clear()
    steps = sum(1 for loaded in caller(tables).tables for _ in warm(loaded))
    made = automaton.cache_info().misses
    assert made > 50
    assert steps > made  # one at a time
    judge_line('git push "$A" $B; git reset $C; rm -rf "$D/x"; docker run $E', caller(tables))
    assert automaton.cache_info().misses == made
    monkeypatch.setattr(warming, "PATTERNS_MAX", 3)
    automaton.cache_clear()
    for _ in warm(LoadedTable(tables[0])):
        pass
    assert automaton.cache_info().misses == 3


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def test_a_request_that_waits_comes_before_what_is_made_ready(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    made: list[int] = []

    def warm() -> bool:
        made.append(len(made))
        if len(made) == 3:
            os.write(writing, sent[20:])
            os.close(writing)
        return True

    sent = frame({"line": "a"}) + frame({"line": "b"}) + frame({"line": "c" * 100})
    os.write(writing, sent[:20] + b"")
    given = worker.requests(reading, warm)
    assert next(given)["line"] == "a"  # type: ignore[typeddict-item] # a line's
    assert not made
    assert [one["line"] for one in given] == ["b", "c" * 100]  # type: ignore[typeddict-item] # likewise
    assert made == [0, 1, 2]


def test_where_nothing_is_left_to_make_it_waits(pipe: tuple[int, int]) -> None:
    reading, writing = pipe

    def warm() -> bool:
        os.write(writing, frame({"line": "a"}))
        os.close(writing)
        return False

    assert len(list(worker.requests(reading, warm))) == 1
