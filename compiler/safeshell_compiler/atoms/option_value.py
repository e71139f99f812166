"""Option and the pattern of its value: `option_value`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeshell.policy import patterns
from safeshell.policy.world import Fact
from safeshell_compiler.condition_kind import ConditionKind, Model, Searched, Text, Texts, list_implied

if TYPE_CHECKING:
    from safeshell_compiler.lint.view import View
    from safeshell_compiler.reading.tree import Node
    from safeshell_compiler.stages.lower import Atom, Formula, Lowering
    from safeshell_compiler.witnesses.argument_words import Words
    from safeshell_compiler.witnesses.situation import Situation


class OptionValue(Model):
    """An option under all of its names, and what its value must be like."""

    option: Texts
    matches: Text


class _OptionValue(ConditionKind):
    kind = "option_value"
    order = 75
    conditions = {"option_value": OptionValue}
    parts = {"option_value": OptionValue}
    patterns = ("matches",)
    searched = True
    seldom = True
    readable = True
    turning = 25

    def lower(self, lowering: Lowering, _: str, value: Any, node: Node) -> Formula | None:
        names = tuple(sorted(set(value.option)))
        atom = lowering.pattern(
            value.matches, node.value["matches"], ("option_value", value.matches, names, lowering.taken)
        )
        return atom if lowering.names(value.option, node.value["option"]) else None

    def text(self, _: str, value: Any, node: Node) -> Searched:
        # No subject: an option may be given twice, so two patterns never exclude each other.
        return Searched(value.matches, node.value["matches"], "", value.matches, may_name_files=True)

    def implied(self, _: View, known: Sequence[tuple[Atom, bool]], arguments: Sequence[Any], *, negated: bool) -> bool:
        pattern, names, taken = arguments
        same = [((atom[0], *atom[2:]), forbidden) for atom, forbidden in known if atom[:2] == (self.kind, pattern)]
        return list_implied(self.kind, same, names, (taken,), negated=negated)

    def truth(self, arguments: Sequence[Any], situation: Situation) -> Fact:
        pattern, names, taken = arguments
        values = situation.parsed(taken, names).values
        return any(option in names and patterns.search(pattern, value) for option, value in values)

    def words(self, making: Words, arguments: Sequence[Any], *, wanted: bool) -> None:
        pattern, names, _ = arguments
        if not wanted:
            if not making.patterns(self.kind, wanted=True):  # which else keep to values that aren't this one's
                making.forbid_options(names)
            return
        value = making.text([pattern], making.patterns(self.kind, wanted=False))
        if value is None:
            making.failed = True
            return
        spelled = [f"{name}{value}" if len(name) == 2 else f"{name}={value}" for name in names]
        making.require(f" (?:{'|'.join(patterns.quote(shlex.quote(one)) for one in spelled)})(?: |$)")


KIND = _OptionValue()
