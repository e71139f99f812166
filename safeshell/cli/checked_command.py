"""Command that `check` decides: its spellings, each with facts of its own and a trace of how."""

from __future__ import annotations

from collections.abc import Callable

from safeshell.command.unwrap import Spelling
from safeshell.policy.composition import Judgement
from safeshell.policy.context import Context
from safeshell.policy.decision import Decision
from safeshell.policy.evaluator import evaluate
from safeshell.policy.explain import Explanation, cache_key, explain
from safeshell.policy.facts import Fact, FactKey, RequestFacts
from safeshell.policy.trace import Trace
from safeshell.policy.units import LoadedTable


class StatedFacts(RequestFacts):
    """The facts of the directory, but for those that the command line states."""

    __slots__ = ("stated",)

    stated: dict[FactKey, Fact]

    def read(self, key: FactKey) -> Fact:
        """The fact as stated, else read."""
        return self.stated[key] if key in self.stated else super().read(key)


def stated_facts(branch: str | None) -> dict[FactKey, Fact]:
    """The facts that a stated branch is: it implies a repository."""
    return {} if branch is None else {("branch",): branch, ("in_repo",): True}


class CheckedCommand:
    """One command with its spellings, each decided by its own tables and facts, with a trace of how.

    Args:
        tables: gives the tables that a spelling is judged by.
        spellings: the original first.
        context: tells `ai` from `human`.
        stated: facts that the command line states.

    Attributes:
        spellings: the original first.
    """

    def __init__(
        self,
        tables: Callable[[Spelling], list[LoadedTable]],
        spellings: list[Spelling],
        context: Context,
        stated: dict[FactKey, Fact],
    ) -> None:
        self.spellings = spellings
        self._tables = tables
        self._context = context
        self._stated = stated
        self._traces: list[tuple[Trace, StatedFacts]] = []

    def facts(self, spelling: Spelling) -> StatedFacts:
        """The facts of a spelling; who asks is told by the original's environment."""
        made = StatedFacts(
            spelling.environment,
            spelling.directory,
            self._context,
            asker=self.spellings[0].environment,
            git_environment=spelling.git_environment,
        )
        made.stated = self._stated
        return made

    def decide(self, spelling: Spelling, facts: StatedFacts) -> Decision:
        """The daemon's evaluation, but that it looks at every rule and writes down what it sees."""
        trace = Trace(facts)
        self._traces.append((trace, facts))
        return evaluate(self._tables(spelling), spelling.name, spelling.arguments, facts, full=True, judge=trace)

    def explain(self, judgement: Judgement) -> Explanation | None:
        """Why the spelling that decides is decided so; None where no spelling does."""
        if judgement.winner >= len(self.spellings):
            return None
        winner = self.spellings[judgement.winner]
        name, arguments = winner.name, winner.arguments
        trace, facts = self._traces[judgement.winner]
        # The daemon stops at the first deny, and what it remembers is keyed by what it read until then.
        key = cache_key(evaluate(self._tables(winner), name, arguments, facts), name, arguments)
        return explain(trace, judgement.decisions[judgement.winner], name, key=key)
