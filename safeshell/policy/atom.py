"""Kind of condition, as far as deciding needs it: the base of what `safeshell.policy.atoms` has a module of each for.

docs/recipes/condition.md says how one is added.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from safeshell.policy.world import UNDECIDED, Fact, FactKey

if TYPE_CHECKING:
    from safeshell.policy.evaluator import Judge
    from safeshell.policy.facts import GivenFacts
    from safeshell.policy.units import Unit

Truth = Callable[["Judge", "Unit"], bool | None]
"""Whether one atom of a unit is true in an evaluation; None is undecided. It keeps no unit, which keeps it."""


class OpenArguments(Protocol):
    """Arguments of a command of which some are unknown, as a shell line leaves them to the run.

    Each question is answered by a truth: None where it hangs on what is unknown. `taken` as `Judge.arguments` has it.
    """

    def has_option(self, unit: Unit, names: Sequence[str], taken: tuple[str, ...]) -> bool | None:
        """Whether one of these options is there."""
        ...

    def has_operand(self, unit: Unit, pattern: str, taken: tuple[str, ...]) -> bool | None:
        """Whether a pattern is found in an operand."""
        ...

    def has_value(self, unit: Unit, pattern: str, names: tuple[str, ...], taken: tuple[str, ...]) -> bool | None:
        """Whether a pattern is found in the value of one of these options."""
        ...

    def operands(self, unit: Unit, taken: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
        """The operands, and whether that is all there can be; a name stands for one that is any name."""
        ...


class FactKind:
    """A kind of fact. Its keys are `(kind, argument…)`.

    Attributes:
        kind: the first word of its keys.
        named: whether a key has one argument more, a name; else it is the kind alone.
        recorded: whether records hold it; else another field of theirs says the same.
        read: the fact of a world (`safeshell.policy.world.World`) and the key's arguments, hashable; raises
            UndecidedError where it can't be read.
    """

    kind: ClassVar[str]
    read: Callable[..., Fact]
    named: ClassVar[bool] = False
    recorded: ClassVar[bool] = True

    def stated(self, given: GivenFacts, *arguments: str) -> Fact:
        """The fact where somebody states the world; None where nothing is said of it."""
        return given.given(self.kind, *arguments)

    def words(self, arguments: Sequence[str], value: Fact) -> str:
        """A value that is not undecided, in words."""
        about = " ".join((self.kind, *arguments))
        return f"no {about}" if value is None else f"{about} {value!r}"

    def undecided(self, arguments: Sequence[str]) -> str:
        """The words where it is undecided."""
        return f"{' '.join((self.kind, *arguments))} undecided"

    def about(self, arguments: Sequence[str]) -> str:
        """The fact in words, without its value and what is of one command only."""
        return " ".join((self.kind, *arguments))

    def record(self, held: dict[str, Any], arguments: Sequence[str], value: Any) -> None:
        """Puts the fact among those of a record; the value is one for JSON."""
        if self.named:
            held.setdefault(self.kind, {})[arguments[0]] = value
        else:
            held[self.kind] = value

    def recall(self, value: Any) -> Iterator[tuple[FactKey, Any]]:
        """The facts that a record holds under this kind.

        Raises:
            KeyError, TypeError, AttributeError: it is not what `record` makes.
        """
        if not self.named:
            yield (self.kind,), value
            return
        for name, inner in value.items():
            yield (self.kind, name), inner


class AtomKind:
    """A kind of atom (docs/table.md).

    Attributes:
        kind: as the table has it.
        cost: how dear its fact is: a row's are read in this order, for the cheap ones may spare the dear ones.
        facts: the kinds of facts that are its own.
        of_arguments: whether it is about the arguments one by one, of which a shell line may leave some unknown.
        of_directory: whether its fact hangs on the working directory.
    """

    kind: ClassVar[str]
    cost: ClassVar[int] = 0
    facts: ClassVar[tuple[FactKind, ...]] = ()
    of_arguments: ClassVar[bool] = False
    of_directory: ClassVar[bool] = False

    def bind(self, number: int, arguments: Sequence[Any]) -> Truth:
        """What tells the truth of an atom, made once where a unit is loaded.

        Args:
            number: the atom's in its table.
            arguments: what follows the kind in its record.
        """
        raise NotImplementedError

    def words(self, arguments: Sequence[Any], *, wanted: bool) -> str:
        """The atom as the condition of a rule; where it is not wanted, as what has to be false."""
        text = self.plain(arguments)
        return text if wanted else f"not: {{{text}}}"

    def plain(self, arguments: Sequence[Any]) -> str:
        """The condition that has to be true."""
        raise NotImplementedError

    def of_open(self, arguments: Sequence[Any], given: OpenArguments, judge: Judge, unit: Unit) -> bool | None:
        """The truth of an atom about arguments, where some of them are unknown.

        Args:
            arguments: the atom's own.
            given: the command's.
            judge: what reads facts.
            unit: the atom's.
        """
        del arguments, given, judge, unit
        return None

    def left_to_run(self, arguments: Sequence[Any], variables: Container[str], *, directory: bool) -> bool:
        """Whether the atom hangs on what only the run of a shell line can tell.

        Args:
            arguments: its own.
            variables: the names of those whose value is not known.
            directory: whether the working directory is not.
        """
        del arguments, variables
        return directory and self.of_directory


def holds(key: FactKey) -> Truth:
    """The truth of an atom that is true where a fact is."""

    def truth(judge: Judge, _: Unit) -> bool | None:
        value = judge.read(key)
        return None if value is UNDECIDED else bool(value)

    return truth


def is_one(key: FactKey, wanted: Container[Any]) -> Truth:
    """The truth of an atom that is true where a fact is one of these."""

    def truth(judge: Judge, _: Unit) -> bool | None:
        value = judge.read(key)
        return None if value is UNDECIDED else value in wanted

    return truth


def search(number: int, key: FactKey) -> Truth:
    """The truth of an atom whose pattern is found in a fact, all such patterns of the unit asked at once."""
    kind = key[0]

    def truth(judge: Judge, unit: Unit) -> bool | None:
        value = judge.read(key)
        if value is UNDECIDED:
            return None
        if not isinstance(value, str):
            return False
        mark = (id(unit), kind)
        found = judge.found.get(mark)
        if found is None:
            found = judge.found[mark] = unit.match(kind, value)
        return number in found

    return truth
