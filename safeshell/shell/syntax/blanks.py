"""What stands between words: blanks, comments, newlines, with the here-documents that begin behind a newline."""

from __future__ import annotations

import re

from safeshell.shell.syntax.documents import read_documents, take_jump
from safeshell.shell.syntax.state import State

NEWLINE = 0x0A
SEMICOLON = re.compile(rb";(?!(?:\\\n)*[;&|])")
"""A separator, and not what ends an item of `case`."""

_BLANKS = re.compile(rb"(?:[ \t]|\\\n)*(?:#[^\n]*)?")


def skip_blanks(state: State) -> None:
    """Goes on to the next word or operator of this line; a word can't end here."""
    found = _BLANKS.match(state.data, state.at, state.end)
    if found:
        state.at = found.end()


def take_newline(state: State) -> None:
    """Takes the newline that stands here, and the here-documents that were waiting for it."""
    newline = state.at
    state.at += 1
    if state.jump is not None and state.jump[0] <= newline:
        take_jump(state, newline)
    if state.pending:
        read_documents(state)


def skip_newlines(state: State) -> None:
    """linebreak: newline*; of zsh also separators, which are as good as newlines to it."""
    skip_blanks(state)
    while state.at < state.end:
        if state.data[state.at] == NEWLINE:
            take_newline(state)
        elif state.zsh and SEMICOLON.match(state.data, state.at, state.end):
            state.at += 1
        else:
            return
        skip_blanks(state)
