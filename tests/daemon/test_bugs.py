"""The daemon's bug log: tracebacks, a line where the machine lacked something, and never more than fits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from harness import daemon_log

from safeshell.daemon import bugs
from safeshell.home.paths import Home


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


def test_a_bug_keeps_its_traceback(home: Home) -> None:
    assert bugs.log_bug(home, raised(ValueError("x"))) == os.path.join(home.root, "daemon.log")
    assert daemon_log(home).startswith("Traceback")


@pytest.mark.parametrize("error", [MemoryError(), OSError(24, "x"), OSError(28, "x", "/a")])
def test_what_the_machine_lacks_is_a_line(home: Home, error: Exception) -> None:
    bugs.log_bug(home, raised(error))
    assert daemon_log(home).startswith("safeshell: the daemon went on without something: ")
    assert daemon_log(home).count("\n") == 1


def test_it_never_grows_beyond_its_size(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bugs, "SIZE_MAX", 2000)
    for _ in range(100):
        bugs.log_bug(home, raised(ValueError("x" * 100)))
    assert 2000 <= len(daemon_log(home)) < 3000


def test_a_log_that_cannot_be_written_is_no_second_fault(home: Home) -> None:
    os.mkdir(os.path.join(home.root, "daemon.log"))
    bugs.log_bug(home, raised(ValueError("x")))
