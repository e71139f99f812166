"""A tree to the rule model, as far as it is well formed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from safeshell_compiler.findings.report import Report
from safeshell_compiler.reading.rule_model import RuleFile
from safeshell_compiler.reading.schema_errors import describe, report_shape
from safeshell_compiler.reading.tree import Node, locate, plain


@dataclass(frozen=True, slots=True)
class Document:
    """A rules file as far as it is well formed.

    Attributes:
        model: the rules and overrides that are.
        rules: the node of each of the model's rules.
        overrides: the node of each of the model's overrides.
        include: the node of each of the model's includes.
        malformed: the node of each rule and override that had to be left out.
        complete: whether nothing had to be.
    """

    model: RuleFile
    rules: tuple[Node, ...]
    overrides: tuple[Node, ...]
    include: tuple[Node, ...]
    malformed: tuple[Node, ...]
    complete: bool


def read_model(root: Node, file: str, report: Report) -> Document | None:
    """The document of a tree; what is malformed is reported and left out, so that the rest is still looked at."""
    if type(root.value) is not dict:
        report.add("SS116", root.place(file), found=describe(root))
        return None
    data = plain(root)
    bad: set[tuple[int | str, ...]] = set()
    try:
        model = RuleFile.model_validate(data)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            report_shape(details, root, file, report)
            bad.add(tuple(details["loc"][:2]))
        model = RuleFile.model_validate(_salvage(data, bad))
    rules, overrides, include = (_kept(root, key, bad) for key in ("rules", "overrides", "include"))
    malformed = tuple(locate(root, location) for location in sorted(bad, key=str) if len(location) == 2)
    return Document(model, rules, overrides, include, malformed, complete=not bad)


def _salvage(data: dict[str, Any], bad: set[tuple[int | str, ...]]) -> dict[str, Any]:
    kept: dict[str, Any] = {"version": 1}
    for key in ("include", "rules", "overrides"):
        if key in data and (key,) not in bad:
            kept[key] = [item for index, item in enumerate(data[key]) if (key, index) not in bad]
    return kept


def _kept(root: Node, key: str, bad: set[tuple[int | str, ...]]) -> tuple[Node, ...]:
    if key not in root.value or (key,) in bad:
        return ()
    return tuple(node for index, node in enumerate(root.value[key].value) if (key, index) not in bad)
