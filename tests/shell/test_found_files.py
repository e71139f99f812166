"""What find puts in the place of `{}`: below the directory it is a name, elsewhere anything."""

from __future__ import annotations

import pytest
from judged_lines import PACKS, caller, table

from safeshell.policy.table import Table
from safeshell.shell.judge import judge_line
from safeshell.shell.walked import LineCommand, WalkedLine
from safeshell.shell.words import Unknown, Word, plain


@pytest.fixture(scope="module")
def packs() -> list[Table]:
    return table(PACKS)


@pytest.mark.parametrize(
    ("finder", "asks"),
    [
        ("find . -name __pycache__ -prune", False),
        ("find src lib -type d", False),
        ("find /srv -type d", True),
        ("find ../x -type d", True),
        ("find . -name .git", True),
        ("xargs", True),
    ],
)
def test_l13_what_find_finds_is_a_name(
    packs: list[Table], monkeypatch: pytest.MonkeyPatch, finder: str, asks: bool
) -> None:
    mark = Word((Unknown("{}", quoted=True, several=False),))
    outer = tuple(map(plain, finder.split()))
    inner = (plain("rm"), plain("-rf"), mark)
    walked = WalkedLine(
        [
            LineCommand(outer, outer, {}, "/usr", (0, 1), shims=True),
            LineCommand(inner, inner, {}, "/usr", (0, 1), shims=True, parent=0),
        ]
    )
    monkeypatch.setattr("safeshell.shell.judge.commands_of", lambda *_, **__: walked)
    assert (judge_line("", caller(packs)).could_be != "") is asks
