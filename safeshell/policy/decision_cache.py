"""Decisions remembered, keyed by exactly the facts that they needed.

The evaluator is deterministic: which fact it reads next depends only on the command and on the facts read before. So
the reads of one evaluation are a path in a tree, and walking that tree for a later command asks for the same facts,
in the same order, and no others. Two situations that differ in a needed fact part where it is read; one that differs in
an unneeded fact takes the same path. (Self-adjusting computation's memoised traces: Acar, 2005.)
"""

from __future__ import annotations

from collections.abc import Sequence

from safeshell.policy.decision import Decision
from safeshell.policy.evaluator import evaluate
from safeshell.policy.facts import Fact, FactKey, Facts
from safeshell.policy.units import LoadedTable

NODES_MAX = 16384
"""Nodes kept before the cache begins anew; one is about 300 bytes."""

ARGUMENTS_MAX = 4096
"""Bytes of arguments that are worth a key; longer commands are rarely repeated."""


_PROJECT = b'"@project"'
"""The place as an atom's record has it. In a pattern it would be escaped; in a text it costs a look that is in vain."""


class _Branch:
    __slots__ = ("fact", "next")

    def __init__(self, fact: FactKey) -> None:
        self.fact = fact
        self.next: dict[Fact, _Branch | Decision] = {}


class Policy:
    """The tables in force for a place, and the decisions they have given.

    Attributes:
        tables: in order of precedence.
        hits, misses: lookups since the policy was put in force.
        asks_project: whether a rule asks for `@project`.
    """

    __slots__ = ("_nodes", "_roots", "asks_project", "hits", "misses", "tables")

    def __init__(self, tables: Sequence[LoadedTable]) -> None:
        self.tables = tuple(tables)
        self.asks_project = any(_PROJECT in bytes(loaded.table.sections["atoms"]) for loaded in self.tables)
        self.hits = 0
        self.misses = 0
        self._roots: dict[tuple[str, bytes], _Branch | Decision] = {}
        self._nodes = 0

    def decide(self, name: str, arguments: bytes, facts: Facts) -> Decision:
        """As `evaluate`, from memory where the command and every fact it needs have been seen together."""
        node = self._roots.get((name, arguments))
        while node is not None:
            if type(node) is Decision:
                self.hits += 1
                return node
            assert isinstance(node, _Branch)
            node = node.next.get(facts.read(node.fact))
        self.misses += 1
        decision = evaluate(self.tables, name, arguments, facts)
        if len(arguments) <= ARGUMENTS_MAX:
            self._remember((name, arguments), decision)
        return decision

    def _remember(self, key: tuple[str, bytes], decision: Decision) -> None:
        if self._nodes >= NODES_MAX:
            self._roots.clear()
            self._nodes = 0
        if decision.rule == "engine-failure":
            return  # the automaton may have room next time
        self._nodes += 1
        if not decision.facts:
            self._roots[key] = decision
            return
        node = self._roots.get(key)
        if node is None:
            self._nodes += 1
            node = self._roots[key] = _Branch(decision.facts[0][0])
        for position, (fact, value) in enumerate(decision.facts):
            assert isinstance(node, _Branch)
            assert node.fact == fact
            if position + 1 == len(decision.facts):
                node.next[value] = decision
                break
            following = node.next.get(value)
            if following is None:
                self._nodes += 1
                following = node.next[value] = _Branch(decision.facts[position + 1][0])
            node = following
