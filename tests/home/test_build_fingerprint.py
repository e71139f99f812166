"""Whether a compilation would say again what it said: whatever it could hang on is noticed, and nothing else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import until

from safeshell.home import build_fingerprint
from safeshell.home.build_fingerprint import circumstances, describe, now, same

CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda path: path.write_text("b"),
    "mode": lambda path: path.chmod(0o604),
    "gone": lambda path: path.unlink(),
    "another rules file beside it": lambda path: (path.parent / "other.yaml").touch(),
    "the directory's mode": lambda path: path.parent.chmod(0o770),
}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "home" / "rules.yaml"
    path.parent.mkdir(mode=0o700)
    path.write_text("a", encoding="utf-8")
    return path


def settled(path: Path) -> int:
    """A time after the file's last change, by the clock that file systems go by."""
    last = max(os.stat(path).st_ctime_ns, os.stat(path.parent).st_ctime_ns)
    until(lambda: now() > last, "the next tick")
    return now()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_noticed(rules: Path, change: str) -> None:
    found = describe({str(rules): digest(rules)}, settled(rules))
    assert found is not None
    assert same(found)
    CHANGES[change](rules)
    assert not same(found)


def test_what_is_no_rules_file_comes_and_goes(rules: Path) -> None:
    found = describe({str(rules): digest(rules)}, settled(rules))
    assert found is not None
    (rules.parent / "audit.jsonl").touch()
    os.utime(rules, (0, 0))
    assert same(found)


def test_what_was_not_there_is_noticed_once_it_is(rules: Path) -> None:
    missing = rules.parent / "system"
    found = describe({str(missing): None}, settled(rules))
    assert found is not None
    assert same(found)
    missing.mkdir()
    assert not same(found)


def test_what_changed_during_the_compilation_is_not_vouched_for(rules: Path) -> None:
    since = settled(rules)
    rules.write_text("b", encoding="utf-8")
    assert describe({str(rules): digest(rules)}, since) is None


def test_what_was_read_is_not_what_is_there(rules: Path) -> None:
    assert describe({str(rules): hashlib.sha256(b"other").hexdigest()}, settled(rules)) is None


def test_another_installation_is_another_circumstance(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = circumstances(str(rules))
    assert circumstances(str(rules)) == before
    monkeypatch.setattr(build_fingerprint, "_LIBRARIES", ("json",))
    assert circumstances(str(rules)) != before
