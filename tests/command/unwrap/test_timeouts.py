"""Durations as timeout(1) reads them, held against the program."""

from __future__ import annotations

import math
import subprocess

import pytest

from safeshell.command.unwrap.timeouts import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", 2), ("2s", 2), ("1.5", 1.5), (".5", 0.5), ("2m", 120), ("1h", 3600), ("1d", 86_400), ("1e1", 10),
        ("0x10", 16), ("0x1p3s", 8), ("+3", 3), (" 3", 3),
    ],
)  # fmt: skip
def test_u16_a_duration_is_so_many_seconds(text: str, expected: float) -> None:
    assert seconds(text.encode()) == expected


@pytest.mark.parametrize(
    "text", ["", "0", "0s", "-1", "x", "2w", "1_000", "infinity", "inf", "nan", "2ms", "s", "1e999"]
)
def test_u16_what_ends_nothing_is_no_bound(text: str) -> None:
    assert math.isinf(seconds(text.encode()))


@pytest.mark.parametrize("text", ["0.01", "0.0001m", "1e-2", "0x1p-7", " .01", "0.01s"])
def test_the_program_reads_them_so(text: str) -> None:
    assert seconds(text.encode()) <= 0.1
    done = subprocess.run(["timeout", text, "sleep", "60"], check=False, timeout=20)
    assert done.returncode == 124
