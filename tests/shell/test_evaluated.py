"""Texts that a shell expands once more where it evaluates them: what quotes hide there runs all the same."""

from __future__ import annotations

import pytest

from safeshell.shell.syntax.tree import Dialect
from safeshell.shell.walk import commands_of

BASH, ZSH, SH = (Dialect.BASH,), (Dialect.ZSH,), (Dialect.SH,)
BOTH = (*BASH, *ZSH)
ALL = (*BOTH, *SH)


def runs(text: str, dialect: Dialect) -> list[list[str | None]]:
    found = commands_of(text, environment={}, directory="/tmp", dialect=dialect).commands
    return [[word.literal for word in command.words] for command in found]


@pytest.mark.parametrize(
    ("line", "dialects"),
    [
        ("x['$(rm y)']=1", BOTH),
        ("x['`rm y`']+=1", BOTH),
        ("x[a\"b\"'$(rm y)']=1", BOTH),
        ("x[$'\\x24(rm y)']=1", BASH),
        ("x=(['$(rm y)']=1)", BASH),
        ("x[${z:-'$(rm y)'}]=1", BOTH),
        (": ${x['$(rm y)']}", BOTH),
        (": ${!x['$(rm y)']}", BASH),
        (": ${x:'$(rm y)'}", ZSH),
        (": ${x[0]:'$(rm y)'}", ZSH),
        (": $(('$(rm y)'))", ALL),
        (": $((1+$'a\\'b'$(rm y)))", BOTH),
        (": $(($'\\x24(rm y)'))", BASH),
        (": $[1+$'a\\'b'$(rm y)]", BOTH),
        (": \"${x:-$'\\x24(rm y)'}\"", BASH),
        ("(( $'$(rm y)' ))", BOTH),
        ("for (($'$(rm y)'; 0; )); do :; done", BOTH),
        (": $(( a 'it'\\''s' $(rm y) ))", SH),
        (': $(( " $(rm y) ))', (*SH, *ZSH)),
        ("z='x[$(rm \"y\")]'; : $((z))", BOTH),
        ('z=\'x[$(rm "$(echo "y")")]\'; : $((z))', BOTH),
        ('x["$(rm <<E y)"\nE\n]=1', BASH),
        (": $((1+$(rm <<E y)\nE\n+1))", BASH),
    ],
)
def test_what_is_evaluated_runs(line: str, dialects: tuple[Dialect, ...]) -> None:
    for dialect in dialects:
        assert ["rm", "y"] in runs(line, dialect), dialect


@pytest.mark.parametrize(
    "line",
    [
        ": ${x[0]:-'$(rm y)'}",
        ": ${x:-'$(rm y)'} ${x#'$(rm y)'}",
        ': "${x:-\\$(rm y)}"',
        "x='$(rm y)'",
        "x=('$(rm y)' [0]='$(rm y)')",
        ": '${x[$(rm y)]}'",
    ],
)
def test_other_quoted_text_does_not(line: str) -> None:
    for dialect in BOTH:
        assert ["rm", "y"] not in runs(line, dialect), dialect


def test_it_stands_where_its_word_does() -> None:
    found = commands_of(": a; x['$(rm y)']=1", environment={}, directory="/tmp").commands
    assert [command.place for command in found if command.words[0].literal == "rm"] == [(5, 19)]
