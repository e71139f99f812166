from __future__ import annotations

from typing import Any

import pytest

from safeshell.monitor.figures import summarize

ALL: dict[str, Any] = {
    "uptime_s": 3700.0,
    "rss_kib": 14336,
    "requests": {"total": 12, "allow": 10, "deny": 2, "redirect": 0},
    "placement": {"daemon": {"count": 3, "reasons": {"": 3}}, "in_place": {"count": 7, "reasons": {}}},
    "cache": {"hits": 3, "misses": 1},
    "stages": {
        "whole": {"count": 12, "p50_us": 210.4, "p99_us": 2100.0},
        "decide": {"count": 12, "p50_us": 4.6, "p99_us": 9.0},
        "accept": {"count": 12, "p50_us": 1.0, "p99_us": 2.0},
    },
}


def test_all_of_it() -> None:
    latency, counts = summarize(ALL).split("\n")
    assert latency == "a command p50 210 µs p99 2.1 ms  decide p50 5 µs p99 9 µs"
    assert counts == "12 decided (10 allow, 2 deny)  3 daemon  7 in place  cache 75 %  up 1 h 1 min  14 MiB"


@pytest.mark.parametrize("absent", ALL)
def test_what_is_absent_is_not_said(absent: str) -> None:
    lines = summarize({name: value for name, value in ALL.items() if name != absent}).split("\n")
    assert len(lines) == 2
    assert lines != summarize(ALL).split("\n")


def test_rows_may_lack_columns_too() -> None:
    found = summarize({"stages": {"whole": {"count": 1}}, "placement": {"daemon": {}}, "cache": {"hits": 1}})
    assert found == "a command p50 ? p99 ?\n0 decided  0 daemon  cache 100 %"


def test_nothing() -> None:
    assert summarize({}) == "no figures"
