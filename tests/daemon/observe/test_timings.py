"""Durations by stage: kept for a few commands, counted together, the same in Python and as the native front is told."""

from __future__ import annotations

import struct

from safeshell.daemon.observe.timings import KEPT_MAX, Timings, Turn
from safeshell.metrics.histogram import Histogram
from safeshell.metrics.stages import STAGES

BEGAN = 1_000_000


def turn(timings: Timings, *, decision: str = "", placement: str = "", whole: int = 0) -> Turn:
    """Two stages of 100 and 200 ns."""
    return timings.stages("locate", "decide"), BEGAN, (BEGAN + 100, BEGAN + 300), decision, placement, whole


def counts(timings: Timings) -> dict[str, int]:
    return {name: len(histogram) for name, histogram in timings.histograms().items() if len(histogram)}


def only(histogram: Histogram) -> int:
    """About how long all that was counted took: buckets are a 64th wide."""
    (count,) = [count for _least, _beyond, count in histogram.buckets()]
    return histogram.total_ns() // count


def test_each_stage_lasts_from_the_end_of_the_one_before() -> None:
    timings = Timings()
    timings.add(turn(timings))
    found = timings.histograms()
    assert abs(only(found["locate"]) - 100) <= 2
    assert abs(only(found["decide"]) - 200) <= 4
    assert counts(timings) == {"locate": 1, "decide": 1}


def test_the_whole_is_counted_by_decision_and_placement_once_it_is_answered() -> None:
    timings = Timings()
    timings.add(turn(timings, decision="allow", placement="daemon", whole=5000))
    timings.add(turn(timings, decision="allow", placement="in_place", whole=3000))
    timings.add(turn(timings, decision="deny", whole=1000))
    wholes = {name: count for name, count in counts(timings).items() if name.startswith("whole")}
    assert wholes == {"whole": 3, "whole.allow": 2, "whole.deny": 1, "whole.daemon": 1, "whole.in_place": 1}
    assert abs(only(timings.histograms()["whole.daemon"]) - 5000) <= 80


def test_names_are_the_stages_and_the_wholes_last() -> None:
    names = list(Timings().histograms())
    assert names[: len(STAGES)] == list(STAGES)
    assert all(name.startswith("whole") for name in names[len(STAGES) :])


def test_they_are_counted_many_at_once() -> None:
    timings = Timings()
    for _ in range(KEPT_MAX - 1):
        timings.add(turn(timings))
    assert len(timings.turns) == KEPT_MAX - 1
    timings.add(turn(timings))
    assert timings.turns == []
    assert counts(timings)["decide"] == KEPT_MAX


def test_a_reset_forgets_what_was_kept_too() -> None:
    timings = Timings()
    timings.add(turn(timings, decision="deny", whole=1000))
    timings.reset()
    assert counts(timings) == {}
    timings.add(turn(timings))
    assert counts(timings) == {"locate": 1, "decide": 1}


def test_stages_put_together_are_counted_in_order() -> None:
    timings = Timings()
    stages = timings.stages("accept") + timings.stages("receive")
    timings.add((stages, BEGAN, (BEGAN + 10, BEGAN + 30), "", "", 0))
    found = timings.histograms()
    assert (only(found["accept"]), only(found["receive"])) == (10, 20)


def test_the_native_front_is_told_of_them_by_the_addresses_of_their_cells() -> None:
    timings, written = Timings(), list[bytes]()
    timings.native = written.append
    timings.add(turn(timings, decision="deny", whole=1000))
    timings.count()
    stages = timings.stages("locate", "decide")
    whole = timings.whole("deny", "")
    assert written == [
        struct.pack("=2Q", 2, BEGAN)
        + stages.addresses
        + struct.pack("=2Q", BEGAN + 100, BEGAN + 300)
        + struct.pack("=2Q", 1, 0)
        + whole.address
        + struct.pack("=Q", 1000)
    ]
    assert counts(timings) == {}, "Python counted it, too"
