from __future__ import annotations

from datetime import datetime

import pytest

from safeshell.monitor.decision import COMMAND_MAX, DecisionLine


def test_the_time_is_local() -> None:
    ts = "2026-11-22T10:00:00.123Z"
    assert DecisionLine.from_record({"ts": ts}).time == datetime.fromisoformat(ts).astimezone().strftime("%H:%M:%S")


@pytest.mark.parametrize(
    ("record", "decision", "outcome"),
    [
        ({"decision": "allow", "exit": 0}, "allow", "0"),
        ({"decision": "allow"}, "allow", ""),
        ({"decision": "require_approval", "approval": {"answer": "approved"}}, "approval", "approved"),
        (
            {"kind": "refused-approval", "approval": {"answer": "approve", "refused": "x"}},
            "refused-approval",
            "refused",
        ),
        ({"decision": "deny", "error": "x", "exit": 125}, "deny", "error"),
        ({"kind": "error", "error": "x"}, "error", "error"),
        ({"decision": "redirect", "exit": "SIGTERM"}, "redirect", "SIGTERM"),
        ({"kind": "edit", "edit": {"state": "held", "files": []}}, "edit", "held"),
    ],
)
def test_what_became_of_it(record: dict[str, object], decision: str, outcome: str) -> None:
    line = DecisionLine.from_record(record)
    assert (line.decision, line.outcome) == (decision, outcome)


def test_the_home_is_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/a")
    directories = [DecisionLine.from_record({"cwd": cwd}).directory for cwd in ("/home/a", "/home/a/b", "/home/ab")]
    assert directories == ["~", "~/b", "/home/ab"]


def test_a_long_command_is_cut() -> None:
    assert len(DecisionLine.from_record({"argv": ["echo", "x" * 10_000]}).command) == COMMAND_MAX
