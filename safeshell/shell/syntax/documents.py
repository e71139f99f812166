r"""Here-documents: their bodies begin behind the newline that ends their line, one after another.

A text may end before its delimiter comes: the shell takes what there is.
"""

from __future__ import annotations

import re

from safeshell.shell.syntax.places import DOCUMENT
from safeshell.shell.syntax.state import BrokenError, State
from safeshell.shell.syntax.tree import Part, Redirect, Text, Word

_TABS = re.compile(rb"\n\t+")
_LINE = rb"^(?:(?<!\\\n)|(?<=\\\\\n))"
"""Where a line begins that goes on with none before it, but for what an odd number of backslashes says."""

_NEWLINE = 0x0A
_TAB = 0x09


def delimiter(target: Word, data: bytes) -> bytes:
    """What ends a document: the word without its quotes, expansions in it as they are written."""
    return b"".join([part.data if isinstance(part, Text) else data[part.start : part.end] for part in target.parts])


def is_literal(target: Word) -> bool:
    """Whether nothing in the document is expanded."""
    return any(isinstance(part, Text) and part.quoted for part in target.parts)


def read_documents(state: State) -> None:
    """The bodies of all documents that wait, from the first line on."""
    waiting, state.pending = state.pending, []
    for redirect in waiting:
        state.step()
        _read(state, redirect)


def read_early_documents(state: State) -> None:
    """The documents of a substitution that ends on their line.

    Bash reads them at once, from behind this line; the others take them for empty.
    """
    here = state.at
    if state.bash:
        newline = state.jump[0] if state.jump else state.data.find(b"\n", here, state.end)
        state.at = state.jump[1] if state.jump else newline + 1 or state.end
        read_documents(state)
        if newline >= 0:
            state.jump = newline, state.at
    else:
        state.at = state.end
        read_documents(state)
    state.at = here


def take_jump(state: State, newline: int) -> None:
    """Goes on behind documents that were read before.

    Raises:
        BrokenError: the newline before them stands in the middle of something.
    """
    if state.jump and state.jump[0] < newline:
        raise BrokenError(state.jump[0], "it has a here-document in the middle of a string")
    if state.jump:
        state.at = state.jump[1]
        state.jump = None


def take_jump_in_word(state: State, start: int) -> bytes:
    """The text of a word from an offset on, up to the newline that documents were read behind, which goes on there.

    Raises:
        BrokenError: as `take_jump`.
    """
    assert state.jump is not None
    newline = state.jump[0]
    take_jump(state, max(newline, start))
    return state.data[start : newline + 1] if newline >= start else b""


def _read(state: State, redirect: Redirect) -> None:
    literal = is_literal(redirect.target)
    strip = redirect.operator == b"<<-" or state.strips
    start = state.at
    name = delimiter(redirect.target, state.data)
    while True:
        found = _closing(state, name, strip=strip, literal=literal)
        stop, after = found or (state.end, state.end)
        try:
            parts = (
                (Text(state.data[start:stop], quoted=True),) if literal else _expanded(state, start, stop, strip=strip)
            )
            break
        except BrokenError:
            if found is None:
                raise
            state.at = after  # dash reads what is in a document with it: this delimiter stands in a substitution
            state.fail()
    redirect.unfinished = found is None
    redirect.document = Word(_without_tabs(parts) if strip else parts, start, stop)
    state.at = after


def _closing(state: State, name: bytes, *, strip: bool, literal: bool) -> tuple[int, int] | None:
    """Where the line with the delimiter begins, and where what is behind it does; None where it never comes."""
    if not literal and state.joins:
        return _joined_closing(state, name, strip=strip)
    data, end, start = state.data, state.end, state.at
    at = data.find(name, start, end)
    while at >= 0:
        line = at
        while strip and line > start and data[line - 1] == _TAB:
            line -= 1
        if line == start or data[line - 1] == _NEWLINE:
            behind = _behind(state, at + len(name))
            if behind is not None:
                return line, behind
        at = data.find(name, at + 1, end)
    return None


def _joined_closing(state: State, name: bytes, *, strip: bool) -> tuple[int, int] | None:
    """The same where a line may go on behind a backslash, its delimiter too."""
    data, end = state.data, state.end
    for found in re.compile(_LINE + _joined(name, strip=strip), re.MULTILINE).finditer(data, state.at, end):
        begin = found.start()
        slashes = begin - 1
        while slashes > state.at and data[slashes - 1] == 0x5C:
            slashes -= 1
        if begin > state.at and (begin - 1 - slashes) % 2:
            continue  # the line before goes on here
        behind = _behind(state, found.end())
        if behind is not None:
            return begin, behind
    return None


def _joined(name: bytes, *, strip: bool) -> bytes:
    """A pattern for a delimiter with backslash-newlines anywhere in it."""
    joined = rb"(?:\\\n)*"
    letters = [re.escape(name[at : at + 1]) for at in range(len(name))]
    return (rb"(?:\t|\\\n)*" if strip else joined) + joined.join([*letters, b""])


def end_of_delimiter(redirect: Redirect, data: bytes) -> int:
    """Where the delimiter behind a document ends."""
    assert redirect.document is not None
    name = delimiter(redirect.target, data)
    found = re.compile(_joined(name, strip=redirect.operator == b"<<-")).match(data, redirect.document.end)
    return found.end() if found else redirect.document.end


def _behind(state: State, at: int) -> int | None:
    """Where the text goes on behind a delimiter that ends here; None where its line has more than that.

    In a substitution of bash's it may have more, if the parenthesis that closes it is there.
    """
    if at == state.end:
        return at
    if state.data[at] == _NEWLINE:
        return at + 1
    if state.bash and state.until:
        line = state.data.find(b"\n", at, state.end)
        if state.data.find(b")", at, state.end if line < 0 else line) >= 0:
            return at
    return None


def _expanded(state: State, start: int, stop: int, *, strip: bool) -> tuple[Part, ...]:
    """The parts of a body that is expanded."""
    mark = state.mark()
    until, test, strips = state.until, state.test, state.strips
    state.at, state.end, state.pending, state.until, state.test, state.strips = start, stop, [], 0, False, strip
    try:
        return state.grammar.parts(state, DOCUMENT)
    finally:
        state.back(mark)
        state.until, state.test, state.strips = until, test, strips


def _without_tabs(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The same without the tabs that lines begin with."""
    texts = [Text(_TABS.sub(b"\n", part.data), part.quoted) if isinstance(part, Text) else part for part in parts]
    if texts and isinstance(texts[0], Text):
        texts[0] = Text(texts[0].data.lstrip(b"\t"), texts[0].quoted)
    return tuple(texts)
