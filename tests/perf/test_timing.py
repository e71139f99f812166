from __future__ import annotations

from pathlib import Path

from timing import Case, Estimate, Timing, estimate, interleave, percentile


def difference(left: float, right: float) -> float:
    return left - right


def test_the_interval_holds_the_figure() -> None:
    found = estimate(lambda own: own, Timing(tuple(float(number) for number in range(100))))
    assert found.low <= found.value == 49.5 <= found.high
    assert found.high - found.low < 40


def test_what_all_cases_suffer_alike_does_not_widen_the_interval_of_their_difference() -> None:
    native = Timing(tuple(100.0 + number % 37 * 10 for number in range(200)))
    shimmed = Timing(tuple(sample + 5 for sample in native.samples))
    assert estimate(difference, shimmed, native) == Estimate(5, 5, 5)


def test_the_same_samples_give_the_same_interval() -> None:
    timing = Timing(tuple(number * 7 % 101 + 0.0 for number in range(300)))
    assert estimate(lambda own: own, timing) == estimate(lambda own: own, timing)


def test_the_percentile_is_a_sample() -> None:
    assert percentile([float(number) for number in range(1000, 0, -1)], 0.99) == 991
    assert percentile([3.0], 0.99) == 3


def test_intervals_that_meet_are_not_clearly_apart() -> None:
    assert Estimate(12, 11, 13).clearly_above(Estimate(10, 9, 10.9))
    assert not Estimate(12, 10.9, 13).clearly_above(Estimate(10, 9, 10.9))


def test_a_new_line_never_comes_twice_and_another_always_does(tmp_path: Path) -> None:
    script = 'echo "$*" >>"$0"'
    cases = [
        Case(name, "/bin/sh", ["sh", "-c", script, str(tmp_path / name)], {}, is_new=is_new)
        for name, is_new in (("new", True), ("same", False))
    ]
    assert len(interleave(cases, 3, warmup=2)["new"].samples) == 3
    assert len(set((tmp_path / "new").read_text().splitlines())) == 5
    assert (tmp_path / "same").read_text().splitlines() == [""] * 5
