"""The grammar: lines come again by their number, and each row runs the command."""

from __future__ import annotations

import random

import pytest
from lines.draft import SHELLS, Document, Draft, Item, Row, finish
from lines.grammar import CANARY, FIRE, ROWS, Line, line
from lines.holes import HOLES
from lines.judging import Verdict, loosened, missed
from lines.mentions import mention
from lines.sandbox import Ran, Sandbox

NUMBERED = {f"L{number}" for number in range(1, 13)}
"""The kinds of the findings that have to do with what runs."""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_line_comes_again_by_its_number(shell: str) -> None:
    assert [line(3, shell, number) for number in range(50)] == [line(3, shell, number) for number in range(50)]
    assert line(3, shell, 1) != line(4, shell, 1)
    assert mention(3, shell, 1) == mention(3, shell, 1)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_kind_comes_along(shell: str) -> None:
    assert set().union(*(line(1, shell, number).kinds for number in range(2000))) >= NUMBERED


def test_a_document_follows_the_next_newline() -> None:
    items: list[Item] = ["cat <<A", Document("x\nA\n"), " <<B", Document("B\n"), "; echo '\n'", "\n", ":"]
    assert finish(items) == "cat <<A <<B; echo '\n'\nx\nA\nB\n:"


FOUND = Ran((FIRE,), (), in_time=True)
SHIMMED = Ran((), (FIRE,), in_time=True)


@pytest.mark.parametrize(
    ("ran", "action", "rule", "deferred", "is_open", "without", "behind"),
    [
        (FOUND, "deny", "canary", False, False, "", ""),
        (FOUND, "require_approval", "only-the-run-can-tell", False, True, "", ""),
        (FOUND, "allow", "", False, False, "allowed", "allowed"),
        (FOUND, "deny", "shell-line", False, False, "unread", "unread"),
        (FOUND, "deny", "shell-line", False, True, "", ""),
        (SHIMMED, "allow", "", True, False, "deferred", "deferred"),
        (SHIMMED, "allow", "", True, True, "", ""),
        (FOUND, "allow", "", True, True, "no shim looks", "no shim looks"),
        (SHIMMED, "allow", "", False, True, "allowed", ""),
        (Ran((), (), in_time=True), "allow", "", False, False, "", ""),
    ],
)
def test_what_is_a_miss(
    ran: Ran, action: str, rule: str, deferred: bool, is_open: bool, without: str, behind: str
) -> None:
    verdict = Verdict(action, rule, deferred, 0.0)
    one = Line(0, "bash", "", frozenset(), open=is_open)
    assert (missed(one, ran, verdict, shims=False), missed(one, ran, verdict, shims=True)) == (without, behind)


def test_what_is_looser() -> None:
    one = Line(0, "bash", "", frozenset(), open=False)
    assert loosened(one, FIRE, FOUND, Verdict("require_approval", "x", False, 0.0)) == "require_approval for deny"
    assert not loosened(one, FIRE, FOUND, Verdict("deny", "x", False, 0.0))


def _lines_of(position: str, row: Row, shell: str) -> list[Line]:
    """A few lines that hold a row, and little else."""
    frames = {"$": ("echo ", ""), "D": ("cat <<EOF\n", "\nEOF\n"), "N": ("", " && canary fire")}
    before, after = frames.get(position, ("", ""))
    made = []
    for seed in range(6):
        draft = Draft(random.Random(f"{seed} {row.template!a}"), shell, 1, ROWS, HOLES, (CANARY, FIRE))
        made.append(Line(seed, shell, f"{before}{finish(draft.write(row))}{after}", frozenset(), open=False))
    return made


@pytest.mark.slow
@pytest.mark.needs("bash", "dash", "zsh", "busybox", "strace", "flock", "perl", "git")
@pytest.mark.parametrize("position", "WLCKSB$DN")
def test_each_row_runs_the_command(position: str) -> None:
    with Sandbox(2) as box:
        dead = [
            (row.template, row.shells)
            for row in ROWS[position]
            if not any(
                ran.fired() for shell in row.shells.split() for _, ran in box.run_all(_lines_of(position, row, shell))
            )
        ]
    assert not dead
