"""What is wrong with a file's shape: pydantic says it by location, here that becomes a code and a place."""

from __future__ import annotations

from typing import Any

from pydantic_core import ErrorDetails

from safeshell_compiler.atoms import KINDS
from safeshell_compiler.findings.report import FindingPlace, Report, suggest
from safeshell_compiler.reading.rule_model import (
    CONDITION_KINDS,
    Case,
    Cases,
    Condition,
    Override,
    RuleFile,
    RuleModel,
)
from safeshell_compiler.reading.tree import Location, Node, Odd, key_place, locate

_EMPTY = {
    "any": "no alternative could hold",
    "all": "leave it out if nothing is asked",
    "commands": "leave it out to judge every command",
    "conditions": "leave it out if nothing is asked",
    "takes_argument": "leave it out if no option does",
    "unless": "leave it out if nothing is excepted",
    **{name: why for kind in KINDS.values() for name, why in kind.empty.items()},
}
_MODELS = {
    "rules": RuleModel,
    "overrides": Override,
    "tests": Cases,
    **{name: model for kind in KINDS.values() for name, model in kind.parts.items()},
}


def report_shape(details: ErrorDetails, root: Node, file: str, report: Report) -> None:
    """Reports one of pydantic's errors about the tree of a file."""
    location = details["loc"]
    node = locate(root, location)
    place = node.place(file)
    rule = _rule_name(root, location)
    kind = details["type"]
    context = details.get("ctx", {})
    last = location[-1] if location else ""
    if kind == "extra_forbidden":
        _report_unknown(root, location, file, rule, report)
    elif kind == "missing":
        parent = locate(root, location[:-1])
        report.add("SS203", parent.place(file), rule, key=last)
    elif kind == "two_conditions":
        keys = list(context["keys"])
        second = key_place(node, keys[1], file)
        report.add("SS211", second, rule, keys=" and ".join(keys), first=keys[0])
    elif kind == "no_condition":
        report.add("SS212", place, rule, problem="this item holds no condition")
    elif kind == "string_type":
        _report_text(node, last, place, rule, report)
    elif kind == "literal_error":
        _report_choice(node, details, place, rule, report)
    elif kind == "too_short" and node.value:
        pass  # its items are reported; pydantic counts only the valid ones
    elif kind == "too_short":
        report.add("SS206", place, rule, meaning=_EMPTY.get(str(last), "leave it out"))
    elif kind == "string_pattern_mismatch":
        _report_form(node, last, place, rule, report)
    elif kind == "bool_type":
        report.add("SS208", place, rule, found=describe(node))
    elif kind in ("tuple_type", "list_type"):
        report.add("SS209", place, rule, found=describe(node), remedy=_listed(node))
    elif kind in ("model_type", "dict_type", "model_attributes_type"):
        remedy = f"quote it: {_quoted(node)}" if _quoted(node) and "tests" in location else ""
        report.add("SS210", place, rule, found=describe(node), remedy=remedy)
    else:
        report.add("SS299", place, rule, problem=details["msg"])


def _report_unknown(root: Node, location: Location, file: str, rule: str, report: Report) -> None:
    key = str(location[-1])
    parent = locate(root, location[:-1])
    model: Any = RuleFile if len(location) == 1 else Case if location[-3:-2] in (("match",), ("no_match",)) else None
    for step in reversed(location[:-1]):
        if model is not None:
            break
        model = _MODELS.get(str(step), Condition if str(step) in (*CONDITION_KINDS, "conditions", "unless") else None)
    known = [field.alias or name for name, field in model.model_fields.items()]
    suggestion = suggest(key, known, "there are " + ", ".join(known))
    condition = suggest(key, CONDITION_KINDS)
    if model is RuleModel and condition and condition == suggest(key, [*known, *CONDITION_KINDS]):
        suggestion = f"conditions stand under `conditions:`, {condition}"
    code = "SS202" if model is Condition else "SS201"
    report.add(code, key_place(parent, key, file), rule, key=key, suggestion=suggestion)


def _report_text(node: Node, last: int | str, place: FindingPlace, rule: str, report: Report) -> None:
    quoted = _quoted(node)
    hint = f"quote it: {quoted}" if quoted else ""
    if last == "timeout":
        hint = "a number with ms, s, m or h, like `30s`"
    report.add("SS204", place, rule, found=describe(node), hint=hint)


def _report_choice(node: Node, details: ErrorDetails, place: FindingPlace, rule: str, report: Report) -> None:
    if details["loc"] == ("version",):
        report.add("SS213", place, rule, found=describe(node))
        return
    choices = [word.strip(" '") for word in details["ctx"]["expected"].replace(" or ", ",").split(",")]
    suggestion = suggest(node.value, choices) if type(node.value) is str else ""
    report.add("SS205", place, rule, value=describe(node), expected=", ".join(choices), suggestion=suggestion)


def _report_form(node: Node, last: int | str, place: FindingPlace, rule: str, report: Report) -> None:
    if last == "cwd":
        report.add("SS215", place, rule, value=describe(node))
    elif not str(node.value).strip():
        report.add("SS214", place, rule)
    else:
        expected = "an environment variable, without =" if last == "variable" else "use a-z, 0-9 and -"
        report.add("SS207", place, rule, value=describe(node), expected=expected)


def _rule_name(root: Node, location: Location) -> str:
    if len(location) < 2 or location[0] not in ("rules", "overrides"):
        return ""
    name = locate(root, (*location[:2], "name")).value
    return name if type(name) is str else ""


def describe(node: Node) -> str:
    """What stands at a node, in a few words."""
    value = node.value
    if type(value) is str:
        return repr(value) if len(value) <= 40 else repr(value[:40]) + "…"
    if type(value) is bool:
        return f"the truth value {node.raw}"
    if isinstance(value, Odd):
        return f"{value.name} ({node.raw[:40]})" if node.raw else value.name
    if type(value) is int:
        return f"the number {value}"
    return "a list" if type(value) is list else "a mapping"


def _listed(node: Node) -> str:
    """How a list is written that holds what stands here."""
    if type(node.value) is str:
        return f"write [{node.value[:40]}]"
    return "leave the key out" if isinstance(node.value, Odd) else ""


def _quoted(node: Node) -> str:
    """The scalar as it should be written, or "" for a collection."""
    return f"'{node.raw[:40]}'" if node.raw else ""
