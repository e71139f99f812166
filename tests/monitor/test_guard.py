from __future__ import annotations

from safeshell.monitor.guard import QUIET_S, Guard

ENOUGH_S = QUIET_S + 0.01


class Clock:
    def __init__(self) -> None:
        self.now = 5.0

    def __call__(self) -> float:
        return self.now


def test_nothing_passes_before_it_is_open() -> None:
    clock = Clock()
    guard = Guard(clock)
    clock.now += 100
    guard.disturb()
    assert not guard.passes()


def test_what_comes_after_a_quiet_moment_passes() -> None:
    clock = Clock()
    guard = Guard(clock)
    guard.open()
    clock.now += ENOUGH_S
    assert guard.passes()
    assert guard.passes()


def test_each_that_is_kept_out_begins_the_moment_anew() -> None:
    clock = Clock()
    guard = Guard(clock)
    guard.open()
    for _ in range(10):
        clock.now += QUIET_S * 0.9
        assert not guard.passes()
    clock.now += ENOUGH_S
    assert guard.passes()


def test_a_disturbance_begins_it_anew() -> None:
    clock = Clock()
    guard = Guard(clock)
    guard.open()
    clock.now += ENOUGH_S
    guard.disturb()
    assert not guard.passes()
