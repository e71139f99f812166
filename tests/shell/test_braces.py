"""Braces where a command's word begins: the commands that are found are the ones that bash runs."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safeshell.shell.syntax.tree import Dialect
from safeshell.shell.walk import commands_of
from safeshell.shell.walked import WalkedLine

RECORDER = """command_not_found_handle() { printf '%s\\0' "$@" $'\\n'; }; PATH=/nonexistent; """
"""No command is found, so bash hands the words of each to this function, and nothing ever runs."""


def found(line: str) -> WalkedLine:
    return commands_of(line, environment={}, directory="/tmp")


def argvs(line: str) -> list[list[str | None]]:
    return [[word.literal for word in command.words] for command in found(line).commands if not command.guess]


def run_by_bash(line: str) -> list[list[str]]:
    done = subprocess.run(["/bin/bash", "-c", RECORDER + line], capture_output=True, text=True, timeout=20, check=False)
    return [record.split("\0")[:-1] for record in done.stdout.split("\n\0")[:-1]]


@pytest.mark.parametrize(
    "line",
    [
        "{zz,-rf,/}",
        "{zz,-rf} /",
        "{z,}z -rf /",
        "{,zz} -rf /",
        "{,}zz -rf {,}",
        "{zz,'-rf',\"/\"}",
        "{$'zz',-rf}",
        "{zz,{-r,-f},/}",
        "X=1 {zz,-rf,/}",
        "aa; {zz,-rf,/} x; bb",
        "({zz,-rf,/})",
        "{ {zz,-rf,/}; {yy,x}; }",
        "if {zz,-r}; then {yy,x}; fi",
        "ff() { {zz,x}; }",
        "{zz,-rf,/}\n}",
        "{\\\nzz,-rf,/}",
        "{aa,b}& wait; {cc,d}",
        "{1..3} a",
        "{zz} a",
        "{zz,-rf,/}>/dev/stdout",
        "{fd}>/dev/null zz -rf /",
        "{zz, -rf,/}",
    ],
)
def test_bash_runs_the_same(line: str) -> None:
    expected = run_by_bash(line)
    runs = [argv for argv in argvs(line) if argv[0] not in ("wait", "}")]
    if line.startswith("ff"):  # what a function would run is judged where it is defined, too
        assert runs == [["zz", "x"]]
    else:
        assert expected
        assert runs == expected


def test_a_group_stays_a_group() -> None:
    assert argvs("{ zz a,b; }; { yy; }") == [["zz", "a,b"], ["yy"]]


def test_what_only_zsh_takes_for_a_group() -> None:
    assert argvs("{zz -rf /}") == [["{zz", "-rf", "/}"]]
    line = commands_of("{zz -rf /}", environment={}, directory="/tmp", dialect=Dialect.ZSH)
    assert [command.words[0].literal for command in line.commands][:1] == ["zz"]


def test_an_expansion_in_the_braces_is_the_runs() -> None:
    assert argvs("{$(aa),-rf,/}") == [["aa"], [None, "-rf", "/"]]


TEXTS = st.text("ab,{}/_", max_size=7)


@given(st.builds("{{{}}}{}".format, st.lists(TEXTS, min_size=2, max_size=4).map(",".join), TEXTS))
@settings(max_examples=150, deadline=None)
def test_bash_runs_the_same_of_any_braces(word: str) -> None:
    line = f"{word} xx"
    expected = [argv for argv in run_by_bash(line) if "/" not in argv[0]]  # a path is never looked up
    if expected:
        assert expected == argvs(line)
