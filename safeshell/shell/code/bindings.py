"""Names of code that are bound once, and so have one value: by an assignment, or by a loop over a list."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from safeshell.shell.code.cursor import CLOSING, MEMBERS, OPENING, Cursor

_DECLARING = ("const", "let", "var", "my", "our")
_FUNCTIONS = ("def", "function", "lambda", "fn", "func", "sub")
_BINDING = ("as", "|")
"""What stands before a name that is bound again and again."""


class Bindings(NamedTuple):
    """Where the values of names begin.

    Attributes:
        assigned: by name, the value itself.
        looped: by name, the list of which it has each item in turn.
    """

    assigned: dict[str, int]
    looped: dict[str, int]


def bindings(cursor: Cursor) -> Bindings:
    """What is bound once in a code."""
    counts: Counter[str] = Counter()
    assigned: dict[str, int] = {}
    looped: dict[str, int] = {}
    brackets: list[str] = []
    for at, token in enumerate(cursor.tokens):
        following = cursor.text(at + 1)
        if token.kind == "op" and token.text in OPENING:
            brackets.append(token.text)
        elif token.kind == "op" and token.text in CLOSING and brackets:
            brackets.pop()
        elif token.text == "=>" and cursor.text(at - 1) == ")":
            start = at - 1
            while start and cursor.text(start) != "(":
                start -= 1
            _again(cursor, start, at, counts)
        elif token.kind != "name":
            continue
        elif token.text in ("for", "foreach"):
            _loop(cursor, at, counts, looped)
        elif token.text in _FUNCTIONS:
            _again(cursor, at + 1, _behind_parameters(cursor, at + 1), counts)
        elif following == "=" and (not brackets or brackets[-1] == "{") and cursor.text(at - 1) not in MEMBERS:
            assigned[token.text] = at + 2
            counts[token.text] += 1
        elif following in (":=", "+=", "-=", ".=", "=>") or cursor.text(at - 1) in _BINDING:
            counts[token.text] += 2
    once = {name for name, count in counts.items() if count == 1}
    return Bindings(
        {name: at for name, at in assigned.items() if name in once},
        {name: at for name, at in looped.items() if name in once},
    )


def _again(cursor: Cursor, start: int, end: int, counts: Counter[str]) -> None:
    """Names that are bound more than once."""
    for token in cursor.tokens[start:end]:
        if token.kind == "name":
            counts[token.text] += 2


def _loop(cursor: Cursor, at: int, counts: Counter[str], looped: dict[str, int]) -> None:
    """The name of a loop, and where its list begins."""
    at += 2 if cursor.text(at + 1) == "(" else 1
    while cursor.text(at) in _DECLARING:
        at += 1
    name = cursor.text(at)
    if cursor.text(at + 1) in ("in", "of"):
        looped[name] = at + 2
    elif name[:1] == "$" and cursor.text(at + 1) == "(":
        looped[name] = at + 1
    else:
        _again(cursor, at, _behind_parameters(cursor, at), counts)
        return
    counts[name] += 1


def _behind_parameters(cursor: Cursor, at: int) -> int:
    while at < len(cursor.tokens) and cursor.text(at) not in (":", "{", "in", "of", "->", "\n", "="):
        at = cursor.behind(at) if cursor.text(at) == "(" else at + 1
    return at
