"""`make test-pythons`: which interpreters are found, and what is said of those that can't be used."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import pythons

OURS = sys.version_info[:2]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The versions that the tests were run under; those of 3.99 fail."""
    found: list[tuple[int, int]] = []

    def passes(version: tuple[int, int], _path: str) -> bool:
        found.append(version)
        return version != (3, 99)

    monkeypatch.setattr(pythons, "_passes", passes)
    return found


@pytest.fixture
def ours(tmp_path: Path) -> str:
    """The Python that runs this, by a name without a blank."""
    return fake(tmp_path, "ours", f'exec "{sys.executable}" "$@"')


def fake(directory: Path, name: str, prints: str) -> str:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{prints}\n")
    path.chmod(0o755)
    return str(path)


def test_each_is_named_and_one_of_each_version_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ran: list[tuple[int, int]],
    ours: str,
) -> None:
    new, again = (fake(tmp_path, name, "echo 3 98") for name in ("new", "again"))
    broken, old = fake(tmp_path, "broken", "exit 1"), fake(tmp_path, "old", "echo 3 10")
    monkeypatch.setenv("PYTHONS", f"{ours} {new} {again} {broken} {old} {tmp_path}/missing")
    assert pythons.main() == 0
    assert ran == [OURS, (3, 98)]
    said = capsys.readouterr().out
    for line in (
        f"{broken}: does not start, or has no venv",
        f"{tmp_path}/missing: does not start, or has no venv",
        f"{old}: 3.10, older than 3.11",
        f"{again}: 3.98, there already",
        f"3.98 ({new}): passed",
    ):
        assert line in said


def test_one_that_fails_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ran: list[tuple[int, int]], ours: str
) -> None:
    monkeypatch.setenv("PYTHONS", f"{ours} {fake(tmp_path, 'new', 'echo 3 99')}")
    assert pythons.main() == 1
    assert ran == [OURS, (3, 99)]


def test_one_alone_is_not_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ran: list[tuple[int, int]], ours: str
) -> None:
    monkeypatch.setenv("PYTHONS", ours)
    assert pythons.main() == 1
    assert ran == []
    assert "found 1 to test with, expected 2 or more" in capsys.readouterr().out
