r"""Expansions of parameters as zsh has them: flags, forms before the name, subscripts and modifiers without braces.

name      : '$' [#+=~^]* NAME ['[' … ']']* (':' modifier)*
parameter : '${' ['(' flags ')'] [#+=~^!]* (NAME | expansion) … '}'
"""

from __future__ import annotations

import re

from safeshell.shell.syntax.places import (
    QUOTED_BRACES,
    ZSH_BRACES,
    ZSH_QUOTED_SUBSCRIPT,
    ZSH_SUBSCRIPT,
    Place,
)
from safeshell.shell.syntax.state import BrokenError, Mark, State
from safeshell.shell.syntax.tree import Parameter, Part, Word

_NAME = re.compile(
    rb"\$(?:\\\n)*(?:([#+=~^]*)([A-Za-z_]\w*|\d+)|([#+=~^]*)([@*?$!-])|([=~^]*)(#)|([=~^]+)())", re.DOTALL
)
_HEAD = re.compile(
    rb"(\([^()\n]*\))?((?:[=~^+]|\#(?=[^}:\-+=?%/]))*)([A-Za-z_]\w*|\d+|[@*?!-]|\#(?=[}:\-+=?%/])|\$(?![({\['\"$A-Za-z_]))"
)
_BEYOND = re.compile(rb"[\w\x80-\xff]+")
_OPERATOR = re.compile(rb":?[-=+?]")
_MODIFIERS = re.compile(
    rb"(?::(?:[hte]\d+|g?s([/:,|#@!.])[^\s$`\"'\\]*?\1[^\s$`\"'\\]*?\1?|[aAcehlpPqQrtuUx&]))+(?![A-Za-z0-9_])"
)


def read_zsh_name(state: State, place: Place) -> Parameter | None:
    """`$NAME`, or None where none stands behind the dollar."""
    start = state.at
    found = _NAME.match(state.data, start, state.end)
    if found:
        before = found[1] or found[3] or found[5] or found[7] or b""
        name = found[2] or found[4] or found[6] or b""
        state.at = found.end()
        if found[2] and not name.isdigit():
            name += _letters(state)
    else:
        before = b""
        state.at += 1
        name = _letters(state)
        if not name:
            state.at = start
            return None
    behind = state.at
    parts: list[Part] = []
    while state.peek() == 0x5B and _subscript(state, place, parts):
        pass
    modifiers = _MODIFIERS.match(state.data, state.at, state.end)
    if modifiers:
        state.at = modifiers.end()
    operation = before + state.data[behind : state.at]
    argument = Word(tuple(parts), behind, state.at) if parts else None
    return Parameter(name, operation, argument, place.quoted, start, state.at)


def _letters(state: State) -> bytes:
    """Letters of a name beyond ASCII, and those behind them."""
    if state.peek() < 0x80:
        return b""
    found = _BEYOND.match(state.data, state.at, state.end)
    text = found[0].decode("utf-8", "ignore") if found else ""
    letters = next((at for at, char in enumerate(text) if not (char.isalnum() or char == "_")), len(text))
    data = text[:letters].encode()
    if not state.data.startswith(data, state.at):
        return b""  # bytes that are none of a letter stand before these
    state.at += len(data)
    return data


def _subscript(state: State, place: Place, parts: list[Part]) -> bool:
    """`[ … ]`; it is none where its end doesn't stand in the same word."""
    if (state.at, "[") in state.failed:
        return False
    mark: Mark = state.mark()
    state.enter()
    state.at += 1
    inside = state.grammar.parts(state, ZSH_QUOTED_SUBSCRIPT if place.quoted else ZSH_SUBSCRIPT)
    state.depth -= 1
    if state.peek() != 0x5D or state.at == mark.at + 1:
        state.failed.add((mark.at, "["))
        state.back(mark)
        return False
    state.at += 1
    parts += inside
    return True


def read_zsh_parameter(state: State, place: Place, start: int) -> Parameter:
    """`${ … }`, behind the brace."""
    head = _HEAD.match(state.data, state.at, state.end)
    name, before = b"", b""
    behind = state.at
    if head:
        name, before = head[3], (head[1] or b"") + head[2]
        state.at = head.end()
        if state.peek() == 0x7D:
            state.at += 1
            return Parameter(name, before, None, place.quoted, start, state.at)
        behind = state.at
    found = _OPERATOR.match(state.data, state.at, state.end) if name and not before else None
    if found:
        state.at = found.end()
    begin = state.at
    parts = state.grammar.parts(state, QUOTED_BRACES if place.quoted else ZSH_BRACES)
    if state.at >= state.end:
        raise BrokenError(start, "it ends within ${…}")
    operation = found[0] if found else before + state.data[behind : state.at]
    argument = Word(parts, begin, state.at)
    state.at += 1
    return Parameter(name, operation, argument, place.quoted, start, state.at)
