from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from safeshell.audit.query import RecordQuery, command_text, parse_time

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

RECORD = {
    "ts": "2026-11-22T10:00:00.000000Z",
    "decision": "deny",
    "rule": "no-rm",
    "message": "Use the trash.",
    "observed": [{"rule": "watch", "action": "deny", "source": "x:1"}],
    "argv": ["/bin/rm", "-rf", "a b"],
    "cwd": "/home/a/work",
}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2h", "2026-11-22T10:00:00.000000Z"),
        ("90s", "2026-11-22T11:58:30.000000Z"),
        ("30m", "2026-11-22T11:30:00.000000Z"),
        ("3d", "2026-11-19T12:00:00.000000Z"),
        ("1w", "2026-11-15T12:00:00.000000Z"),
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00.000000Z"),
        ("2026-11-20T10:00:00.5+02:00", "2026-11-20T08:00:00.500000Z"),
    ],
)
def test_times(text: str, said: str) -> None:
    assert parse_time(text, NOW) == said


def test_a_date_is_its_midnight_here(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "<+05>-5")  # five hours east, as POSIX has it: time zones' files may not be there
    time.tzset()
    try:
        assert parse_time("2026-11-20", NOW) == "2026-11-19T19:00:00.000000Z"
        assert parse_time("2026-11-20T06:00", NOW) == "2026-11-20T01:00:00.000000Z"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["", "2", "h", "2y", "-2h", "yesterday", "2026-13-01", "999999999w", "0001-01-01"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="is no time: write 2h, 3d, 2026-11-22 or 2026-11-22T10:00:00Z"):
        parse_time(text, NOW)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, True),
        ({"decisions": frozenset({"deny"})}, True),
        ({"decisions": frozenset({"allow", "error"})}, False),
        ({"rules": frozenset({"no-rm"})}, True),
        ({"rules": frozenset({"watch"})}, True),
        ({"rules": frozenset({"rm"})}, False),
        ({"since": "2026-11-22T10:00:00.000000Z"}, True),
        ({"since": "2026-11-22T10:00:00.000001Z"}, False),
        ({"until": "2026-11-22T10:00:00.000001Z"}, True),
        ({"until": "2026-11-22T10:00:00.000000Z"}, False),
        ({"directory": "/home/a/work"}, True),
        ({"directory": "/home"}, True),
        ({"directory": "/"}, True),
        ({"directory": "/home/a/wor"}, False),
        ({"text": "rm -rf 'a b'"}, True),
        ({"text": "-rf a b"}, True),
        ({"text": "the trash"}, True),
        ({"text": "/home/a"}, True),
        ({"text": "no-rm"}, True),
        ({"text": "ls"}, False),
    ],
)
def test_what_is_asked_for(asked: dict[str, Any], expected: bool) -> None:
    assert RecordQuery(**asked).matches(RECORD) is expected


def test_a_failure_is_an_error_whatever_was_decided() -> None:
    query = RecordQuery(decisions=frozenset({"error"}))
    assert query.matches({"ts": "x", "decision": "allow", "error": "can't"})
    assert not query.matches(RECORD)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (RECORD, "rm -rf 'a b'"),
        ({"argv": ["-zsh", "\udcff"], "name": "zsh"}, "zsh '\ufffd'"),
        ({"kind": "line", "argv": ["rm x && ls"]}, "rm x && ls"),
        ({}, ""),
    ],
)
def test_the_command_as_rules_see_it(record: dict[str, Any], said: str) -> None:
    assert command_text(record) == said
