"""Witnesses: situations that two tables decide differently because of one rule.

A rule can matter only where one of its rows holds, so each row is where a search starts. What a row's situation is
decided by instead says which atoms stand in the way; the search goes on with each of them turned. It ends with a
witness, with the certainty that there is none, or with its budget. A witness has always been decided by both tables,
in all of its spellings.

Where a command is decided otherwise inside another (`sudo rm x`), it is by itself too: the spelling that decides can
stand alone. A redirect is the exception: inside of another command it denies. Such rules are tried there as well, and
those that ask for approval where a redirect was: by itself that is tighter, inside of another command looser.

Facts that can't be read are not part of any situation here.
"""

from __future__ import annotations

import enum
import fnmatch
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from safeshell.command.names import is_glob
from safeshell.policy.decision import Action, Decision
from safeshell_compiler.atoms import KINDS
from safeshell_compiler.stages.lower import Atom
from safeshell_compiler.witnesses.generate import Budget
from safeshell_compiler.witnesses.scenario_spellings import WRAPPERS, is_whole, spell, wrapped
from safeshell_compiler.witnesses.situation import Literal, Literals, Situation, solve
from safeshell_compiler.witnesses.table_view import RuleView, Side, Strictness, strictness_of

STATES = 5_000
"""States of the generators' automata that the search for one rule may look at: a second or two; most need ten."""

SOLVED = 400
"""Situations that the search for one rule may try in one direction."""

MORE_ROWS = 8
"""Rows that are still looked at for a simpler witness once there is one."""


class Direction(enum.Enum):
    """How the new decision compares with the old one."""

    LOOSER = "looser"
    TIGHTER = "tighter"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Witness:
    """A situation that is decided differently."""

    direction: Direction
    situation: Situation
    old: Decision
    new: Decision

    def to_json(self) -> dict[str, Any]:
        """The situation's keys, `direction`, and for `old` and `new` what each decides."""
        decisions = {"old": _decision(self.old), "new": _decision(self.new)}
        return {"direction": self.direction.value, **self.situation.to_json(), **decisions}


@dataclass(frozen=True, slots=True)
class Search:
    """What came of a search.

    Attributes:
        witnesses: the simplest for each direction looked at, a looser one first.
        never_looser: whether there is certainly no looser one.
        never: whether there is certainly none at all.
    """

    witnesses: tuple[Witness, ...]
    never_looser: bool
    never: bool


def effect(decision: Decision) -> tuple[Any, ...]:
    """What of a decision can be told apart from outside."""
    return (
        *(decision.action, decision.redirect_to, decision.message, decision.timeout_ms, decision.execution),
        decision.outside,
    )


def search(old: Side, new: Side, before: RuleView | None, after: RuleView | None) -> Search:
    """Looks for situations that a rule's change decides.

    Args:
        old: the old table.
        new: the new one.
        before: the rule in the old table, None where it was added.
        after: the rule in the new table, None where it was removed.
    """
    budget = Budget(STATES)
    hunter = _Hunter(old, new, budget)
    # What never restricts can neither loosen by its end nor tighten by its beginning.
    found: list[Witness | None] = []
    if before is not None and before.strength is not Action.ALLOW:
        found.append(hunter.hunt(before.dispatched, hunter.looser(before)))
    if after is not None and after.strength is Action.REQUIRE_APPROVAL and not any(found):
        found.append(hunter.hunt(hunter.redirected(after), hunter.inside))
    never_looser = budget.exact and not any(found)
    if after is not None and after.strength is not Action.ALLOW:
        found.append(hunter.hunt(after.dispatched, hunter.tighter(after)))
    for rule in (before, after):
        if rule is not None and not rule.record.get("observe") and not any(found):
            found.append(hunter.hunt(rule.dispatched, hunter.other(before, after)))
    witnesses = tuple(witness for witness in found if witness is not None)
    return Search(witnesses, never_looser, budget.exact and not witnesses)


Outcome = Witness | Literals
"""A witness, or literals that stand in the way of one as long as all of them hold."""


