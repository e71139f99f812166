"""Reserved words: those that go on with a compound command, or end it."""

from __future__ import annotations

import re

from safeshell.shell.syntax.state import BrokenError, State
from safeshell.shell.syntax.tree import Dialect

_ENDS = rb"(?=[ \t\n;&|<>()]|\Z)"
_BASH_ENDS = rb"(?:\\\Z|" + _ENDS + rb")"
"""Bash may read the last byte of a text, a backslash, as one before a newline that it adds."""

_ZSH_ENDS = rb"(?=(?:\\\n)*(?:(?!<\d*-\d*>)[ \t\n;&|<>)}]|\(\)|\Z))"
_WORD = re.compile(rb"(?:\\\n)*((?:[^ \t\n;&|<>()'\"\\$`]|\\\n)+)" + _ENDS)
_ZSH_WORD = re.compile(
    rb"(?:\\\n)*(\{|\}(?!\}\})" + _ZSH_ENDS + rb"|(?:[^ \t\n;&|<>()'\"\\$`{}]|\\\n)+)(?:(?<=[{}])|" + _ZSH_ENDS + rb")"
)
_BASH_WORD = re.compile(_WORD.pattern.removesuffix(_ENDS) + _BASH_ENDS)
_WORDS = {Dialect.BASH: _BASH_WORD, Dialect.SH: _WORD, Dialect.ZSH: _ZSH_WORD}


def match_word(state: State) -> tuple[bytes, int]:
    """The word that stands here and may be a reserved one, and where it ends; b"" where none does.

    To zsh each brace is one, whatever touches it.
    """
    found = _WORDS[state.dialect].match(state.data, state.at, state.end)
    if not found:
        return b"", state.at
    word = found[1]
    return word.replace(b"\\\n", b"") if b"\\" in word else word, found.end()


def take_word(state: State, word: bytes) -> bool:
    """Takes a reserved word, if it stands here."""
    found, end = match_word(state)
    if found != word:
        return False
    state.at = end
    return True


def expect_word(state: State, word: bytes) -> None:
    """Takes a reserved word.

    Raises:
        BrokenError: something else stands here.
    """
    if not take_word(state, word):
        if state.at >= state.end:
            raise BrokenError(state.at, f"it ends before {word.decode()!r}")
        raise state.unexpected()
