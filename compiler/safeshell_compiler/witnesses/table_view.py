"""One of the two tables of a comparison: its rules with the rows and commands that the table keeps apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from safeshell.policy.composition import judge_all
from safeshell.policy.decision import ACTIONS, Action, Decision
from safeshell.policy.evaluator import evaluate
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable
from safeshell_compiler.stages.lower import Atom
from safeshell_compiler.witnesses.scenario_spellings import facts_of, spell
from safeshell_compiler.witnesses.situation import Literals, Situation, holds

Strictness = tuple[Action, bool]
"""The smaller the more restrictive: the action; of an approval, whether the agent's own prompt may give it."""


def strictness_of(action: Action, *, outside: bool) -> Strictness:
    """A decision's or a rule's."""
    return action, action is Action.REQUIRE_APPROVAL and not outside


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as the table holds it.

    Attributes:
        index: its position.
        record: its record (docs/table.md).
        place: `file:line`.
        rows: its rows.
        commands: basenames and globs, sorted; None: any command. Empty for a rule without rows.
    """

    index: int
    record: dict[str, Any]
    place: str
    rows: frozenset[Literals]
    commands: tuple[str, ...] | None

    @property
    def name(self) -> str:
        """The rule's name."""
        return str(self.record["name"])

    @property
    def action(self) -> Action:
        """What it does."""
        return ACTIONS[self.record["action"]]

    @property
    def strength(self) -> Action:
        """The action that it decides by: a rule that only observes restricts nothing."""
        return Action.ALLOW if self.record.get("observe") else self.action

    @property
    def strictness(self) -> Strictness:
        """How much it restricts where it holds."""
        return strictness_of(self.action, outside="approval" in self.record)

    @property
    def dispatched(self) -> list[Literals]:
        """Its rows with the command that leads to them, simplest first: the rule holds where one of them does."""
        keys = [None] if self.commands is None else list(self.commands)
        rows = [row | ({(("command", key), True)} if key is not None else set()) for row in self.rows for key in keys]
        return sorted(rows, key=lambda row: (len(row), sorted(map(repr, row))))


@dataclass(slots=True)
class Side:
    """A table with what a comparison asks of it."""

    table: Table
    rules: list[RuleView] = field(init=False)
    _loaded: LoadedTable = field(init=False)
    _by_source: dict[tuple[str, str], RuleView] = field(init=False)
    _dispatched: dict[int, list[Literals]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._loaded = LoadedTable(self.table)
        self.rules = read_rules(self.table)
        self._by_source = {(rule.name, rule.place): rule for rule in self.rules}

    def decide(self, situation: Situation) -> Decision:
        """The decision about a command in all of its spellings, which must be whole; `matched` complete."""
        return judge_all(
            spell(situation),
            lambda spelling: facts_of(situation, spelling),
            lambda spelling, facts: evaluate([self._loaded], spelling.name, spelling.arguments, facts, full=True),
        ).decision

    def find(self, name: str, source: str) -> RuleView | None:
        """The rule that a decision names; None for the evaluator's own."""
        return self._by_source.get((name, source))

    def reason(self, rule: RuleView, situation: Situation) -> Literals | None:
        """A row of the rule that holds in the situation, its command with it; None where none does."""
        if rule.index not in self._dispatched:
            self._dispatched[rule.index] = rule.dispatched
        rows = self._dispatched[rule.index]
        return next((row for row in rows if all(holds(literal, situation) for literal in row)), None)


def read_rules(table: Table) -> list[RuleView]:
    """The rules of a table, in order."""
    keys: dict[int, list[str | None]] = {}
    dispatch: list[tuple[str | None, int]] = [*table.exact.items(), *table.globs]
    if table.any_unit is not None:
        dispatch.append((None, table.any_unit))
    rows = [table.rows[number] for number in range(len(table.rows))]
    for key, unit in dispatch:
        for rule in sorted({rows[row][0] for row in table.units[unit]["rows"]}):
            keys.setdefault(rule, []).append(key)
    atoms: list[Atom] = [_frozen(table.atoms[number]) for number in range(len(table.atoms))]
    made: dict[int, list[Literals]] = {}
    for rule, required, forbidden in rows:
        literals = [*((atoms[atom], True) for atom in required), *((atoms[atom], False) for atom in forbidden)]
        made.setdefault(rule, []).append(frozenset(literals))
    views = []
    for index in range(len(table.rules)):
        record = table.rules[index]
        names = [key for key in keys.get(index, []) if key is not None]
        commands = None if None in keys.get(index, []) else tuple(sorted(names))
        views.append(RuleView(index, record, table.place(record), frozenset(made.get(index, [])), commands))
    return views


def _frozen(atom: list[Any]) -> Atom:
    return tuple(tuple(argument) if isinstance(argument, list) else argument for argument in atom)
