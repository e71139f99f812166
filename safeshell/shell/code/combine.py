"""Values put together: texts joined, paths, lists, formats with holes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from safeshell.shell.words import Literal, Part, Unknown, Word

Value = Word | tuple["Value", ...] | None
"""A text, a list, or None for what is neither: options, a function."""

HOME = Word((Unknown("$HOME", quoted=True, variable="HOME", several=False),))
"""The home directory."""

_SIZE_MAX = 16 * 1024
"""Characters and parts of what is put together; more is not known."""


def _parts_of(value: Value) -> tuple[Part, ...]:
    return value.parts if isinstance(value, Word) else (Unknown("…", quoted=True, several=False),)


def _size(value: Value) -> int:
    """About how much memory a value takes, in characters."""
    if isinstance(value, tuple):
        return len(value)
    return 0 if value is None else sum([len(part.source) + 1 for part in value.parts])


def joined(left: Value, right: Value, between: str) -> Value:
    """Two values put together; None where that comes to nothing known."""
    if _size(left) + _size(right) > _SIZE_MAX:
        return None
    if isinstance(left, tuple) or isinstance(right, tuple):
        return (*left, *right) if isinstance(left, tuple) and isinstance(right, tuple) else None
    if between and isinstance(right, Word) and right.prefix.startswith("/"):
        return right
    glue = (Literal(between, quoted=True),) if between else ()
    return Word((*_parts_of(left), *glue, *_parts_of(right)))


def filled(value: Word, marks: re.Pattern[str]) -> Word:
    """A text with holes where a format has marks."""
    parts: list[Part] = []
    for part in value.parts:
        if isinstance(part, Unknown):
            parts.append(part)
            continue
        at = 0
        for mark in marks.finditer(part.text):
            parts += [Literal(part.text[at : mark.start()], quoted=True)] if mark.start() > at else []
            parts.append(Unknown(mark[0], quoted=True, several=False))
            at = mark.end()
        parts += [Literal(part.text[at:], quoted=True)] if at < len(part.text) else []
    return Word(tuple(parts))


def split(word: Word) -> list[Word]:
    """The words of a text, as a shell splits them; none where it rejects the text."""
    try:
        return [Word((Literal(text, quoted=True),)) for text in shlex.split(word.literal or "")]
    except ValueError:
        return []


def _join(given: Sequence[Value]) -> Value:
    value = given[0] if given else None
    for one in given[1:]:
        value = joined(value, one, "/")
    return value


def _home(given: Sequence[Value]) -> Value:
    value = given[0] if given else None
    if not isinstance(value, Word) or value.prefix[:1] != "~" or value.prefix[1:2] not in ("", "/"):
        return value
    first = value.parts[0]
    rest = first.text[1:] if isinstance(first, Literal) else ""
    return Word((*HOME.parts, *((Literal(rest, quoted=True),) if rest else ()), *value.parts[1:]))


def _divided(given: Sequence[Value]) -> Value:
    value = given[0] if given else None
    return tuple(split(value)) if isinstance(value, Word) and value.literal is not None else None


def _formatted(given: Sequence[Value]) -> Value:
    value = given[0] if given else None
    return filled(value, re.compile(r"\{[^{}]*\}")) if isinstance(value, Word) else None


FUNCTIONS = {
    "join": _join,
    "same": lambda given: given[0] if given else None,
    "home": _home,
    "HOME": lambda _: HOME,
    "split": _divided,
    "format": _formatted,
    "list": tuple,
}
"""What functions and methods make of their arguments, by the word that `languages` has for it."""
