r"""Parts of words: text, quotes, expansions and substitutions, up to what ends the place that they stand in.

part : plain | \ CHAR | '…' | "…" | $'…' | $"…" | `…` | $… | <(…) | >(…) | pattern group
"""

from __future__ import annotations

import re
from collections.abc import Callable

from safeshell.shell.syntax.documents import take_jump_in_word
from safeshell.shell.syntax.expansions import read_dollar
from safeshell.shell.syntax.places import (
    DOCUMENT,
    DOUBLE,
    GROUP,
    TEXT,
    ZSH_GROUP,
    ZSH_GROUP_BRACES,
    ZSH_WORD,
    Place,
)
from safeshell.shell.syntax.qualifiers import read_qualifiers
from safeshell.shell.syntax.quotes import read_single
from safeshell.shell.syntax.reading import read_commands
from safeshell.shell.syntax.state import BrokenError, State
from safeshell.shell.syntax.substitutions import read_backticks, read_process
from safeshell.shell.syntax.tree import Dialect, Part, Substitution, Text, Word

_UNESCAPE = re.compile(rb"\\(.)", re.DOTALL)
RANGE = re.compile(rb"<\d*-\d*>")
"""A pattern of zsh's: a number in a range."""

_DESCRIPTORS = {
    Dialect.BASH: re.compile(rb"\d+|\{[A-Za-z_]\w*\}"),
    Dialect.SH: re.compile(rb"\d"),
    Dialect.ZSH: re.compile(rb"\d|\{[A-Za-z_]\w*\}"),
}
_REDIRECTING = (0x3C, 0x3E)
_CLOSING_BRACE = {
    ZSH_WORD: re.compile(rb"\}(?:\\\n)*(?:[ \t\n;&|<>()]|\Z)"),
    ZSH_GROUP: re.compile(rb"\}(?:\\\n)*(?:[;&]|\Z)"),
}
"""The brace without a partner that isn't part of a word of zsh's any more: the last byte of it."""
_GROUPS = b"?*+@!"


def read_parts(state: State, place: Place) -> tuple[Part, ...]:
    """The parts that stand here, up to what ends the place or the text; whoever called looks which."""
    data = state.data
    end = state.end
    parts: list[Part] = []
    depth = 0
    if place.groups and data.startswith(b"=(", state.at, end):
        parts.append(read_process(state))
    while state.at < end:
        found = place.plain.match(data, state.at, end)
        if found:
            text = found[0]
            state.at = found.end()
            if state.jump is not None and state.jump[0] < state.at:
                text = take_jump_in_word(state, found.start())
            if b"\\" in text:
                text = text.replace(b"\\\n", b"")
            if text:  # a joined line alone is nothing, and makes no word of a variable that is empty
                parts.append(Text(text, place.quoted))
            if state.at >= end:
                break
        byte = data[state.at]
        if byte in place.opens:
            depth += 1
            parts.append(_char(state, place))
        elif byte in place.ends:
            if depth and (byte == place.closes or not place.loose):
                depth -= byte == place.closes
                parts.append(_char(state, place))
                continue
            part = None if place.quoted else _special(state, place, byte, parts)
            if part is None:
                break
            parts += part
        else:
            take = _late if place is TEXT or (place is DOCUMENT and not state.sh) else _TAKERS.get(byte, _other)
            take(state, place, parts)
    return merged(parts)


def _late(state: State, place: Place, parts: list[Part]) -> None:
    """A part of what these shells read when they expand it: where one can't be read, those before it still run."""
    mark = state.mark()
    try:
        _TAKERS.get(state.data[state.at], _other)(state, place, parts)
    except BrokenError:
        state.back(mark)
        state.fail()
        if state.peek(1) == 0x28:
            state.at += 2
            script = read_commands(state)
            state.back(mark)
            parts.append(Substitution("$(", script, True, mark.at, mark.at + 2))  # as in double quotes
            state.at += 2
        else:
            parts.append(_char(state, place))


def _escape(state: State, place: Place, parts: list[Part]) -> None:
    found = place.escapes.match(state.data, state.at, state.end)
    if found:
        parts.append(Text(_UNESCAPE.sub(rb"\1", found[0]), quoted=True))
        state.at = found.end()
    else:
        # The last byte of the text. For bash it is gone where the last line began within single quotes.
        is_gone = state.zsh or (state.bash and state.quoted_newline == state.data.rfind(b"\n", 0, state.at) >= 0)
        parts.append(Text(b"" if is_gone else b"\\", quoted=True))
        state.at += 1


def _backticks(state: State, place: Place, parts: list[Part]) -> None:
    parts.append(read_backticks(state, place))


def _single(state: State, place: Place, parts: list[Part]) -> None:
    if place.quoted:
        _hiding(state, parts)
    else:
        parts.append(Text(read_single(state), quoted=True))


def _other(state: State, place: Place, parts: list[Part]) -> None:
    parts += _special(state, place, state.data[state.at], parts) or [_char(state, place)]


