"""Limits of judging: all processor time that a line takes counts, and what there is until then is judged."""

from __future__ import annotations

from typing import Any

import pytest
from judged_lines import PACKS, caller, table

from safeshell.shell import undecided
from safeshell.shell.judge import judge_line
from safeshell.shell.judge_command import judge_command
from safeshell.shell.limits import TIME_MAX, Deadline, OverrunError
from safeshell.shell.walk import commands_in_turn
from safeshell.shell.walked import LineCommand, WalkedLine
from safeshell.shell.words import plain

RULES = """\
version: 1
rules:
  - {name: r, commands: [rm], conditions: [{command_contains: x}], action: deny, message: N.}
"""


@pytest.fixture(autouse=True)
def users_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines have the time that users' have."""
    monkeypatch.setattr(Deadline.__init__, "__defaults__", (TIME_MAX,))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The processor time, in seconds."""
    now = [0.0]
    monkeypatch.setattr("safeshell.shell.limits.thread_time", lambda: now[0])
    monkeypatch.setattr("safeshell.shell.limits.monotonic", lambda: 2 * now[0])
    return now


def test_the_processors_clock_is_read_only_once_as_much_time_has_gone_by_at_all(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    deadline = Deadline(0.2)
    read: list[float] = []

    def thread_time() -> float:
        read.append(clock[0])
        return clock[0]

    monkeypatch.setattr("safeshell.shell.limits.thread_time", thread_time)
    clock[0] = 0.1
    deadline.check()
    assert not read
    clock[0] = 0.15  # by the clock 0.3
    deadline.check()
    assert not deadline.over
    assert read == [0.15, 0.15]


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


def test_what_was_read_before_its_time_was_over_is_judged(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    words = (plain("rm"), plain("x"))
    command = LineCommand(words, words, {}, "/", (0, 1), shims=True)

    def read(*_: object, **__: object) -> WalkedLine:
        clock[0] = 0.3
        return WalkedLine([command], overrun="it takes more than 200 ms to judge")

    monkeypatch.setattr("safeshell.shell.judge.commands_of", read)
    found = judge_line("", caller(table(RULES), who="human"))
    assert (found.decision.rule, found.decision.action.word) == ("r", "deny")


def test_what_runs_in_turn_takes_of_the_same_time(clock: list[float]) -> None:
    words = (plain("sh"), plain("-c"), plain("rm x; rm y"))
    command = LineCommand(words, words, {}, "/", (0, 1), shims=True)
    deadline = Deadline(0.2)
    assert len(commands_in_turn(command, environment={}, depth=0, deadline=deadline).commands) == 2
    clock[0] = 0.21
    assert "200 ms" in commands_in_turn(command, environment={}, depth=0, deadline=deadline).overrun


LONG = {
    "unknown parts of a word": f'rm -rf "{"$a/" * 20_000}"',
    "unknown words": "rm -rf " + '"$a" ' * 20_000,
    "a long word beside an unknown one": f'psql "$a" -c "{"drop x " * 60_000}"',
    "commands": 'git push -f "$a$b";' * 2_000,
    "different commands": "".join([f'git push -f "$a{number}";' for number in range(4_000)]),
    "an unknown program": f"$a {'x ' * 3_000}",
}


@pytest.mark.parametrize("line", LONG.values(), ids=LONG)
def test_what_is_long_is_asked_about_or_too_long(line: str) -> None:
    found = judge_line(line, caller(table(PACKS)))
    assert found.decision.rule in ("only-the-run-can-tell", "line-overrun")


def test_a_text_of_many_names_is_looked_through_for_those_of_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join([f"name{number}" for number in range(100_000)])
    walked = WalkedLine(unread=[(f"{text} rm", "fish")])
    monkeypatch.setattr("safeshell.shell.judge.commands_of", lambda *_, **__: walked)
    asked: list[str] = []
    restricts = undecided.restricting

    def noted(name: str, *more: Any) -> Any:
        asked.append(name)
        return restricts(name, *more)

    monkeypatch.setattr(undecided, "restricting", noted)
    assert judge_line("", caller(table(RULES))).could_be == "r"
    assert asked == ["rm"]
