"""Expansions of variables that the request's environment holds and the line leaves alone."""

from __future__ import annotations

from collections.abc import Sequence

from safeshell.shell.scope import Scope
from safeshell.shell.words import Literal, Part, Unknown, Word

_GLOBS = frozenset("*?[")


def expand(words: Sequence[Word], scope: Scope) -> list[Word]:
    """The words with those expanded in which every variable is known; the others as they are."""
    found: list[Word] = []
    for word in words:
        if all(isinstance(part, Literal) for part in word.parts):
            found.append(word)
        else:
            found += _expand(word, scope)
    return found


def _expand(word: Word, scope: Scope) -> list[Word]:
    telling = [part for part in word.parts if isinstance(part, Unknown) or part.text]
    only = telling[0] if len(telling) == 1 else None
    if isinstance(only, Unknown) and only.variable in ("@", "*") and not only.operation:
        splits = only.variable == "@" or not only.quoted
        if scope.positional is not None and splits:
            return list(scope.positional)
        return [word]
    fields: list[list[Part]] = [[]]
    for part in word.parts:
        if isinstance(part, Literal) or not part.variable:
            fields[-1].append(part)
            continue
        if part.variable.isdigit() and scope.positional is not None and not part.operation:
            index = int(part.variable) - 1
            if not 0 <= index < len(scope.positional):
                return [word]
            fields[-1] += [
                Literal(one.text, quoted=True) if isinstance(one, Literal) else one
                for one in scope.positional[index].parts
            ]
            continue
        value = _value(part, scope)
        if value is None or (not part.quoted and (_GLOBS & set(value) or "IFS" in scope.assigned)):
            return [word]
        _put(fields, value, split=not part.quoted)
    empty = all(isinstance(part, Unknown) for part in word.parts)
    return [Word(tuple(one), word.source) for one in fields if one or not empty]


def _put(fields: list[list[Part]], value: str, *, split: bool) -> None:
    if not split:
        fields[-1].append(Literal(value, quoted=True))
        return
    pieces = value.split()
    if value[:1].isspace() and fields[-1]:
        fields.append([])
    for index, piece in enumerate(pieces):
        if index:
            fields.append([])
        fields[-1].append(Literal(piece, quoted=True))
    if pieces and value[-1:].isspace():
        fields.append([])


def _value(part: Unknown, scope: Scope) -> str | None:
    """The value of `$X` or `${X}`, `${X:-y}`, `${X-y}`, where the variable is known."""
    value = scope.value(part.variable)
    if value is None or not part.operation:
        return value
    for operator in (":-", "-"):
        if part.operation.startswith(operator):
            return value if value or operator == "-" else None
    return None
