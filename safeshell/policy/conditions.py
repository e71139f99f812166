"""Atoms as the conditions of the rule language, and facts in words: what a person reads in an explanation.

The table keeps each question once, so a condition is shown in the form that its atom has: a pattern of nothing but
literal text is `command_contains` or `command_startswith`, which ask the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from safeshell.host.path_resolution import split_under
from safeshell.policy.facts import UNDECIDED, Fact, FactKey

_LITERAL = re.compile(r"(?:\w|[^\x00-\x7f]|\\x\{[0-9a-f]+\})+")
"""What `safeshell.policy.patterns.quote` makes."""

_ESCAPED = re.compile(r"\\x\{([0-9a-f]+)\}")

OPERANDS_SHOWN = 8
"""Operands that a fact in words lists; a command can have thousands."""


def condition(atom: Sequence[Any], *, wanted: bool = True) -> str:
    """The condition that an atom stands for.

    Args:
        atom: `[kind, argument…]` (docs/table.md).
        wanted: whether it has to be true; else it has to be false.
    """
    kind, *arguments = atom
    if kind == "ai":
        return "context: ai_only" if wanted else "context: human_only"
    if kind == "in_repo":
        return f"in_git_repo: {'true' if wanted else 'false'}"
    text = _plain(kind, arguments)
    return text if wanted else f"not: {{{text}}}"


def _plain(kind: str, arguments: Sequence[Any]) -> str:
    match kind:
        case "line":
            return _line(arguments[0])
        case "directory":
            pattern: str = arguments[0]
            # The frame that the compiler puts around a rule's `directory`.
            framed = pattern.startswith("^(?:") and pattern.endswith(")")
            return f"directory: {pattern[4:-1]}" if framed else f"path_matches: {pattern}"
        case "branch":
            return f"git_branch_matches: {arguments[0]}"
        case "branch_in":
            return f"git_branch_in: [{', '.join(arguments[0])}]"
        case "file":
            return f"file_exists: {arguments[0]}"
        case "env":
            return f"env_equals: {{variable: {arguments[0]}, value: {arguments[1]!r}}}"
        case "option":
            return f"option: [{', '.join(arguments[0])}]"
        case "operand":
            return f"operand_matches: {arguments[0]}"
        case "operand_under":
            return f"operand_under: [{', '.join(arguments[0])}]"
    return f"{kind}: {' '.join(map(str, arguments))}"


def _line(pattern: str) -> str:
    anchored = pattern.startswith("^")
    literal = pattern[1:] if anchored else pattern
    if not _LITERAL.fullmatch(literal):
        return f"command_matches: {pattern}"
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), literal)
    return f"command_startswith: {text}" if anchored else f"command_contains: {text}"


def fact(key: FactKey, value: Fact) -> str:
    """A fact in words, its value quoted."""
    kind, *arguments = key
    if kind == "under":
        return _under(key, value)
    if value is UNDECIDED:
        return f"{' '.join(key)} undecided"
    match kind:
        case "ai":
            return "context ai" if value else "context human"
        case "in_repo":
            return "in a work tree" if value else "in no work tree"
        case "file":
            return f"{arguments[0]} exists" if value else f"{arguments[0]} does not exist"
        case "env":
            return f"{arguments[0]} not set" if value is None else f"{arguments[0]} = {value!r}"
    return f"no {' '.join(key)}" if value is None else f"{' '.join(key)} {value!r}"


def _under(key: FactKey, value: Fact) -> str:
    paths, operands = split_under(key[1:])
    shown = [repr(operand) for operand in operands[:OPERANDS_SHOWN]]
    if len(operands) > OPERANDS_SHOWN:
        shown.append(f"{len(operands) - OPERANDS_SHOWN} more")
    lies = "undecided whether one lies" if value is UNDECIDED else "one lies" if value else "none lies"
    return f"of {', '.join(shown)} {lies} under {' or '.join(paths)}"
