"""Limits of judging: all processor time that a line takes counts, and what there is until then is judged."""

from __future__ import annotations

import pytest
from judged_lines import caller, table

from safeshell.shell.judge import judge_line
from safeshell.shell.judge_command import judge_command
from safeshell.shell.limits import Deadline, OverrunError

RULES = """\
version: 1
rules:
  - {name: r, commands: [rm], conditions: [{command_contains: x}], action: deny, message: N.}
"""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The processor time, in seconds."""
    now = [0.0]
    monkeypatch.setattr("safeshell.shell.limits.time.thread_time", lambda: now[0])
    return now


def test_a_deadline_is_over_when_its_processor_time_is_spent(clock: list[float]) -> None:
    deadline = Deadline(0.2)
    deadline.check()
    clock[0] = 0.21
    assert deadline.over
    with pytest.raises(OverrunError, match="it takes more than 200 ms"):
        deadline.check()
    steps = iter(deadline.step, object())
    with pytest.raises(OverrunError):
        list(zip(range(100), steps, strict=False))


def test_what_judging_takes_counts_too(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*given: object) -> object:
        clock[0] += 0.004
        return judge_command(*given)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr("safeshell.shell.judge.judge_command", slow)
    tables = table(RULES)
    many = ";".join(f"rm a{number}" for number in range(200))
    found = judge_line(many, caller(tables))
    assert (found.decision.rule, found.decision.action.word) == ("line-overrun", "deny")
    assert 40 < len(found.commands) < 80
    clock[0] = 0.0
    assert judge_line(f"rm x;{many}", caller(tables)).decision.rule == "r"
