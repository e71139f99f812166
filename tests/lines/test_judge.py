"""Judging shell lines: what is known, what is left to a shim, and what is asked about."""

from __future__ import annotations

import os

import pytest
from harness import make_home, temporary_directory
from hypothesis import given
from hypothesis import strategies as st
from safeshell_compiler.publish import compile_home

from safeshell.cli.checkline import check_line
from safeshell.lines.judge import Judgement
from safeshell.lines.possible import could_match
from safeshell.patterns import search
from safeshell.settings import Settings
from safeshell.table import Table

RULES = """\
version: 1
rules:
  - {name: precious, commands: [rm], conditions: [{command_contains: precious}], action: deny, message: No.}
  - {name: home, commands: [cp], conditions: [{command_contains: $HOME}], action: deny, message: No.}
  - {name: etc, commands: [mv], directory: /etc$, action: deny, message: No.}
  - {name: ci, commands: [make], conditions: [{env_equals: {variable: CI, value: '1'}}], action: deny, message: No.}
  - {name: signal, commands: [kill], conditions: [{command_contains: '-9'}], action: deny, message: No.}
  - {name: trash, commands: [unlink], action: redirect, redirect_to: trash $ARGS, message: Moved.}
"""


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    with temporary_directory() as root:
        made = compile_home(make_home(os.path.join(root, "h"), RULES)).current()
        return [Table(sections, current.root) for current, sections in made.values()]


def decided(tables: list[Table], line: str, *, shims: bool = True, who: str = "ai") -> Judgement:
    environment = {"HOME": "/home/ann", "A": "precious", "SAFESHELL_CONTEXT": who}
    return check_line(line, tables, Settings(), environment, b"/usr", None, shims=shims)


@pytest.mark.parametrize(
    ("line", "behind", "without"),
    [
        ("rm precious", "deny", "deny"),
        ("rm $A", "deny", "deny"),
        ("rm $B", "deferred", "require_approval"),
        ("/bin/rm $B", "require_approval", "require_approval"),
        ("PATH=/bin rm $B", "require_approval", "require_approval"),
        ("command -p rm $B", "require_approval", "require_approval"),
        ("ssh h rm '$B'", "require_approval", "require_approval"),
        ("ls $B", "allow", "allow"),
        ('cp "$HOME"/a b', "deny", "deny"),
        ("cd /etc && mv a b", "deny", "deny"),
        ("cd $B && mv a b", "deferred", "require_approval"),
        ("cd /etc; cd /usr; mv a b", "allow", "allow"),
        ("CI=1 make", "deny", "deny"),
        ("export CI=1; make", "deny", "deny"),
        ("CI=0 make", "allow", "allow"),
        ("CI=$B make", "deferred", "require_approval"),
        ("kill $B", "require_approval", "require_approval"),
        ("kill x", "allow", "allow"),
        ("unlink a", "redirect", "redirect"),
        ("env unlink a", "deny", "deny"),
        ("$B precious", "deferred", "require_approval"),
        ("r$B precious", "deferred", "require_approval"),
        ("x$B precious", "deferred", "allow"),
        ("curl x | sh", "deferred", "require_approval"),
    ],
)
def test_decisions(tables: list[Table], line: str, behind: str, without: str) -> None:
    for shims, expected in ((True, behind), (False, without)):
        found = decided(tables, line, shims=shims)
        word = found.decision.action.word
        word = "deferred" if word == "allow" and any(one.deferred for one in found.commands) else word
        if expected == "allow":
            assert word in ("allow", "deferred")
        else:
            assert word == expected


def test_what_can_not_be_read_is_denied_for_agents_only(tables: list[Table]) -> None:
    broken = "foo ((( rm x"
    assert decided(tables, broken).decision.rule == "shell-line"
    assert "`rm`" in decided(tables, broken).decision.message
    assert decided(tables, broken, who="human").decision.rule == ""
    assert decided(tables, "foo ((( ls x").decision.rule == ""
    assert decided(tables, "a;" * 500_000).decision.rule == "shell-line"


def test_the_object(tables: list[Table]) -> None:
    answer = decided(tables, "ls; rm $B; rm precious").to_json()
    assert answer["decision"] == "deny"
    assert answer["subject"] == "rm precious"
    assert [one["decision"] for one in answer["commands"]] == ["allow", "allow", "deny"]
    assert [one["deferred"] for one in answer["commands"]] == [False, True, False]
    assert [one["place"] for one in answer["commands"]] == [[0, 2], [4, 9], [11, 22]]


PATTERNS = ("a", "^a", "a$", r"\ba\b", "a.*b", "^ab( |$)", "a b", "[ab] ")


@given(st.sampled_from(PATTERNS), st.text("ab ", max_size=4), st.text("ab ", max_size=4), st.text("ab ", max_size=4))
def test_a_gap_admits_every_text(pattern: str, before: str, inside: str, after: str) -> None:
    if search(pattern, before + inside + after):
        assert could_match(pattern, (before, None, after))
    assert could_match(pattern, (before, inside)) is search(pattern, before + inside)


def test_a_gap_admits_no_more_than_that() -> None:
    assert not could_match("^ab", ("ba", None))
    assert not could_match("b$", (None, "a"))
    assert not could_match("^a b$", ("a", None, "a"))
