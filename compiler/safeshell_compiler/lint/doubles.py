"""What stands twice in one list."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from safeshell_compiler.lint.view import View, condition_lists
from safeshell_compiler.reading.rule_model import Condition
from safeshell_compiler.reading.schema_errors import describe
from safeshell_compiler.reading.tree import Node, locate
from safeshell_compiler.stages.resolve import PolicyRule


def check_doubles(view: View) -> None:
    """Reports commands, branches and conditions that their list holds already."""
    for found in view.rules:
        source = found.rule.source
        for items, node, file in _lists(source):
            if len(items) == 1:
                continue
            first: dict[Hashable, int] = {}
            for index, item in enumerate(items):
                here = locate(node, (index,))
                if item in first:
                    what = describe(here) if isinstance(item, str) else "this condition"
                    view.add("SS322", here.place(file), source, what=what, first=first[item])
                first.setdefault(item, here.line + 1)


def _lists(source: PolicyRule) -> Iterator[tuple[Sequence[Hashable], Node, str]]:
    if source.rule.commands is not None:
        yield source.rule.commands, locate(source.node, ("commands",)), source.file
    if source.rule.takes_argument is not None:
        yield source.rule.takes_argument, locate(source.node, ("takes_argument",)), source.file
    for conditions, node, file in condition_lists(source):
        yield from _nested(conditions, node, file)


def _nested(conditions: tuple[Condition, ...], node: Node, file: str) -> Iterator[tuple[Sequence[Hashable], Node, str]]:
    yield [_identity(condition) for condition in conditions] if len(conditions) > 1 else [""], node, file
    for index, condition in enumerate(conditions):
        inner = locate(node, (index, condition.kind))
        while condition.kind == "not":
            condition = condition.value  # noqa: PLW2901 # down to what is negated
            inner = locate(inner, (condition.kind,))
        if condition.kind in ("all", "any"):
            yield from _nested(condition.value, inner, file)
        elif isinstance(condition.value, tuple):
            yield condition.value, inner, file


def _identity(condition: Condition) -> Hashable:
    kind, value = condition.kind, condition.value
    if kind in ("all", "any"):
        return kind, tuple(_identity(part) for part in value)
    if kind == "not":
        return kind, _identity(value)
    return kind, value
