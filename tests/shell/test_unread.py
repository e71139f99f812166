"""Texts for shells that aren't read: they ask where they name a restricted command, and are never read as another's."""

from __future__ import annotations

import pytest
from judged_lines import caller, table

from safeshell.policy.decision import Action
from safeshell.shell.judge import LineJudgement, judge_line
from safeshell.shell.walked import WalkedLine

RULES = """\
version: 1
rules:
  - {name: root, commands: [rm], conditions: [{operand_matches: ^/$}], action: deny, message: No.}
  - {name: etc, commands: [mv], directory: /etc$, action: require_approval, message: No.}
  - {name: person, commands: [cp], context: human_only, action: deny, message: No.}
  - {name: any, conditions: [{command_contains: zzz}], action: deny, message: No.}
  - {name: fine, commands: [ls], action: allow, message: Yes.}
"""


def unread(monkeypatch: pytest.MonkeyPatch, text: str) -> LineJudgement:
    monkeypatch.setattr("safeshell.shell.judge.commands_of", lambda *_, **__: WalkedLine(unread=[(text, "fish")]))
    return judge_line("fish -c …", caller(table(RULES), shims=True))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("if true; rm x; end", "root"),
        ("set x (/bin/rm -- y)", "root"),
        ("mv a b", "etc"),
        ("ls; cp a b; echo zzz; term; rm2", ""),
        ("", ""),
    ],
)
def test_it_asks_where_it_names_a_restricted_command(monkeypatch: pytest.MonkeyPatch, text: str, rule: str) -> None:
    found = unread(monkeypatch, text)
    assert found.could_be == rule
    assert found.decision.action is (Action.REQUIRE_APPROVAL if rule else Action.ALLOW)
    assert found.decision.rule == ("only-the-run-can-tell" if rule else "")


def test_the_message_names_the_shell_and_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    message = unread(monkeypatch, "rm x").decision.message
    assert message.startswith("This text is for fish, which isn't read here, and `rm` in it could be what rule root (")
    assert message.endswith(") denies. Write it for sh, bash or zsh, or run that command by itself.")
