"""Which commands ran at a moment: those whose time covers it, and those in place whose end nobody knows."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace
from typing import Any

from safeshell.command.command_line import block
from safeshell.daemon.observe.recent import BYTES_MAX, COMMANDS_MAX, NEAR_S, TOLD_MAX, Recent

GONE = 1 << 30
"""The number of no process."""


def command(*argv: bytes, pid: int = GONE, ran_s: float | None = None) -> Any:
    return SimpleNamespace(
        asked=SimpleNamespace(arguments=block(list(argv))), connection=SimpleNamespace(pid=pid), duration_s=ran_s
    )


def test_u14_a_command_that_the_daemon_ran_counts_while_it_ran() -> None:
    recent, now = Recent(), time.time()
    recent.note(command(b"sed", b"-i", ran_s=2.0))
    assert [one["argv"] for one in recent.during(now - 1, ())] == [["sed", "-i"]]
    assert recent.during(now - 3, ()) == recent.during(now + 1, ()) == []


def test_u14_one_in_place_counts_while_it_runs_or_shortly_after_its_start() -> None:
    recent, now = Recent(), time.time()
    recent.note(command(b"vi", pid=os.getpid()))
    recent.note(command(b"cp"))
    assert [one["argv"] for one in recent.during(now + 1, ())] == [["vi"], ["cp"]]
    assert [one["argv"] for one in recent.during(now + NEAR_S + 1, ())] == [["vi"]]
    assert recent.during(now - 1, ()) == []


def test_u14_of_a_line_that_the_front_took_for_another_only_what_they_share_is_told() -> None:
    recent = Recent()
    by: Any = SimpleNamespace(pid=GONE, child=0, duration_ns=0)
    kept = command(b"cp", b"this", b"there")
    kept.known_words = 1
    recent.note(kept, by)
    assert recent.during(time.time(), ()) == [{"pid": GONE, "argv": ["cp", "…"]}]


def test_u14_those_that_run_now_come_last_and_only_so_many_are_kept_and_told() -> None:
    recent = Recent()
    for number in range(COMMANDS_MAX + 5):
        recent.note(command(b"%d" % number, b"x" * BYTES_MAX))
    told = recent.during(time.time(), [command(b"make", pid=7)])
    assert len(told) == TOLD_MAX
    assert told[-1] == {"pid": 7, "argv": ["make"]}
    assert all(sum(map(len, one["argv"])) <= BYTES_MAX for one in told)
