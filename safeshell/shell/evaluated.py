"""Texts in words that a shell expands once more when it evaluates them, though quotes or escapes stand around them.

Arithmetic is expanded as in double quotes, whatever quotes are in it: so are subscripts, and the numbers of
`${NAME:OFFSET:LENGTH}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from safeshell.shell.syntax.tree import Arithmetic, Assignment, Parameter, Part, Text, Word

_BEHIND_COLON = b"-=+?"
_OPENS, _CLOSES = b"[", b"]"


def evaluated(part: Arithmetic | Parameter, source: bytes) -> Iterator[bytes]:
    """The quoted texts that are expanded where an expansion is worked out.

    Args:
        part: it.
        source: how it is written.
    """
    if isinstance(part, Arithmetic):
        yield from _quoted(part.inside.parts)
    elif part.argument is not None:
        parts, operation = part.argument.parts, part.operation.lstrip(b"!#")
        if operation[:1] == _OPENS:
            yield from _subscripted(parts)
        elif _is_offset(operation) or (part.quoted and b"$'" in source):  # resolved, and expanded as what is around it
            yield from _quoted(parts)


def evaluated_in_assignment(assignment: Assignment) -> Iterator[bytes]:
    """The same of the subscripts in an assignment."""
    if assignment.subscript is not None:
        yield from _quoted(assignment.subscript.parts)
    if not isinstance(assignment.value, Word):
        for word in assignment.value.words:
            first = word.parts[0] if word.parts else None
            if isinstance(first, Text) and not first.quoted and first.data[:1] == _OPENS:
                yield from _subscripted(word.parts)


def _quoted(parts: Sequence[Part]) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, Text):
            if part.quoted:
                yield part.data
        elif isinstance(part, Parameter) and part.argument is not None:
            yield from _quoted(part.argument.parts)


def _subscripted(parts: Sequence[Part]) -> Iterator[bytes]:
    """Those up to the bracket that closes the first one, and in the offset of elements behind it."""
    depth = 0
    for at, part in enumerate(parts):
        if not isinstance(part, Text) or part.quoted:
            yield from _quoted((part,))
            continue
        for place in range(len(part.data)):
            byte = part.data[place : place + 1]
            depth += (byte == _OPENS) - (byte == _CLOSES)
            if depth == 0:
                if _is_offset(part.data[place + 1 :]):
                    yield from _quoted(parts[at + 1 :])
                return


def _is_offset(operation: bytes) -> bool:
    return operation[:1] == b":" and (len(operation) == 1 or operation[1] not in _BEHIND_COLON)
