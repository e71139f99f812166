"""Histograms against the samples themselves."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeshell.metrics.histogram import LONGEST_NS, Histogram, bounds, record_laps

DURATIONS = st.one_of(st.integers(0, LONGEST_NS), st.integers(0, 1000), st.integers(0, 42).map(lambda bits: 1 << bits))
SAMPLES = st.lists(DURATIONS.filter(lambda value: value <= LONGEST_NS), min_size=1, max_size=200)
PERCENTAGES = (0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 100.0)


def of(samples: list[int]) -> Histogram:
    histogram = Histogram()
    for sample in samples:
        histogram.record(sample)
    return histogram


def nearest_rank(samples: list[int], percentage: float) -> int:
    return sorted(samples)[max(1, math.ceil(round(len(samples) * percentage / 100, 6))) - 1]


@given(SAMPLES)
def test_percentiles_are_those_of_the_samples_to_a_128th(samples: list[int]) -> None:
    found = of(samples).percentiles(*PERCENTAGES)
    for percentage, value in zip(PERCENTAGES, found, strict=True):
        exact = nearest_rank(samples, percentage)
        assert abs(value - exact) <= exact / 128


@given(SAMPLES)
def test_every_sample_is_within_the_bounds_of_a_bucket_that_counts_it(samples: list[int]) -> None:
    left = sorted(samples)
    for least, end, count in of(samples).buckets():
        taken, left = left[:count], left[count:]
        assert all(least <= sample < end for sample in taken)
    assert left == []


@given(SAMPLES, SAMPLES)
def test_merging_is_counting_both(one: list[int], other: list[int]) -> None:
    merged = of(one)
    merged.merge(of(other))
    assert merged.counts() == of(one + other).counts()
    assert len(merged) == len(one) + len(other)


@given(SAMPLES)
def test_counts_make_the_same_histogram_again(samples: list[int]) -> None:
    assert Histogram.from_counts(of(samples).counts()).counts() == of(samples).counts()


@given(SAMPLES)
def test_the_total_is_as_exact_as_the_buckets(samples: list[int]) -> None:
    assert abs(of(samples).total_ns() - sum(samples)) <= sum(samples) / 128


@given(SAMPLES, st.integers(0, 41))
def test_below_a_power_of_two_is_exact(samples: list[int], bits: int) -> None:
    limits = (1 << bits, (1 << bits) + (1 << bits) // 2)
    assert of(samples).below(*limits) == [sum(sample < limit for sample in samples) for limit in limits]


def test_buckets_follow_one_another_without_a_gap() -> None:
    ends = [bounds(index) for index in range(2345)]
    assert ends[0] == (0, 1)
    assert all(before[1] == after[0] for before, after in pairwise(ends))
    assert ends[-1][0] <= LONGEST_NS < ends[-1][1]


def test_what_takes_longer_than_an_hour_counts_as_an_hour() -> None:
    assert of([LONGEST_NS * 100]).counts() == of([LONGEST_NS]).counts()


def test_nothing_recorded_is_nothing_counted() -> None:
    assert (len(Histogram()), Histogram().counts(), Histogram().percentiles(50, 100)) == (0, [], [0, 0])


def test_a_reset_histogram_goes_on_counting_in_the_same_cells() -> None:
    histogram = of([5, 7])
    cells = histogram.cells
    histogram.reset()
    assert len(histogram) == 0
    record_laps((cells, cells), 100, (109, 118))
    assert histogram.counts() == [(9, 2)]


def test_laps_last_from_one_end_to_the_next() -> None:
    one, other = Histogram(), Histogram()
    record_laps((one.cells, other.cells, one.cells), 1000, (1003, 1050, 1051))
    assert (one.counts(), other.counts()) == ([(1, 1), (3, 1)], [(47, 1)])


@pytest.mark.parametrize("pair", [(-1, 1), (2345, 1), (0, -1), (0, 1 << 64)])
def test_counts_that_no_histogram_gives_are_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="there is no bucket"):
        Histogram.from_counts([pair])