@dataclass(slots=True)
class _Hunter:
    old: Side
    new: Side
    budget: Budget

    def hunt(self, rows: Iterable[Literals], judge: Callable[[Situation], Outcome]) -> Witness | None:
        """The simplest witness from rows."""
        best: Witness | None = None
        left = MORE_ROWS
        tries = iter(range(SOLVED))
        for row in rows:
            if best is not None:
                if not left:
                    break
                left -= 1
            found = self._refine(row, judge, tries)
            if found is not None and (best is None or found.situation.simplicity < best.situation.simplicity):
                best = found
        return best

    def _refine(self, row: Literals, judge: Callable[[Situation], Outcome], tries: Iterator[int]) -> Witness | None:
        waiting = deque([row])
        seen = {row}
        while waiting:
            literals = waiting.popleft()
            if next(tries, None) is None:
                self.budget.exact = False
                return None
            situation = solve(literals, self.budget)
            if situation is None:
                if literals == row and any(_may_be_undecided(atom) for atom, _ in row):
                    self.budget.exact = False  # it may still count where a fact is undecided
                continue
            if not is_whole(spell(situation)):
                self.budget.exact = False
                continue
            outcome = judge(situation)
            if isinstance(outcome, Witness):
                return outcome
            for atom, wanted in sorted(outcome - literals, key=_turning_cost):
                turned = literals | {(atom, not wanted)}
                if turned not in seen:
                    seen.add(turned)
                    waiting.append(turned)
        return None

    def looser(self, before: RuleView) -> Callable[[Situation], Outcome]:
        """Judges whether the new table restricts less than this rule of the old one."""
        return lambda situation: self._compare_all(situation, before.strictness, Direction.LOOSER)

    def tighter(self, after: RuleView) -> Callable[[Situation], Outcome]:
        """Judges whether the old table restricts less than this rule of the new one."""
        return lambda situation: self._compare_all(situation, after.strictness, Direction.TIGHTER)

    def redirected(self, after: RuleView) -> Iterator[Literals]:
        """Where a rule of the new table holds and the old one had a redirect."""
        redirects = [rule for rule in self.old.rules if rule.strength is Action.REDIRECT]
        others = [row for rule in redirects for row in rule.dispatched]
        return (row | other for row in after.dispatched for other in others if _may_meet(row, other))

    def inside(self, situation: Situation) -> Outcome:
        """Judges whether the new table restricts the command less inside of another."""
        reasons: Literals = frozenset()
        for wrapper in WRAPPERS:
            whole = wrapped(situation, wrapper)
            old, new = self.old.decide(whole), self.new.decide(whole)
            if old.action < new.action:
                return Witness(Direction.LOOSER, whole, old, new)
            if old.action is not Action.DENY:
                reasons |= self._reason(self.old, old.rule, old.source, situation)
            reasons |= self._reason(self.new, new.rule, new.source, situation)
        return reasons

    def _compare_all(self, situation: Situation, strictness: Strictness, direction: Direction) -> Outcome:
        """Compares the command by itself; what a redirect would replace, inside of others too."""
        outcome = self._compare(situation, strictness, direction)
        if strictness[0] is not Action.REDIRECT:
            return outcome
        for wrapper in WRAPPERS:
            if isinstance(outcome, Witness):
                break
            inside = self._compare(wrapped(situation, wrapper), (Action.DENY, False), direction, reasons=situation)
            outcome = inside if isinstance(inside, Witness) else outcome | inside
        return outcome

    def _compare(
        self, situation: Situation, strictness: Strictness, direction: Direction, reasons: Situation | None = None
    ) -> Outcome:
        """Compares what the tables decide.

        Args:
            situation: what is decided.
            strictness: the rule's there.
            direction: the witness that is wanted.
            reasons: where the rules hold that stand in the way, if not there.
        """
        old, new = self.old.decide(situation), self.new.decide(situation)
        ruled, other, side = (old, new, self.new) if direction is Direction.LOOSER else (new, old, self.old)
        if strictness_of(ruled.action, outside=ruled.outside) > strictness:
            self.budget.exact = False
            return frozenset()
        found = strictness_of(other.action, outside=other.outside)
        if strictness_of(ruled.action, outside=ruled.outside) < found > strictness:
            return Witness(direction, situation, old, new)
        why = self._reason(side, other.rule, other.source, reasons or situation)
        for match in other.matched if other.outside else ():  # another than the one that decides may say so
            rule = side.find(match.rule, match.source)
            if rule is not None and "approval" in rule.record:
                why |= self._reason(side, match.rule, match.source, reasons or situation)
        return why

    def other(self, before: RuleView | None, after: RuleView | None) -> Callable[[Situation], Outcome]:
        """Judges whether the rule's message, timeout or placement is what differs."""

        def judge(situation: Situation) -> Outcome:
            old, new = self.old.decide(situation), self.new.decide(situation)
            if effect(old) != effect(new) and (_shaped(old, new, before) or _shaped(new, old, after)):
                direction = Direction.OTHER
                if old.action != new.action:
                    direction = Direction.LOOSER if new.action > old.action else Direction.TIGHTER
                return Witness(direction, situation, old, new)
            return self._reasons(self.old, old, before, situation) | self._reasons(self.new, new, after, situation)

        return judge

    def _reasons(self, side: Side, decision: Decision, rule: RuleView | None, situation: Situation) -> Literals:
        """Why a decision is what it is: the rows of all rules that decide something of it."""
        reasons: Literals = frozenset()
        for match in decision.matched:
            found = side.find(match.rule, match.source)
            if found is None or (rule is not None and found.index == rule.index):
                continue
            wins = (match.rule, match.source) == (decision.rule, decision.source)
            shapes = "execution" in found.record or "approval" in found.record
            if wins or shapes or found.record.get("timeout_ms") == (decision.timeout_ms or None):
                reasons |= self._reason(side, match.rule, match.source, situation)
        if rule is not None:
            reasons |= side.reason(rule, situation) or frozenset()
        return reasons

    def _reason(self, side: Side, name: str, source: str, situation: Situation) -> Literals:
        rule = side.find(name, source)
        reason = None if rule is None else side.reason(rule, situation)
        if reason is None:
            self.budget.exact = False
            return frozenset()
        return reason


