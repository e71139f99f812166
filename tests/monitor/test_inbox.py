from __future__ import annotations

from safeshell.monitor.events import Decided, Measured
from safeshell.monitor.inbox import DECISIONS_MAX, Inbox


def test_it_wakes_once_until_it_is_emptied() -> None:
    woken: list[int] = []
    inbox = Inbox(lambda: woken.append(1))
    inbox.put(Measured({}))
    inbox.put(Decided({}))
    assert len(woken) == 1
    assert inbox.take() == ([Measured({})], [Decided({})])
    assert inbox.take() == ([], [])
    inbox.put(Decided({}))
    assert len(woken) == 2


def test_decisions_that_nobody_takes_are_let_go_and_counted_and_nothing_else_is() -> None:
    inbox = Inbox(lambda: None)
    for number in range(DECISIONS_MAX + 5):
        inbox.put(Decided({"number": number}))
        inbox.put(Measured({}))
    events, decided = inbox.take()
    assert len(events) == DECISIONS_MAX + 5
    assert len(decided) == DECISIONS_MAX
    assert decided[0] == Decided({"number": 5})
    assert inbox.missed == 5
