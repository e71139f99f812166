from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from safeshell.audit import follow as following
from safeshell.audit.follow import follow


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_S", 0)


def _now(lines: Iterator[bytes | None]) -> list[bytes]:
    """What there is to read now."""
    found = []
    while (line := next(lines)) is not None:
        found.append(line)
    return found


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "audit.jsonl")


def _append(path: str, data: bytes) -> None:
    with open(path, "ab") as stream:
        stream.write(data)


def _rotate(path: str, *, kept: int = 0) -> None:
    for number in range(kept, 0, -1):
        os.rename(f"{path}.{number}", f"{path}.{number + 1}")
    os.rename(path, f"{path}.1")


def test_all_that_is_there_then_what_comes(path: str) -> None:
    _append(f"{path}.1", b"1\n2\n")
    _append(path, b"3\n")
    lines = follow(path)
    assert _now(lines) == [b"1", b"2", b"3"]
    assert _now(lines) == []
    _append(path, b"4\n5\n")
    assert _now(lines) == [b"4", b"5"]


def test_a_log_that_is_not_there_yet(path: str) -> None:
    lines = follow(path)
    assert _now(lines) == []
    _append(path, b"1\n")
    assert _now(lines) == [b"1"]


def test_one_rotation_and_several_between_two_looks(path: str) -> None:
    _append(path, b"1\n")
    lines = follow(path)
    assert _now(lines) == [b"1"]
    _append(path, b"2\n")
    _rotate(path)
    _append(path, b"3\n")
    assert _now(lines) == [b"2", b"3"]
    _rotate(path, kept=1)
    _append(path, b"4\n")
    _rotate(path, kept=2)
    assert _now(lines) == []  # between two files
    _append(path, b"5\n")
    assert _now(lines) == [b"4", b"5"]


def test_a_part_of_a_line_is_waited_for(path: str) -> None:
    _append(path, b"1\n2")
    lines = follow(path)
    assert _now(lines) == [b"1"]
    _append(path, b"2\n")
    assert _now(lines) == [b"22"]


def test_a_part_that_was_taken_back_is_never_shown(path: str) -> None:
    _append(path, b"1\n{part")
    lines = follow(path)
    assert _now(lines) == [b"1"]
    os.truncate(path, 2)
    assert _now(lines) == []
    _append(path, b"2\n")
    assert _now(lines) == [b"2"]


def test_what_is_followed_is_closed_in_the_end(path: str) -> None:
    _append(f"{path}.1", b"1\n")
    _append(path, b"2\n")
    before = len(os.listdir("/proc/self/fd"))
    lines = follow(path)
    _now(lines)
    assert len(os.listdir("/proc/self/fd")) == before + 1
    lines.close()  # type: ignore[attr-defined]
    assert len(os.listdir("/proc/self/fd")) == before
