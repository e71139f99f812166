"""Histogram of durations: constant memory, about a per cent of precision, merged by adding.

The bucketing is HdrHistogram's (Tene, hdrhistogram.org): each power of two is cut into as many equal parts, so that
a bucket is never wider than a 64th of what it counts, from 1 ns to an hour.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

_BITS = 6
_PARTS = 1 << _BITS
"""Buckets in each power of two."""

_EXACT = 2 * _PARTS
"""Below this a bucket holds one value."""

LONGEST_NS = 3600 * 10**9
"""Longest duration told apart; what takes longer is counted as this long."""


def _index(value: int) -> int:
    shift = max(0, value.bit_length() - _BITS - 1)
    return (shift << _BITS) + (value >> shift)


BUCKETS = _index(LONGEST_NS) + 1
_EMPTY = array("Q", bytes(8 * BUCKETS))
_EMPTY_POWER = _EMPTY[:_PARTS]


def bounds(index: int) -> tuple[int, int]:
    """The least value, in ns, that a bucket counts, and the least that it does not count any more."""
    shift = max(0, (index >> _BITS) - 1)
    least = (index - (shift << _BITS)) << shift
    return least, least + (1 << shift)


def _typical(index: int) -> int:
    """The value that stands for a bucket's: half way through it, so never more than a 128th off."""
    least, end = bounds(index)
    return (least + end - 1) // 2


def record(cells: array[int], value: int) -> None:
    """Counts a duration, in ns and not negative, in the cells of a histogram."""
    shift = value.bit_length() - _BITS - 1
    try:
        cells[(shift << _BITS) + (value >> shift) if shift > 0 else value] += 1
    except IndexError:
        cells[-1] += 1


def record_laps(cells: Iterable[array[int]], began: int, ends: Iterable[int]) -> None:
    """As `record`, for what follows one another: the time from each end to the next, each in its own cells.

    It says the same again instead of calling it: the daemon counts a dozen a command.
    """
    for counts, end in zip(cells, ends, strict=False):
        value = end - began
        began = end
        shift = value.bit_length() - _BITS - 1
        try:
            counts[(shift << _BITS) + (value >> shift) if shift > 0 else value] += 1
        except IndexError:
            counts[-1] += 1


class Histogram:
    """Counts of durations, a bucket each.

    Attributes:
        cells: the count of each bucket, for `record`; the same array for as long as the histogram lives.
        address: where that is, as eight bytes.
    """

    __slots__ = ("address", "cells")

    def __init__(self) -> None:
        self.cells = _EMPTY[:]
        self.address = self.cells.buffer_info()[0].to_bytes(8, sys.byteorder)

    def record(self, value: int) -> None:
        """Counts a duration, in ns; it is not negative."""
        record(self.cells, value)

    @classmethod
    def from_counts(cls, pairs: Iterable[Sequence[int]]) -> Histogram:
        """The reverse of `counts`.

        Raises:
            ValueError: there is no such bucket, or a count that it can't have.
        """
        made = cls()
        for index, count in pairs:
            if not 0 <= index < BUCKETS or not 0 <= count < 1 << 64:
                raise ValueError(f"there is no bucket {index} with a count of {count}")
            made.cells[index] += count
        return made

    def counts(self) -> list[tuple[int, int]]:
        """The buckets that are not empty, in order: index and count."""
        found = []
        for start in range(0, len(self.cells), _PARTS):
            power = self.cells[start : start + _PARTS]
            if power != _EMPTY_POWER:  # one comparison in C for what is nearly always empty
                found += [(start + offset, count) for offset, count in enumerate(power) if count]
        return found

    def __len__(self) -> int:
        return sum(self.cells)

    def total_ns(self) -> int:
        """The sum of all durations, as exact as the buckets."""
        return sum(_typical(index) * count for index, count in self.counts())

    def percentiles(self, *wanted: float) -> list[int]:
        """For each of these percentages (0 to 100) the least duration, in ns, that so many are at most; 0 if empty."""
        counts = self.counts()
        if not counts:
            return [0 for _ in wanted]
        reached = list(accumulate(count for _, count in counts))
        return [_typical(counts[_first_of(reached, percentage)][0]) for percentage in wanted]

    def below(self, *limits: int) -> list[int]:
        """For each of these durations, in ns, how many were less; exact where no bucket lies across the limit."""
        starts = [bounds(index)[0] for index, _ in self.counts()]
        reached = [0, *accumulate(count for _, count in self.counts())]
        return [reached[bisect_left(starts, limit)] for limit in limits]

    def merge(self, other: Histogram) -> None:
        """Adds what another has counted."""
        for index, count in other.counts():
            self.cells[index] += count

    def reset(self) -> None:
        """Counts from nothing again."""
        self.cells[:] = _EMPTY

    def buckets(self) -> Iterator[tuple[int, int, int]]:
        """The buckets that are not empty, in order: least value, the least beyond it (both in ns), and count."""
        for index, count in self.counts():
            yield *bounds(index), count


def _first_of(reached: Sequence[int], percentage: float) -> int:
    """Duration at which the running count first covers a percentage of all: the nearest rank."""
    # Rounded before it is cut: 99.9 % of 1000 is 999 and not, as floats have it, a little more.
    rank = max(1, -int(-round(reached[-1] * percentage / 100, 6) // 1))
    return min(bisect_left(reached, rank), len(reached) - 1)
