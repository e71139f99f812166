"""The table about the line judge: which figures it has, and how it sets two helpers beside one another."""

from __future__ import annotations

import itertools

from line_counts import Counted, report
from line_helper import Took, together
from line_judge import SIZE, Measure, lines, percentile, summary, table


def test_lines_are_of_the_size_and_none_like_another() -> None:
    found = list(itertools.islice(lines(), 50))
    assert len(set(found)) == 50
    assert min(map(len, found)) >= SIZE


def test_two_helpers_are_set_beside_one_another() -> None:
    made = Measure({})
    made.times = {
        "now": {"": [Took(99, 99)], "a line": [Took(1, 0.5)] * 19 + [Took(3, 2.5)]},
        "before": {"": [], "a line": [Took(2, 1)] * 20},
    }
    made.figures = {"now": {"MiB at most": 40.0}, "before": {"MiB at most": 80.0}}
    assert list(table(summary(made))) == [
        "|  | now | before | ratio |",
        "| --- | ---: | ---: | ---: |",
        "| a line, median | 1.00 ms (0.50) | 2.00 ms (1.00) | 0.50 |",
        "| a line, p95 | 3.00 ms (2.50) | 2.00 ms (1.00) | 1.50 |",
        "| MiB at most | 40 | 80 | 0.50 |",
    ]


def test_times_in_a_row_add_up() -> None:
    assert together([Took(1, 2), Took(3, 4)]) == Took(4, 6)
    assert percentile(list(range(100)), 0.95) == 95


def test_counts_are_reported_with_the_lines_that_take_most() -> None:
    found = [Counted(number * 1000, f"line {number}") for number in range(1, 101)]
    assert list(report(found, slowest=2)) == [
        "100 lines, thousands of instructions a line:",
        "mean             50",
        "median           50",
        "p95              95",
        "most            100",
        "       100  'line 100'",
        "        99  'line 99'",
    ]
