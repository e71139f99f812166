"""Questions that another process asks: answered, raised, never answered."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import PATIENCE_S

from safeshell.daemon.core import aside as module
from safeshell.daemon.core.aside import Aside
from safeshell.daemon.core.loop import Loop


class Bench:
    def __init__(self) -> None:
        self.loop = Loop()
        self.aside = Aside(self.loop)
        self.answers: list[tuple[Any, bool]] = []

    def ask(self, question: Any, point: bytes = b"/far") -> bool:
        return self.aside.ask(point, question, lambda *answer: self.answers.append(answer))

    def run(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while len(self.answers) < count or self.aside._left:
            assert time.monotonic() < deadline, "no answer"
            self.loop.call_later(0.001, self.loop.stop)
            self.loop.run()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    for helper in (*made.aside._idle, *made.aside._busy):
        made.aside._give_up(helper)
    made.run(0)
    made.loop.close()


def test_s15_what_it_returns_or_raises_comes_back_and_the_process_is_used_again(bench: Bench) -> None:
    assert bench.ask(functools.partial(sorted, [2, 1]))
    bench.run(1)
    assert bench.ask(functools.partial(os.stat, "/nonexistent"))
    bench.run(2)
    assert bench.answers[0] == ([1, 2], True)
    assert isinstance(bench.answers[1][0], FileNotFoundError)
    assert len(bench.aside._idle) == 1


def test_s15_who_never_answers_is_left_and_asked_no_more_until_it_is_gone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.05)
    os.mkfifo(tmp_path / "fifo")
    assert bench.ask(functools.partial(os.open, str(tmp_path / "fifo"), os.O_RDONLY))
    while not bench.answers:
        bench.loop.call_later(0.001, bench.loop.stop)
        bench.loop.run()
    assert bench.answers == [(None, False)]
    if bench.aside._left:  # it was killed, and may be gone already
        assert not bench.ask(functools.partial(sorted, []))
        assert bench.aside.describe() == {"asked": 0, "silent": ["/far"]}
    bench.run(1)
    assert bench.ask(functools.partial(sorted, []))
    bench.run(2)


def test_s15_one_that_ends_gives_no_answer(bench: Bench) -> None:
    assert bench.ask(functools.partial(os._exit, 3))
    bench.run(1)
    assert bench.answers == [(None, False)]
