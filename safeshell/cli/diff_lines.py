"""Lines about the difference of two sets of rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from safeshell.policy.atoms import fact
from safeshell.policy.decision import Action, Decision
from safeshell.text import printable

if TYPE_CHECKING:
    from safeshell_compiler.diff import Change, Diff, Field
    from safeshell_compiler.witnesses.situation import Situation
    from safeshell_compiler.witnesses.witness import Witness

_ACTIONS = {Action.ALLOW: "green", Action.DENY: "red", Action.REQUIRE_APPROVAL: "yellow", Action.REDIRECT: "cyan"}
_SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
_COLOURS = {"loosened": "red", "tightened": "green", "unknown": "yellow"}
_WITHOUT = {
    "no effect": "no command is decided otherwise",
    "unknown": "no witness found",
    "loosened": "no witness found; counted as loosened because it restricts less by its kind, or may",
}


def lines_of(found: Diff) -> Iterator[str]:
    """Each change, then how many there are."""
    for change in found.changes:
        yield from _block(change)
        yield ""
    yield _summary(found)


def _summary(found: Diff) -> str:
    if not found.changes:
        return "no rule differs"
    kinds = Counter(change.kind.value for change in found.changes)
    verdicts = Counter(change.verdict.value for change in found.changes)
    return "; ".join(", ".join(f"{counts[word]} {word}" for word in counts) for counts in (kinds, verdicts))


def _block(change: Change) -> Iterator[str]:
    sign, colour = _SIGNS[change.kind.value]
    head = click.style(f"{sign} {change.rule.name}", fg=colour, bold=True)
    verdict = click.style(change.verdict.value, fg=_COLOURS.get(change.verdict.value))
    yield f"{head}  {printable(change.rule.place)}  {verdict}"
    if change.kind.value != "changed":
        yield f"    {change.rule.action.word}: {change.rule.record['message']}"
    for field in change.fields:
        yield from _field(field)
    for witness in change.witnesses:
        yield from _witness(witness)
    if not change.witnesses:
        yield f"    {_WITHOUT[change.verdict.value]}"


def _field(field: Field) -> Iterator[str]:
    if field.name != "conditions":
        yield f"    {field.name}: {_value(field.old)} → {_value(field.new)}"
        return
    yield "    conditions:"
    for sign, rows in (("-", field.old), ("+", field.new)):
        yield from (f"      {sign} {row}" for row in rows)


def _value(value: Any) -> str:
    if value is None:
        return "none"
    return printable(" ".join(value) if isinstance(value, list) else str(value))


def _witness(witness: Witness) -> Iterator[str]:
    yield f"    {witness.direction.value}: {click.style(printable(witness.situation.line), bold=True)}"
    facts = list(_facts(witness.situation))
    if facts:
        yield f"      with {', '.join(facts)}"
    old, new = _decision(witness.old), _decision(witness.new)
    if witness.old.action == witness.new.action:
        old, new = (_details(decision) for decision in (witness.old, witness.new))
    yield f"      {old} → {new}"


def _facts(situation: Situation) -> Iterator[str]:
    """Traits of a situation that are not as they would be anyway."""
    if situation.directory != "/":
        yield f"directory {printable(situation.directory)}"
    if situation.branch is not None:
        yield f"branch {printable(situation.branch)}"
    elif situation.in_repo:
        yield "inside a repository"
    if situation.branch is not None and not situation.in_repo:
        yield "outside the work tree"
    yield from (printable(f"{name}={value!r}") for name, value in situation.env)
    yield from (printable(f"file {path}") for path in situation.files)
    if situation.ai:
        yield "context ai"
    yield from (printable(fact(key, value)) for key, value in situation.more)


def _decision(decision: Decision) -> str:
    word = click.style(decision.action.word, fg=_ACTIONS[decision.action])
    return f"{word} ({decision.rule})" if decision.rule else word


def _details(decision: Decision) -> str:
    """The decision with what sets it apart from another of the same action."""
    details = [printable(" ".join(decision.redirect_to)), decision.message]
    details.append(f"timeout {decision.timeout_ms} ms" if decision.timeout_ms else "")
    details.append(f"execution {decision.execution}" if decision.execution else "")
    details.append("approval outside" if decision.outside else "")
    return ", ".join([_decision(decision), *filter(None, details)])
