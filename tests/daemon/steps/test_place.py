"""The whole input table of `choose`, against the rules as the design states them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from safeshell.daemon.steps.place import Placement, choose
from safeshell.host.process.confinement import CallerState
from safeshell.protocol import Flag

ALIKE = CallerState("", "", 0o022, 0, same_view=True)


def place(
    flags: int = 0,
    caller: CallerState = ALIKE,
    *,
    nice: int = 0,
    blocked: int = 0,
    has_stdio: bool = True,
    setting: str = "auto",
    rule: str = "",
) -> tuple[Placement, str]:
    return choose(
        flags,
        caller,
        nice=nice,
        blocked=blocked,
        has_stdio=has_stdio,
        setting=setting,
        rule=rule,
    )


DIFFERENCES = {
    "terminal": {"flags": Flag.TTY},
    "controlling terminal": {"flags": Flag.CTTY},
    "open descriptors": {"flags": Flag.FDS},
    "unusual attributes": {"flags": Flag.UNUSUAL},
    "blocked signals": {"blocked": 1 << 14},
    "nice": {"nice": 5},
    "limits": {"caller": ALIKE._replace(differs="limits")},
    "affinity": {"caller": ALIKE._replace(differs="affinity")},
    "ignored signals": {"caller": ALIKE._replace(differs="ignored signals")},
}
OBSTACLES: dict[str, dict[str, Any]] = {
    "confinement: another mount namespace": {"caller": ALIKE._replace(confined="another mount namespace")},
    "confinement: its own word": {"flags": Flag.CONFINED},
}


def test_a_caller_like_the_daemon_is_served_by_it() -> None:
    assert place() == ("daemon", "")


@pytest.mark.parametrize("reason", DIFFERENCES)
def test_a_difference_means_in_place_unless_the_daemon_is_asked_for(reason: str) -> None:
    given = DIFFERENCES[reason]
    assert place(**given) == ("in_place", reason)  # type: ignore[arg-type] # a table of arguments
    assert place(**given, rule="daemon") == ("daemon", "execution: daemon")  # type: ignore[arg-type]


@pytest.mark.parametrize("reason", [*OBSTACLES, "closed descriptor"])
def test_an_obstacle_means_in_place_even_where_the_daemon_is_asked_for(reason: str) -> None:
    given = OBSTACLES.get(reason, {"flags": Flag.CLOSED, "has_stdio": False})
    for setting, rule in itertools.product(("auto", "daemon", "in_place"), ("", "auto", "daemon", "in_place")):
        assert place(**given, setting=setting, rule=rule) == ("in_place", reason)


@pytest.mark.parametrize("reason", OBSTACLES)
def test_an_obstacle_refuses_a_caller_that_only_the_daemon_can_serve(reason: str) -> None:
    given = OBSTACLES[reason]
    assert place(**given, has_stdio=False) == ("refused", reason)
    asked = place(**{**given, "flags": given.get("flags", 0) | Flag.IN_PLACE}, has_stdio=False)
    assert asked == ("in_place", "caller asks in place")


@pytest.mark.parametrize("reason", DIFFERENCES)
def test_a_difference_is_nothing_to_a_caller_that_only_the_daemon_can_serve(reason: str) -> None:
    served = place(**DIFFERENCES[reason], has_stdio=False, setting="in_place")  # type: ignore[arg-type]
    assert served == ("daemon", "no descriptors")


@pytest.mark.parametrize(
    ("setting", "rule", "placed"),
    [
        ("auto", "", ("daemon", "")),
        ("daemon", "", ("daemon", "")),
        ("in_place", "", ("in_place", "execution: in_place")),
        ("auto", "in_place", ("in_place", "execution: in_place")),
        ("daemon", "in_place", ("in_place", "execution: in_place")),
        ("in_place", "daemon", ("daemon", "")),
        ("in_place", "auto", ("daemon", "")),
    ],
)
def test_the_rules_execution_goes_before_the_settings(setting: str, rule: str, placed: tuple[Placement, str]) -> None:
    assert place(setting=setting, rule=rule) == placed


def test_the_nice_value_of_the_request_is_held_against_the_kernels() -> None:
    assert place(caller=ALIKE._replace(nice=3), nice=3) == ("daemon", "")
    assert place(caller=ALIKE._replace(nice=3), nice=0) == ("in_place", "nice")


def test_no_combination_runs_in_the_daemon_what_must_not() -> None:
    tried = 0
    for flags, confined, differs, blocked, stdio, setting, rule in itertools.product(
        range(128),
        ("", "another root directory"),
        ("", "limits"),
        (0, 1),
        (True, False),
        ("auto", "daemon", "in_place"),
        ("", "auto", "daemon", "in_place"),
    ):
        caller = CallerState(confined, differs, 0o022, 0, same_view=True)
        placement, reason = place(
            flags,
            caller,
            blocked=blocked,
            has_stdio=stdio,
            setting=setting,
            rule=rule,
        )
        tried += 1
        impossible = bool(confined or flags & (Flag.CLOSED | Flag.CONFINED))
        streams = not stdio and not flags & (Flag.CLOSED | Flag.IN_PLACE)
        different = bool(differs or blocked or flags & (Flag.TTY | Flag.CTTY | Flag.FDS | Flag.UNUSUAL))
        asked = rule or setting
        if placement == "daemon":
            assert not impossible
            assert not flags & Flag.IN_PLACE
            assert streams or asked == "daemon" or (asked == "auto" and not different)
            assert (reason == "") == (not streams and not different)
        elif placement == "refused":
            assert streams
            assert impossible
            assert reason
        else:
            assert not streams
            assert impossible or flags & Flag.IN_PLACE or asked == "in_place" or (asked == "auto" and different)
            assert reason
    assert tried == 128 * 2**4 * 12