def _char(state: State, place: Place) -> Text:
    """A byte that means itself after all."""
    start = state.at
    state.at += 1
    if state.jump is not None and state.jump[0] == start:
        take_jump_in_word(state, start)
    return Text(state.data[start : start + 1], place.quoted)


def _double(state: State, _place: Place, parts: list[Part]) -> None:
    """`"…"`."""
    start = state.at
    state.at += 1
    inside = read_parts(state, DOUBLE)
    if state.at >= state.end:
        raise BrokenError(start, 'it ends within "…"')
    state.at += 1
    parts += inside or (Text(b"", quoted=True),)


def _hiding(state: State, parts: list[Part]) -> None:
    """`'…'` where single quotes hide the end of a place, but quote nothing: what is in them is expanded."""
    start = state.at
    read_single(state)
    after = state.at
    mark = state.mark()
    state.at, state.end = start + 1, after - 1
    try:
        inside = read_parts(state, TEXT)
    except BrokenError:  # the shell finds that out when it expands it, and gives the command up
        inside = (Text(state.data[start + 1 : after - 1], quoted=True),)
    state.back(mark)
    parts += [Text(b"'", quoted=True), *inside, Text(b"'", quoted=True)]


def _special(state: State, place: Place, byte: int, parts: list[Part]) -> list[Part] | None:
    """What begins with a byte that otherwise ends a word: a process substitution, a pattern's group; else None."""
    if state.sh:
        return None
    if byte in b"<>" and state.peek(1) == 0x28:
        return [read_process(state)]
    if state.zsh:
        if byte == 0x7D:
            closing = _CLOSING_BRACE.get(place)
            if closing is None or closing.match(state.data, state.at, state.end):
                return None
            return [_char(state, place)]
        if byte == 0x7B:
            return _braces_in_group(state)
        if byte == 0x28 and place.groups and state.peek(1) != 0x29:
            return read_zsh_group(state)
        found = RANGE.match(state.data, state.at, state.end)
        if found:
            state.at = found.end()
            return [Text(found[0], quoted=False)]
        return None
    if byte == 0x28 and parts and state.data[state.at - 1] in _GROUPS and state.peek(1) != 0x29:
        last = parts[-1]
        if isinstance(last, Text) and not last.quoted:
            return read_group(state)
    return None


def read_group(state: State) -> list[Part]:
    """`( … )` of a pattern, whatever stands in it."""
    start = state.at
    state.enter()
    state.at += 1
    parts = read_parts(state, GROUP)
    state.depth -= 1
    if state.at >= state.end:
        raise BrokenError(start, "it ends within a pattern's (…)")
    state.at += 1
    return [Text(b"(", quoted=False), *parts, Text(b")", quoted=False)]


def read_zsh_group(state: State) -> list[Part]:
    """`( … )` of a word of zsh: a group of a pattern, or qualifiers, which may hold code."""
    start = state.at
    state.enter()
    state.at += 1
    parts = read_parts(state, ZSH_GROUP)
    state.depth -= 1
    around: list[Part] = [Text(b"(", quoted=False), *parts]
    if state.peek() != 0x29:
        return around  # it matches nothing, which zsh says when it runs
    state.at += 1
    around.append(Text(b")", quoted=False))
    byte = state.peek()
    if byte < 0 or byte in ZSH_WORD.ends or state.data[state.at : state.end] == b"\\":  # the last of a text is nothing
        around += read_qualifiers(state, parts, start)
    return around


def _braces_in_group(state: State) -> list[Part]:
    """`{ … }` in a group, where a brace that closes without a partner ends the word."""
    state.at += 1
    parts = read_parts(state, ZSH_GROUP_BRACES)
    around: list[Part] = [Text(b"{", quoted=False), *parts]
    if state.peek() == 0x7D:
        state.at += 1
        around.append(Text(b"}", quoted=False))
    return around


def read_word(state: State, place: Place) -> Word:
    """The word that stands here."""
    start = state.at
    parts = read_parts(state, place)
    if state.at == start or (
        state.peek() in _REDIRECTING and _DESCRIPTORS[state.dialect].fullmatch(state.data, start, state.at)
    ):
        raise state.unexpected(start)
    return Word(parts, start, state.at)


def merged(parts: list[Part]) -> tuple[Part, ...]:
    """The same parts, texts that touch and are alike as one."""
    if len(parts) < 2:
        return tuple(parts)
    merged: list[Part] = []
    texts: list[bytes] = []
    quoted = False
    for part in parts:
        if isinstance(part, Text):
            if texts and part.quoted != quoted:
                merged.append(Text(b"".join(texts), quoted))
                texts = []
            quoted = part.quoted
            texts.append(part.data)
        else:
            if texts:
                merged.append(Text(b"".join(texts), quoted))
                texts = []
            merged.append(part)
    if texts:
        merged.append(Text(b"".join(texts), quoted))
    return tuple(merged)


_TAKERS: dict[int, Callable[[State, Place, list[Part]], None]] = {
    0x24: read_dollar,
    0x5C: _escape,
    0x22: _double,
    0x60: _backticks,
    0x27: _single,
}
