"""Why a command is decided as it is: an evaluation's trace in the words of the rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from safeshell.command.command_line import unblock
from safeshell.policy.atoms import condition
from safeshell.policy.atoms import fact as fact_in_words
from safeshell.policy.decision import Decision
from safeshell.policy.decision_cache import ARGUMENTS_MAX
from safeshell.policy.facts import FactKey
from safeshell.policy.trace import Consulted, Trace, Truth
from safeshell.policy.units import Row, Unit
from safeshell.text import columns, text

CLOSED_SHOWN = 20
"""Rows closed by the command line that a text lists; a table can have thousands for one command."""

_WORDS = {True: "yes", False: "no", None: "undecided"}
_UNSEEN = "not looked at"


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What the command's name led to in one table.

    Attributes:
        by: `exact`, `glob` or `any`.
        key: the name or the glob; "" for `any`.
        table: the table's digest.
        rows: how many rows stand there.
        open: how many of them the command line left open.
    """

    by: str
    key: str
    table: str
    rows: int
    open: int


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a row.

    Attributes:
        condition: as rules write it.
        fact: what it looked at, with its value; "" where it was not looked at.
        holds: `yes`, `no`, `undecided` or `not looked at`.
    """

    condition: str
    fact: str
    holds: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that the command's name led to.

    Attributes:
        rule: its rule's name.
        action: its rule's action.
        source: `file:line` of the rule.
        outcome: `decides`, `matched`, `observed`, `shows` (it holds, but the command only shows), `lost` (it was open
            and does not hold), `closed` (by the command line alone) or `not looked at`.
        why: what made it so.
        conditions: in the order in which the evaluator looks at them.
    """

    rule: str
    action: str
    source: str
    outcome: str
    why: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision's reasons.

    Attributes:
        subject: the command line that was judged.
        dispatch: in the order of the lookup.
        candidates: in the order in which they decide.
        facts: those that were read, in order, in words.
        cache_key: what the daemon remembers the decision by, None where it does not.
    """

    subject: str
    dispatch: tuple[Dispatched, ...]
    candidates: tuple[Candidate, ...]
    facts: tuple[str, ...]
    cache_key: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """As the `explain` key of `check --json`."""
        return asdict(self)


def explain(
    trace: Trace,
    decision: Decision,
    name: str,
    *,
    key: dict[str, Any] | None = None,
    only: tuple[str, str] | None = None,
) -> Explanation:
    """Words for what an evaluation looked at.

    Args:
        trace: the evaluation's judge.
        decision: what came of it.
        name: the basename of the file executed.
        key: the cache key (`cache_key`).
        only: the name and the source of the one rule whose rows and facts are asked for; None for all.
    """
    reader = _Reader(trace, decision, only)
    candidates = tuple(reader.candidates())
    return Explanation(
        decision.subject,
        tuple(_dispatched(consulted, name) for consulted in trace.consulted),
        candidates,
        tuple(fact_in_words(fact, value) for fact, value in trace.reads.items() if only is None or fact in reader.used),
        key,
    )


def cache_key(decision: Decision, name: str, arguments: bytes) -> dict[str, Any] | None:
    """What `safeshell.policy.decision_cache` keys a decision by: the command and the facts that it needed, in order.

    Args:
        decision: of an evaluation that was not asked for every rule, as the daemon's are not.
        name: the basename of the file executed.
        arguments: argv as a block.
    """
    if len(arguments) > ARGUMENTS_MAX or decision.rule == "engine-failure":
        return None
    return {
        "name": name,
        "arguments": [text(argument) for argument in unblock(arguments)],
        "facts": [fact_in_words(key, value) for key, value in decision.facts],
    }


def _dispatched(consulted: Consulted, name: str) -> Dispatched:
    unit = consulted.unit
    table = unit.table
    by, key = "any", ""
    if table.exact.get(name) == unit.number:
        by, key = "exact", name
    for glob, number in table.globs:
        if number == unit.number:
            by, key = "glob", glob
    return Dispatched(by, key, table.digest, len(unit.rows()), len(consulted.opened))


class _Reader:
    """Reads the fate of each row from a trace."""

    def __init__(self, trace: Trace, decision: Decision, only: tuple[str, str] | None) -> None:
        self._trace = trace
        self._decision = decision
        self._only = only
        self.used: set[FactKey] = set()
        self._decided = False  # two layers may hold the same rule, by the same include: the first decides

    def candidates(self) -> Iterator[Candidate]:
        """All rows in the order of the evaluation, those among them that the command line closes."""
        tables: dict[int, int] = {}
        rows = []
        for index, consulted in enumerate(self._trace.consulted):
            position = tables.setdefault(id(consulted.unit.table), len(tables))
            for row in consulted.unit.rows():
                if self._only not in (None, (row.rule.name, row.rule.source)):
                    continue
                action, order, number = row.rank
                rows.append(((action, position, order, number, index), consulted, row))
        rows.sort(key=lambda entry: entry[0])
        for _, consulted, row in rows:
            outcome, why = self._fate(consulted, row)
            self._decided = self._decided or outcome == "decides"
            rule = row.rule
            literals = tuple(self._conditions(consulted, row))
            yield Candidate(rule.name, rule.action.word, rule.source, outcome, why, literals)

    def _fate(self, consulted: Consulted, row: Row) -> tuple[str, str]:
        trace = self._trace
        if row not in consulted.opened:
            wrong = min((row.line_required - consulted.found) | (row.line_forbidden & consulted.found))
            wanted = wrong in row.line_required
            return "closed", f"fails: {condition(consulted.unit.atoms[wrong], wanted=wanted)}"
        held = trace.held.get(id(row))
        if held is None:
            return _UNSEEN, self._why_unseen(row)
        truths = trace.truths[id(row)]
        unsure = None in truths.values()
        if not held:
            return "lost", self._why_lost(consulted.unit, row, truths)
        if id(row) in trace.shown:
            return "shows", f"only shows ({trace.shown[id(row)]}): rules about deeds don't count"
        outcome, why = self._why_matched(row)
        return outcome, why + ("; undecided, and what restricts then counts" if unsure else "")

    def _why_matched(self, row: Row) -> tuple[str, str]:
        decision, rule = self._decision, row.rule
        if rule.observe:
            return "observed", "it only observes"
        if (rule.name, rule.source) == (decision.rule, decision.source) and not self._decided:
            count = len(decision.matched)
            return "decides", "the only rule that matched" if count == 1 else f"first of {count} rules that matched"
        if rule.action is decision.action:
            return "matched", f"{decision.rule} comes first"
        return "matched", f"{decision.rule} is more restrictive"

    def _why_unseen(self, row: Row) -> str:
        decision, rule = self._decision, row.rule
        if decision.rule == "engine-failure":
            return "an automaton failed first"
        if any(
            (found.rule, found.source) == (rule.name, rule.source) for found in decision.matched + decision.observed
        ):
            return "its rule had matched already"
        return "a deny was certain"

    def _why_lost(self, unit: Unit, row: Row, truths: dict[int, Truth]) -> str:
        for _, atom, wanted in row.others:
            if atom in truths and truths[atom] is (not wanted):
                return f"fails: {condition(unit.atoms[atom], wanted=wanted)}"
        return "undecided, and an allow has to be certain"

    def _conditions(self, consulted: Consulted, row: Row) -> Iterator[Condition]:
        atoms = consulted.unit.atoms
        for wanted, members in ((True, row.line_required), (False, row.line_forbidden)):
            for atom in sorted(members):
                holds = _WORDS[(atom in consulted.found) is wanted]
                yield Condition(condition(atoms[atom], wanted=wanted), "command line", holds)
        truths = self._trace.truths.get(id(row), {})
        for _, atom, wanted in row.others:
            written = condition(atoms[atom], wanted=wanted)
            if atom not in truths:
                yield Condition(written, "", _UNSEEN)
                continue
            truth = truths[atom]
            key = self._trace.basis.get((id(row), atom))
            fact = "arguments"
            if key is not None:
                self.used.add(key)
                fact = fact_in_words(key, self._trace.reads[key])
            yield Condition(written, fact, _WORDS[None if truth is None else truth is wanted])


def render(explanation: Explanation) -> str:
    """The explanation as text: what was looked up, what was read, then each candidate with its conditions."""
    parts = [columns(_summary(explanation))]
    parts += [candidate_text(candidate) for candidate in explanation.candidates if candidate.outcome != "closed"]
    closed = [candidate for candidate in explanation.candidates if candidate.outcome == "closed"]
    parts.append(columns([_head(candidate) for candidate in closed[:CLOSED_SHOWN]]))
    if len(closed) > CLOSED_SHOWN:
        parts.append(f"… and {len(closed) - CLOSED_SHOWN} more that the command line closes; --json lists them\n")
    return "\n".join(part for part in parts if part)


def candidate_text(candidate: Candidate) -> str:
    """A candidate and its conditions, a line each."""
    rows = [(found.holds, found.condition, found.fact) for found in candidate.conditions]
    lines = columns(rows or [("yes", "no conditions", "")]).splitlines()
    return columns([_head(candidate)]) + "".join(f"    {line}\n" for line in lines)


def _summary(explanation: Explanation) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [("subject", explanation.subject)]
    label = "dispatch"
    for unit in explanation.dispatch:
        key = "any command" if unit.by == "any" else f"{unit.by} {unit.key}"
        rows.append((label, f"{key}: {unit.open} of {unit.rows} rows left open by the command line"))
        label = ""
    if not explanation.dispatch:
        rows.append((label, "no rule is about this command"))
    rows.append(("facts", ", ".join(explanation.facts) or "none needed but the command line"))
    key_text = "none: this decision is not remembered"
    if explanation.cache_key is not None:
        key_text = ", ".join([repr(explanation.cache_key["arguments"]), *explanation.cache_key["facts"]])
        key_text = f"{explanation.cache_key['name']} {key_text}"
    rows.append(("cache key", key_text))
    return rows


def _head(candidate: Candidate) -> Sequence[str]:
    return (candidate.outcome, candidate.action, candidate.rule, candidate.source, candidate.why)
