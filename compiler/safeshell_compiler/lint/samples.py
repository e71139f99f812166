"""Command lines that a rule may well see. They only spare searches: a finding never rests on one."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import lru_cache

from safeshell.command.command_line import block, command_line
from safeshell.command.names import is_glob
from safeshell.policy.regex.character_sets import CharSet, contains
from safeshell.policy.regex.syntax import Alt, Chars, Look, Repeat, Seq, Tree, UnsupportedError, parse
from safeshell_compiler.lint.view import Name, View
from safeshell_compiler.stages.flatten import Row
from safeshell_compiler.stages.resolve import PolicyRule

_NICE = (" ", "a", "A", "0", "-", "/", ".", "=", "'")
_REPEATED = 50


def head(name: Name) -> str:
    """How a command line of this key may begin."""
    return "x" if name is None else shlex.quote(name.replace("*", "x").replace("?", "x") if is_glob(name) else name)


def tested(source: PolicyRule) -> Iterator[tuple[str, str]]:
    """Basename and command line of each of the rule's own tests that match."""
    for case in source.rule.tests.match:
        shown = None if case.command is None else _shown(case.command)
        if shown is not None:
            yield shown


@lru_cache(maxsize=16384)
def _shown(command: str) -> tuple[str, str] | None:
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    name = words[0].rpartition("/")[2] if words else ""
    return (name, command_line(block([word.encode() for word in words]), name)) if name else None


def composed(view: View, name: Name, row: Row) -> str | None:
    """A line with what a row requires side by side; None where a pattern is not understood."""
    start = head(name)
    parts = []
    for pattern in view.line_parts(row)[0]:
        text = shortest(pattern)
        if text is None:
            return None
        if text.startswith(head(name)):
            start = text
        else:
            parts.append(text)
    return " ".join((start, *parts))


@lru_cache(maxsize=16384)
def shortest(pattern: str) -> str | None:
    """A shortest text that the pattern finds, anchors and boundaries aside; None where it is not understood."""
    try:
        return _text(parse(pattern))
    except (UnsupportedError, RecursionError):
        return None


def _text(tree: Tree) -> str:
    match tree:
        case Seq(parts):
            return "".join([_text(part) for part in parts])
        case Alt(parts):
            return min([_text(part) for part in parts], key=len)
        case Repeat(part, least, _):
            if least > _REPEATED:
                raise UnsupportedError("too long to be of use")
            return _text(part) * least if least else ""
        case Chars(members):
            return _char(members)
        case Look():
            return ""


def _char(members: CharSet) -> str:
    if not members:
        raise UnsupportedError("no character fits")
    low, high = members[0]
    if low == high:
        return chr(low)
    return next((char for char in _NICE if contains(members, ord(char))), chr(low))
