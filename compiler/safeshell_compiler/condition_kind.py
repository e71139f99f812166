"""Kind of condition, as the compiler needs it: the base of what `safeshell_compiler.atoms` has a module of each for.

A kind makes atoms of one kind (docs/table.md) of one or more conditions of the rule language; the other half of it is
`safeshell.policy.atoms`. docs/recipes/condition.md says how one is added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, Strict

from safeshell.policy.world import Fact, FactKey

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import Leaf, View
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Atom, Formula, Lowering
    from safeshell_compiler.witnesses.argument_words import Words
    from safeshell_compiler.witnesses.situation import Situation

# YAML turns `yes`, `1` and `null` into values of other types; guessing the text back would change what was meant.
Text = Annotated[str, Strict()]
Flag = Annotated[bool, Strict()]
Filled = Annotated[str, Strict(), Field(pattern=r"\S")]
Texts = Annotated[tuple[Text, ...], Field(min_length=1)]
Paths = Annotated[tuple[Filled, ...], Field(min_length=1)]


class Model(BaseModel):
    """What a mapping in a rules file may hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Searched(NamedTuple):
    """The text of a condition that is searched for, for lint.

    Attributes:
        value: as it is written.
        node: where it stands.
        subject: `line`, `directory` or `branch` where two of them can exclude each other, else "".
        pattern: as the table has it.
        literal: whether it is no pattern as it is written.
        may_name_files: whether a dot in it may stand in a file's name.
    """

    value: str
    node: Node
    subject: str
    pattern: str
    literal: bool = False
    may_name_files: bool = False


class ConditionKind:
    """A kind.

    Attributes:
        kind: of its atoms.
        order: where its conditions stand in lists of them all.
        conditions: their names, and what each takes, as pydantic has it.
        parts: the models among these, by the condition's name.
        empty: for conditions that take a list: why it can't be empty.
        patterns: keys that hold a pattern, in a condition or a rule.
        searched: whether its atoms hold a pattern, as their first argument, which the evaluator searches with others.
        seldom: whether a dispatch unit lists such patterns only where it has some.
        readable: whether it comes with the request itself, so that it is never undecided.
        dear: whether lint has to search for what it implies.
        turning: in which order a search for a witness turns atoms: what is the easiest to read first.
        stated: keys of a rule's test that state its fact, as `pydantic.create_model` takes them.
    """

    kind: ClassVar[str]
    order: ClassVar[int]
    conditions: ClassVar[Mapping[str, Any]] = {}
    parts: ClassVar[Mapping[str, type[Model]]] = {}
    empty: ClassVar[Mapping[str, str]] = {}
    patterns: ClassVar[tuple[str, ...]] = ()
    searched: ClassVar[bool] = False
    seldom: ClassVar[bool] = False
    readable: ClassVar[bool] = False
    dear: ClassVar[bool] = False
    turning: ClassVar[int]
    stated: ClassVar[Mapping[str, Any]] = {}

    def lower(self, lowering: Lowering, name: str, value: Any, node: Node) -> Formula | None:
        """The formula of a condition; None where a finding says what is wrong with it.

        Args:
            lowering: makes atoms and reports.
            name: the condition's.
            value: of the type that `conditions` says.
            node: where the value stands.
        """
        del name
        return lowering.atom((self.kind, value), node)

    def given(self, case: Any) -> Mapping[FactKey, Fact]:
        """The facts that a rule's test states by the keys of `stated`."""
        del case
        return {}

    def case_problem(self, case: Any) -> tuple[str, str]:
        """What is wrong with these keys, and what to do; "" and "" where nothing is."""
        del case
        return "", ""

    def text(self, name: str, value: Any, node: Node) -> Searched | None:
        """The text of a condition that is searched for, if there is one."""
        del name, value, node
        return None

    def excludes(self, one: Leaf, other: Leaf, *, negated: bool, other_negated: bool) -> str:
        """The finding that two conditions of a conjunction, the first of this kind, can't hold together, or ""."""
        del one, other, negated, other_negated
        return ""

    def needs_agent(self, value: Any) -> bool:
        """Whether a condition only holds where an agent asks."""
        del value
        return False

    def implied(
        self, view: View, known: Sequence[tuple[Atom, bool]], arguments: Sequence[Any], *, negated: bool
    ) -> bool:
        """Whether a literal of this kind holds wherever others do; False also where that is not certain.

        Args:
            view: answers what texts there are.
            known: atoms, and whether they are negated.
            arguments: the literal's.
            negated: whether it is.
        """
        del view, known, arguments, negated
        return False

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        """Whether an atom is true in a situation, asked in another way than the evaluator does."""
        raise NotImplementedError

    def facts(
        self, required: Collection[Sequence[Any]], forbidden: Collection[Sequence[Any]]
    ) -> Mapping[FactKey, Fact] | None:
        """Facts in which atoms of this kind are true and others false, as far as it takes any to be stated.

        Args:
            required: the arguments of those that must be true.
            forbidden: of those that must be false.

        Returns:
            Them, or None where there are none.
        """
        del required, forbidden
        return {}

    def needs_home(self, arguments: Sequence[Any]) -> bool:
        """Whether an atom that must be true hangs on HOME."""
        del arguments
        return False

    def pattern(self, subject: str, arguments: Sequence[Any]) -> str | None:
        """The pattern that an atom asks for in the `line`, the `directory` or the `branch`; None where it asks none."""
        return str(arguments[0]) if subject == self.kind else None

    def words(self, making: Words, arguments: Sequence[Any], *, wanted: bool) -> None:
        """Asks for words in a command line, for kinds about the arguments one by one."""


def list_implied(
    kind: str, known: Iterable[tuple[Atom, bool]], members: Sequence[str], rest: Sequence[Any], *, negated: bool
) -> bool:
    """Whether one of the known lists says as much: a shorter one that holds, or a longer one that doesn't.

    Args:
        kind: of the atoms that count.
        known: atoms `(kind, list, …rest)`, and whether they are negated.
        members: the list that is asked about.
        rest: what has to be the same.
        negated: whether it has to be false.
    """
    for (_, listed, *others), forbidden in ((atom, n) for atom, n in known if atom[0] == kind):
        if others == [*rest] and forbidden is negated:
            shorter, longer = (members, listed) if negated else (listed, members)
            if set(shorter) <= set(longer):
                return True
    return False
