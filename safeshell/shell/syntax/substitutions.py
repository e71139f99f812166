r"""Substitutions of commands: `$(…)`, backticks, `<(…)`, `>(…)`."""

from __future__ import annotations

import re

from safeshell.shell.syntax.documents import read_early_documents
from safeshell.shell.syntax.places import DOCUMENT, Place
from safeshell.shell.syntax.reading import read_commands
from safeshell.shell.syntax.state import BrokenError, State
from safeshell.shell.syntax.tree import Broken, Script, Substitution

CLOSE = 0x29
_OPERATOR = re.compile(rb"[&|]|;(?!;)")
_BACKTICKS = re.compile(rb"`([^`\\]*(?:\\.[^`\\]*)*)`", re.DOTALL)
_TABS = re.compile(rb"\n\t+")
_BARE_ESCAPES = re.compile(rb"\\(?:\n|([$`\\]))")
_QUOTED_ESCAPES = re.compile(rb"\\(?:\n|([$`\\\"]))")


def read_process(state: State) -> Substitution:
    """`<( compound_list )`, `>( compound_list )`, zsh's `=( compound_list )`."""
    start = state.at
    kind = state.data[start : start + 2].decode()
    return Substitution(kind, read_closed(state, start, 2), False, start, state.at)  # it can't be


def read_closed(state: State, start: int, opening: int) -> Script:
    """Commands up to the parenthesis that closes them. Here-documents from around them wait for what is behind."""
    state.enter()
    waiting, until, test = state.pending, state.until, state.test
    state.pending, state.until, state.test = [], CLOSE, False
    state.at = start + opening
    body = state.grammar.sequence(state)
    if state.peek() != CLOSE:
        if state.at >= state.end:
            raise BrokenError(start, "it ends within $(…)")
        raise state.unexpected()
    state.at += 1
    if state.pending:
        read_early_documents(state)
    state.pending, state.until, state.test = waiting, until, test
    state.depth -= 1
    return Script(state.data, body, None, state.dialect)


def read_backticks(state: State, place: Place) -> Substitution:
    """`` `…` ``: a text of its own, with an escape taken off it, that is read when it runs."""
    start = state.at
    found = _BACKTICKS.match(state.data, start, state.end)
    if not found:
        raise BrokenError(start, "it ends within `…`")
    state.at = found.end()
    text = _TABS.sub(b"\n", found[1]) if state.strips else found[1]
    if b"\\" in text:
        quoted = place.quoted and (state.sh or place is not DOCUMENT)
        text = (_QUOTED_ESCAPES if quoted else _BARE_ESCAPES).sub(_unescaped, text)
    state.enter()
    inner = state.within(text)
    try:
        script = _read_at_once(inner) if state.sh else read_commands(inner)
    except BrokenError as error:  # its offset is of a text that nobody else has
        raise BrokenError(start, error.why) from None
    state.depth -= 1
    return Substitution("`", script, place.quoted, start, state.at)


def _read_at_once(state: State) -> Script:
    """A text that dash reads with what is around it, up to what can't begin a command; what is behind that never runs.

    Raises:
        BrokenError: it can't be read so far.
    """
    body = state.grammar.sequence(state)
    read_early_documents(state)
    if _OPERATOR.match(state.data, state.at, state.end):
        raise state.unexpected()
    wrong = state.unexpected() if state.at < state.end else None
    broken = Broken(wrong.at, wrong.at, wrong.why) if wrong else None
    return Script(state.data, body, broken, state.dialect)


def _unescaped(found: re.Match[bytes]) -> bytes:
    return found[1] or b""
