"""Counts of decisions and placements, as the status tells them."""

from __future__ import annotations

from safeshell.daemon.observe.tally import Tally
from safeshell.policy.decision import Action, Decision, Matched


def test_nothing_was_counted_yet() -> None:
    assert Tally().describe() == {"requests": {"total": 0}, "placement": {}, "observed": []}


def test_decisions_are_counted_by_action_of_commands_and_lines_alike() -> None:
    tally = Tally()
    tally.decided(Decision(Action.DENY, "x"))
    tally.decided(Decision(Action.ALLOW, "x", observed=(Matched("seen", Action.DENY, "r:1"),)))
    tally.line(Action.DENY)
    described = tally.describe()
    assert described["requests"] == {"total": 3, "allow": 1, "deny": 2}
    assert described["observed"] == [{"rule": "seen", "action": "deny", "count": 1}]


def test_a_placement_has_its_reasons() -> None:
    tally = Tally()
    tally.placements.update({("daemon", ""): 3, ("in_place", "terminal"): 2, ("in_place", "nice"): 1})
    assert tally.describe()["placement"] == {
        "daemon": {"count": 3, "reasons": {"": 3}},
        "in_place": {"count": 3, "reasons": {"nice": 1, "terminal": 2}},
    }
