"""Redirects whose target the same rules deny, whatever the arguments."""

from __future__ import annotations

import shlex

from safeshell.policy.atoms import ATOMS
from safeshell.policy.patterns import quote
from safeshell_compiler.lint.view import UnknownError, View
from safeshell_compiler.reading.tree import locate
from safeshell_compiler.stages.flatten import Row, RuleRows
from safeshell_compiler.stages.meaning import ARGUMENTS


def check_redirects(view: View) -> None:
    """Reports them where the denial is certain: it asks nothing that the redirect doesn't ask too."""
    for found in view.rules:
        words = found.rule.effects.redirect_to
        if words is None or not found.rows:
            continue
        denial = next((other for other in view.rules if _denies(view, other, found, words)), None)
        if denial is not None:
            source, other = found.rule.source, denial.rule.source
            where = f"{other.label}:{other.place.line}"
            place = locate(source.node, ("redirect_to",)).place(source.file)
            view.add("SS332", place, source, name=other.rule.name, where=where)


def _denies(view: View, other: RuleRows, found: RuleRows, words: tuple[str, ...]) -> bool:
    source = other.rule.source
    if source.rule.action != "deny" or source.rule.observe:
        return False
    name = words[0].rpartition("/")[2]
    if not set(other.rule.effects.commands or (None,)).intersection(view.keys(name)):
        return False
    return any(all(_certain(view, name, denial, row, words) for row in found.rows) for denial in other.rows)


def _certain(view: View, name: str, denial: Row, row: Row, words: tuple[str, ...]) -> bool:
    """Whether the denial holds for every line of the target, under the facts under which the redirect is made."""
    required, forbidden = view.line_parts(denial)
    if any(ATOMS[view.atoms[literal >> 1][0]].of_arguments for literal in denial):
        return False  # the target has other arguments, and may read them otherwise
    facts = {literal for literal in denial if view.atoms[literal >> 1][0] != "line"}
    if not facts <= row:
        return False
    line = _line(name, words)
    try:
        return all(view.line(name, [line], [pattern]) is None for pattern in required) and all(
            view.line(name, [line, pattern], []) is None for pattern in forbidden
        )
    except UnknownError:
        return False


def _line(name: str, words: tuple[str, ...]) -> str:
    """The pattern of the command lines that a redirect makes."""
    rest = ["(?: .*)?" if word == ARGUMENTS else quote(f" {shlex.quote(word)}") for word in words[1:]]
    return f"^{quote(shlex.quote(name))}{''.join(rest)}$"
