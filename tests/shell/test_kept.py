"""Kept answers: the next line gets the same, and nothing that hangs on more than its text."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest
from judged_lines import caller, table

from safeshell.policy.evaluator import evaluate
from safeshell.policy.table import Table
from safeshell.shell import kept
from safeshell.shell.judge import judge_line
from safeshell.shell.kept import Kept
from safeshell.shell.syntax.tree import Script

RULES = """\
version: 1
rules:
  - {name: word, commands: [rm], conditions: [{command_contains: precious}], action: deny, message: No.}
  - {name: ci, commands: [make], conditions: [{env_equals: {variable: CI, value: '1'}}], action: deny, message: No.}
  - {name: here, commands: [mv], directory: /usr$, action: deny, message: No.}
"""


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    return table(RULES)


def rule(tables: list[Table], line: str, directory: str = "/usr", who: str = "ai", **environment: str) -> str:
    asking = caller(tables, who=who)
    asking = replace(asking, environment={**asking.environment, **environment}, directory=directory)
    return judge_line(line, asking).decision.rule


def test_what_hangs_on_the_text_alone_is_decided_once(tables: list[Table], monkeypatch: pytest.MonkeyPatch) -> None:
    assert rule(tables, "rm precious kept; rm k$B") == "word"

    def again(*given: object, **more: object) -> object:
        raise AssertionError((given, more))

    monkeypatch.setattr("safeshell.shell.judge_command.evaluate", again)
    assert rule(tables, "rm precious kept", A="other") == "word"
    monkeypatch.setattr("safeshell.shell.judge_command.evaluate", evaluate)
    monkeypatch.setattr("safeshell.shell.undecided.evaluate", again)
    with pytest.raises(AssertionError):  # it could be restricted, so it is asked each time
        rule(tables, "rm k$B")


@pytest.mark.parametrize("word", ["all", "all$B"])
def test_what_hangs_on_facts_is_read_again(tables: list[Table], word: str) -> None:
    for _ in range(2):
        assert rule(tables, f"make {word}") == ""
        assert rule(tables, f"make {word}", CI="1") in ("ci", "only-the-run-can-tell")
        assert rule(tables, f"mv {word} x") in ("here", "only-the-run-can-tell")
        assert rule(tables, f"mv {word} x", "/") == ""


@pytest.mark.parametrize("word", ["all", "all$B"])
def test_an_agents_answer_is_not_a_persons(word: str) -> None:
    tables = table(f"{RULES}  - {{name: ai, commands: [cp], context: ai_only, action: deny, message: No.}}\n")
    for _ in range(2):
        assert rule(tables, f"cp {word} x") in ("ai", "only-the-run-can-tell")
        assert rule(tables, f"cp {word} x", who="human") == ""


def test_what_a_file_holds_is_looked_at_again(tables: list[Table]) -> None:
    for text, name in (("rm precious", "word"), ("ls", ""), ("rm precious", "word")):
        assert rule(tables, f"bash <(echo {text})") == name


def test_no_tree_of_a_line_is_kept(tables: list[Table]) -> None:
    def trees() -> int:
        return sum([isinstance(one, Script) for one in gc.get_objects()])

    before = trees()
    rule(tables, 'git diff "$A" | head -$N; mv "$(ls)" b; sudo "$C" <(cat d); for f in *; do xargs make "$f"; done')
    assert trees() == before


def test_other_rules_decide_for_themselves(tables: list[Table]) -> None:
    others = table(RULES.replace("precious", "other"))
    for _ in range(2):
        assert rule(tables, "rm precious") == "word"
        assert rule(others, "rm precious") == ""


def test_not_more_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT_MAX", 2)
    answers: Kept[int] = Kept()
    for number in range(3):
        answers.keep((number,), number)
    assert [answers.get((number,)) for number in range(3)] == [None, 1, 2]
