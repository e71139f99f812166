"""Commands of a line that only show, some of whose words only the run can tell."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import replace

import pytest
from budget import examples
from harness import make_home, temporary_directory
from hypothesis import given
from hypothesis import strategies as st
from policy.test_decision_cache import load
from safeshell_compiler.publish import compile_home
from strategies import showing_policies, showing_words

from safeshell.cli.checkline import caller_of
from safeshell.command.command_line import block
from safeshell.home.settings import Settings
from safeshell.policy.decision import Action
from safeshell.policy.evaluator import evaluate
from safeshell.policy.facts import Fact, FactKey, GivenFacts
from safeshell.policy.table import Table
from safeshell.shell.judge import judge_line

RULES = """\
version: 1
rules:
  - {name: push, commands: [git], conditions: [{command_startswith: git push}], action: deny, message: No.}
  - {name: rm, commands: [rm], conditions: [{option: [-f]}], action: deny, message: No.}
  - {name: help, commands: [mv], conditions: [{command_contains: --help}], action: deny, message: No.}
  - {name: shell, commands: [tool, kubectl], action: deny, message: No.}
"""


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    with temporary_directory() as root:
        current, sections = compile_home(make_home(os.path.join(root, "h"), RULES)).current()
        return [Table(sections, current.root)]


def action(tables: Sequence[Table], line: str) -> str:
    """What a line comes to where no shim will look."""
    environment = {"HOME": "/home/ann", "SAFESHELL_CONTEXT": "ai"}
    return judge_line(line, caller_of(tables, Settings(), environment, b"/usr", None, shims=False)).decision.action.word


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("git push --help", "allow"),
        ('git push --help "$X"', "allow"),
        ("git push --help $X", "allow"),
        ("git push --help $OPTIONS", "allow"),  # options too, whatever they are
        ("git push $OPTIONS --help", "require_approval"),
        ("rm --help $FLAGS x", "allow"),
        ("git push --dry-run --mirror", "allow"),
        ("git push --dry-run $X", "require_approval"),  # it may be --no-dry-run
        ("git push $X --dry-run", "require_approval"),  # it may be --
        ("git push $X --help", "require_approval"),
        ("git $X --help push", "require_approval"),
        ("git help $X", "allow"),
        ("git --help $X", "allow"),
        ("sudo git push --help", "allow"),
        ("sudo git push", "deny"),
        ("rm -f --help $X", "allow"),
        ("POSIXLY_CORRECT=1 rm -f x --help", "deny"),
        ("POSIXLY_CORRECT=$X rm -f x --help", "deny"),
        ("rm -f x --help; rm -f x", "deny"),
        ("mv --help $X", "deny"),
        ("mv $X --help", "deny"),
        ("tool --help", "allow"),
        ("tool --help $X", "deny"),
        ("bash -n -c 'git push'", "allow"),
        ("bash -n +n -c 'git push'", "deny"),
        ("bash -c 'git push' -n", "deny"),
        ("kubectl delete pod x --dry-run=client", "allow"),
        ("kubectl delete pod $X --dry-run=client", "require_approval"),
        ("kubectl delete pod x --dry-run=$X", "deny"),
    ],
)
def test_l15_what_is_known_of_a_line_that_only_shows(tables: list[Table], line: str, expected: str) -> None:
    assert action(tables, line) == expected


@examples(100)
@given(
    showing_policies(("git", "rm", "tool", "*")),
    st.sampled_from(["git", "rm", "tool"]),
    showing_words(),
    showing_words(),
    showing_words(),
)
def test_l15_what_an_unknown_word_may_turn_into_a_deed_is_asked_about(
    text: str, name: str, before: list[str], meant: list[str], behind: list[str]
) -> None:
    loaded = load(text)
    words = [name, *before, *meant, *behind]
    known: dict[FactKey, Fact] = {("branch",): "main", ("in_repo",): True, ("directory",): "/usr"}
    final = evaluate(loaded, name, block([word.encode() for word in words]), GivenFacts(known))
    if final.action is Action.ALLOW or any(word.startswith("-") for word in meant):
        return  # an unknown word is taken for no option
    for unknown in ("$X", '"$X"') if len(meant) == 1 else ("$X",):
        line = " ".join([name, *map(shlex.quote, before), unknown, *map(shlex.quote, behind)])
        environment = {"HOME": "/home/ann"}
        caller = caller_of([one.table for one in loaded], Settings(), environment, b"/usr", None, shims=False)
        assert judge_line(line, replace(caller, stated=known)).decision.action is not Action.ALLOW
