"""Judging a command in all its spellings: each is decided whole, and the most restrictive decides (contract)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from safeshell.command.command_line import command_line
from safeshell.command.unwrap import SPELLINGS_MAX, Spelling
from safeshell.policy.decision import Action, Decision, Matched
from safeshell.policy.facts import Facts

_F = TypeVar("_F", bound=Facts | None)

TOO_DEEP = "nested-too-deep"
"""The rule's name in a decision about a command that is not looked into to its end."""


class Judgement(NamedTuple):
    """What a command's spellings came to.

    Attributes:
        decision: of them all.
        winner: the place of the spelling that decides.
        decisions: of each spelling.
    """

    decision: Decision
    winner: int
    decisions: tuple[Decision, ...]


def judge_all(
    spellings: Sequence[Spelling],
    make_facts: Callable[[Spelling], _F],
    decide: Callable[[Spelling, _F], Decision],
) -> Judgement:
    """Decides a command by all of its spellings.

    Args:
        spellings: the original first.
        make_facts: gives the facts of a spelling; asked once for those that share environment and directory. None
            where `decide` makes its own.
        decide: decides one spelling by its own name, arguments and facts.
    """
    decisions: list[Decision] = []
    facts: _F | None = None
    last: Spelling | None = None
    for spelling in spellings:
        if facts is None or last is None or last[2:5] != spelling[2:5]:
            facts = make_facts(spelling)
        last = spelling
        decision = decide(spelling, facts)
        if decisions and decision.action is Action.REDIRECT:
            decision = _denied(decision, spellings[0])
        decisions.append(decision)
    if last is not None and last.cut:
        decisions.append(_too_deep(spellings[0], decisions[0]))
    return _compose(decisions)


def _compose(decisions: list[Decision]) -> Judgement:
    if len(decisions) == 1:
        return Judgement(decisions[0], 0, (decisions[0],))
    # Where nothing restricts, an allow that carries a name comes before "no rule matched".
    winner = min(range(len(decisions)), key=lambda index: (decisions[index].action, not decisions[index].rule, index))
    executions = {decision.execution for decision in decisions}
    decision = decisions[winner].changed(
        matched=_once(match for decision in decisions for match in decision.matched),
        observed=_once(match for decision in decisions for match in decision.observed),
        timeout_ms=min((decision.timeout_ms for decision in decisions if decision.timeout_ms), default=0),
        execution=next((word for word in ("in_place", "daemon", "auto") if word in executions), ""),
        outside=decisions[winner].action is Action.REQUIRE_APPROVAL and any(one.outside for one in decisions),
    )
    return Judgement(decision, winner, tuple(decisions))


def _once(matches: Iterable[Matched]) -> tuple[Matched, ...]:
    """Each rule once, in order."""
    return tuple({(match.rule, match.source): match for match in matches}.values())


def _denied(decision: Decision, original: Spelling) -> Decision:
    """A redirect of a command inside another: what it would replace is not what runs, so it denies."""
    message = f"{decision.message} (Inside `{original.name}` this can't be replaced: run it by itself.)"
    return decision.changed(action=Action.DENY, message=message, redirect_to=())


def _too_deep(original: Spelling, first: Decision) -> Decision:
    return Decision(
        Action.DENY,
        command_line(original.arguments, original.name),
        rule=TOO_DEEP,
        message=f"more than {SPELLINGS_MAX} commands inside one another; denied to be safe",
        tables=first.tables,
    )
