from __future__ import annotations

import pytest
from limits import Line, judge, number, table
from timing import Estimate


def line(value: float, spread: float = 0.0, *, at_least: bool = False) -> Line:
    found = Estimate(value, value - spread, value + spread)
    if at_least:
        return Line("decisions", found, "a second", 6000, 12000, 1500, at_least=True)
    return Line("a command", found, "µs", 300, 220, 1000)


@pytest.mark.parametrize(("value", "verdict"), [(220, "stretch"), (221, "met"), (300, "met"), (301, "missed")])
def test_the_verdict(value: float, verdict: str) -> None:
    assert line(value).verdict == verdict


@pytest.mark.parametrize(("value", "verdict"), [(12000, "stretch"), (6000, "met"), (5999, "missed")])
def test_the_verdict_where_more_is_better(value: float, verdict: str) -> None:
    assert line(value, at_least=True).verdict == verdict


def test_the_gate_fails_only_where_all_of_the_interval_is_past_its_limit() -> None:
    assert line(1200, 100).fails(1.0)
    assert not line(1200, 300).fails(1.0)
    assert not line(1200, 100).fails(2.0)
    assert line(1000, 100, at_least=True).fails(1.0)
    assert not line(1000, 600, at_least=True).fails(1.0)
    assert not line(1000, 100, at_least=True).fails(2.0)


def test_a_missed_budget_is_said_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge([line(500)], 1.0) == 0
    assert "1 of 1 budgets missed" in capsys.readouterr().out


def test_a_limit_that_does_not_hold_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge([line(500), line(1500)], 1.0) == 1
    assert capsys.readouterr().err == "FAILED: a command: 1,500 (1,500 to 1,500) µs, at most 1,000\n"


def test_lines_without_a_budget_are_not_in_the_table() -> None:
    held = Line("opening", Estimate(1, 1, 1), "ms", held=100)
    assert [row[0] for row in table([line(100), held]).rows] == ["a command"]


def test_numbers_have_the_digits_that_they_take() -> None:
    assert [number(value) for value in (1234.5, 99.94, 1.234, float("nan"))] == ["1,234", "99.9", "1.23", "\u2013"]