def _may_meet(row: Literals, other: Literals) -> bool:
    """Whether a command's name can be what both rows ask for."""
    for key, glob in itertools.product(*(_names(one) for one in (row, other))):
        if is_glob(key) and is_glob(glob):
            continue
        if key != glob and not fnmatch.fnmatchcase(key, glob) and not fnmatch.fnmatchcase(glob, key):
            return False
    return True


def _names(row: Literals) -> list[str]:
    return [atom[1] for atom, wanted in row if wanted and atom[0] == "command"]


def _shaped(decision: Decision, other: Decision, rule: RuleView | None) -> bool:
    """Whether a rule decides something of the decision that differs from the other."""
    if rule is None or not any(match.source == rule.place and match.rule == rule.name for match in decision.matched):
        return False
    return (
        (decision.rule == rule.name and decision.source == rule.place)
        or (decision.timeout_ms != other.timeout_ms and rule.record.get("timeout_ms") == decision.timeout_ms)
        or (decision.execution != other.execution and rule.record.get("execution") == decision.execution)
        or (decision.outside and not other.outside and "approval" in rule.record)
    )


def _may_be_undecided(atom: Atom) -> bool:
    """Whether an atom's fact may be: a restricting row of such atoms counts even where it can't hold."""
    return atom[0] != "command" and not KINDS[atom[0]].readable


_COMMAND_TURNING = 100
"""The place of the command's name in the order of `ConditionKind.turning`."""


def _turning_cost(literal: Literal) -> tuple[int, str]:
    kind = literal[0][0]
    return (_COMMAND_TURNING if kind == "command" else KINDS[kind].turning, repr(literal))


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "decision": decision.action.word,
        "rule": decision.rule or None,
        "source": decision.source or None,
        "message": decision.message or None,
        "timeout_ms": decision.timeout_ms or None,
        "execution": decision.execution or None,
        "approval": decision.approval,
        "redirect_to": list(decision.redirect_to) or None,
    }
