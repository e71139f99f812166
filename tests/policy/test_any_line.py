"""What a line needs for its rules: lines without it come to one decision, whatever else is in them."""

from __future__ import annotations

from dataclasses import replace

from budget import examples
from hypothesis import assume, event, given
from hypothesis import strategies as st
from oracle import Situation
from policy.test_decision_cache import Counted, load
from strategies import policies, situations

from safeshell.command.command_line import command_line
from safeshell.policy.any_line import LITERALS_MAX, needed_literals
from safeshell.policy.evaluator import evaluate

NOT_OF_THE_LINE = frozenset({"agent", "ai", "directory", "env"})


def needs(text: str, situation: Situation) -> list[str] | None:
    """The literals that a command's lines need, sorted, where that is known."""
    found = needed_literals(load(text), situation.name, Counted(situation), NOT_OF_THE_LINE)
    return None if found is None else sorted(found[0])


@examples(30)
@given(st.lists(policies(), min_size=1, max_size=2), situations(), st.lists(situations(), min_size=1, max_size=4))
def test_lines_without_the_literals_are_decided_alike(
    texts: list[str], first: Situation, others: list[Situation]
) -> None:
    tables = load(*texts)
    found = needed_literals(tables, first.name, Counted(first), NOT_OF_THE_LINE)
    event("known" if found else "not known")
    assume(found is not None)
    literals, asked = found or ((), ())
    assert {key[0] for key in asked} <= NOT_OF_THE_LINE
    decisions = set()
    for other in [first, *others]:
        situation = replace(first, argv=(first.argv[0], *other.argv[1:]))
        line = command_line(situation.arguments, situation.name)
        if line.isascii() and not any(literal in line.lower() for literal in literals):
            made = evaluate(tables, situation.name, situation.arguments, Counted(situation), full=True)
            decisions.add((made.action, made.matched, made.observed, made.timeout_ms, made.execution))
    assert len(decisions) <= 1


RULES = """\
version: 1
rules:
  - name: no-push
    commands: [tool]
    conditions: [{command_matches: '^tool\\s+(push|send)\\b'}, {not: {command_contains: gently}}]
    action: deny
    message: No.
  - name: agents
    commands: [tool]
    context: ai_only
    conditions: [{option: [-f]}]
    action: deny
    message: No.
  - {name: brief, commands: [tool], action: allow, timeout: 1s, message: Be brief.}
"""


def situation(context: str = "human") -> Situation:
    return Situation(("tool",), context=context)


def test_a_row_needs_what_its_patterns_do() -> None:
    assert needs(RULES, situation()) == ["push", "send"]


def test_a_row_that_a_fact_rules_out_is_no_matter_and_another_settles_nothing() -> None:
    assert needs(RULES, situation("ai")) is None
    assert needs(RULES, replace(situation(), argv=("another",))) == []


def test_more_literals_than_are_worth_it() -> None:
    rule = (
        "  - {{name: r{0}, commands: [tool], conditions: [command_contains: word{0}x], action: deny, message: No.}}\n"
    )
    few = "version: 1\nrules:\n" + "".join(map(rule.format, range(LITERALS_MAX)))
    assert len(needs(few, situation()) or ()) == LITERALS_MAX
    assert needs(few + rule.format(LITERALS_MAX), situation()) is None
