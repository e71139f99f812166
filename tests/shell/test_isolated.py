"""Judging in a child process: whatever becomes of it, there is an answer, and nothing is left behind."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from safeshell.errors import SafeShellError
from safeshell.policy.decision import Action, Decision
from safeshell.shell.isolated import judge_apart
from safeshell.shell.judge import LineJudgement

FOUND = LineJudgement(Decision(Action.DENY, "rm x", rule="r", message="caf\u00e9", tables=("d",)), ())


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No descriptor more, no child to be reaped."""
    before, had = os.listdir("/proc/self/fd"), children()
    yield
    assert len(os.listdir("/proc/self/fd")) == len(before)
    assert children() <= had  # another test may have left one to be reaped


def children() -> set[str]:
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as stream:
        return set(stream.read().split())


def apart(judge: Callable[[], LineJudgement], *, is_ai: bool = True, limit_s: float = 20.0) -> dict[str, Any]:
    return judge_apart("rm x", judge, is_ai=is_ai, tables=("d",), limit_s=limit_s)


def killed(number: int) -> LineJudgement:
    signal.signal(number, signal.SIG_DFL)  # pytest's own handler would write a page
    os.kill(os.getpid(), number)
    return FOUND


def hang() -> LineJudgement:
    while True:
        pass


def test_the_answer_is_the_judges() -> None:
    assert apart(lambda: FOUND) == FOUND.to_json()


def test_a_long_answer_comes_whole() -> None:
    long = LineJudgement(Decision(Action.ALLOW, "x" * 3_000_000), ())
    assert apart(lambda: long) == long.to_json()


@pytest.mark.parametrize("end", [lambda: killed(signal.SIGSEGV), lambda: killed(signal.SIGABRT), lambda: os._exit(0)])
def test_a_crash_is_denied_for_agents_only(end: Callable[[], LineJudgement]) -> None:
    answers = [apart(end, is_ai=is_ai) for is_ai in (True, False)]
    message = "This line can't be judged: its parser crashed. Split it into several."
    assert [one["decision"] for one in answers] == ["deny", "allow"]
    assert {(one["rule"], one["message"], one["subject"]) for one in answers} == {("line-overrun", message, "rm x")}


def test_what_never_ends_is_ended() -> None:
    answers = [apart(hang, is_ai=is_ai, limit_s=0.01) for is_ai in (True, False)]
    message = "This line can't be judged: it takes more than 0.01 s. Split it into several."
    assert [(one["decision"], one["rule"], one["message"]) for one in answers] == [
        ("deny", "line-overrun", message),
        ("allow", "line-overrun", message),
    ]


def test_what_the_caller_does_with_the_alarm_changes_nothing() -> None:
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    try:
        assert apart(hang, limit_s=0.01)["rule"] == "line-overrun"
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
        signal.signal(signal.SIGALRM, before)


def test_a_bug_is_reported_as_one() -> None:
    def judge() -> LineJudgement:
        raise ValueError("of ours")

    with pytest.raises(RuntimeError, match="ValueError: of ours"):
        apart(judge)


def test_where_no_process_can_be_started_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fork)
    with pytest.raises(SafeShellError, match="can't be started: Resource temporarily unavailable"):
        apart(lambda: FOUND)
