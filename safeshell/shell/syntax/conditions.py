r"""`[[ … ]]`.

condition : '[[' or ']]'
or        : and ('||' and)*
and       : term ('&&' term)*
term      : '!' term | '(' or ')' | UNARY word | word [BINARY word] | word '=~' regular_expression
"""

from __future__ import annotations

import re

from safeshell.shell.syntax.blanks import skip_blanks, skip_newlines
from safeshell.shell.syntax.parts import RANGE, read_parts, read_word
from safeshell.shell.syntax.places import EXPRESSION
from safeshell.shell.syntax.state import State
from safeshell.shell.syntax.tree import Test, Text, Word

_END = re.compile(rb"\]\](?=[ \t\n;&|<>()]|\\\n|\Z)")
_NOT = re.compile(rb"!(?=[ \t\n;&|<>()]|\\\n|\Z)")
_UNARY = re.compile(rb"-[a-zA-Z](?=[ \t\n;&|<>()]|\\\n|\Z)")
_ZSH_BINARY = re.compile(rb"=~|==?|!=|<|>|-\w+")
_BINARY = re.compile(rb"(=~|==|!=|=|-[a-z]{2})(?=[ \t\n;&|<>()]|\\\n|\Z)")


def read_condition(state: State) -> Test:
    """`[[ … ]]`, behind the brackets."""
    words: list[Word] = []
    state.enter()
    outer, state.test = state.test, True
    _or(state, words)
    if not _END.match(state.data, state.at, state.end):
        raise state.unexpected()
    state.at += 2
    state.test = outer
    state.depth -= 1
    return Test(tuple(words), (), 0, state.at)


def _or(state: State, words: list[Word]) -> None:
    """Or, and."""
    while True:
        _term(state, words)
        skip_newlines(state)
        if state.data[state.at : state.at + 2] not in (b"&&", b"||"):
            return
        state.at += 2


def _term(state: State, words: list[Word]) -> None:
    """Term."""
    skip_newlines(state)
    while found := _NOT.match(state.data, state.at, state.end):
        words.append(_literal(state, found))
        skip_newlines(state)
    if state.peek() == 0x28:
        state.enter()
        state.at += 1
        _or(state, words)
        if state.peek() != 0x29:
            raise state.unexpected()
        state.at += 1
        state.depth -= 1
        return
    if _END.match(state.data, state.at, state.end):
        raise state.unexpected()
    if state.zsh:
        _zsh_term(state, words)
        return
    unary = _UNARY.match(state.data, state.at, state.end)
    word = read_word(state, state.word)
    words.append(word)
    skip_blanks(state)
    if unary and not _ends(state) and not _BINARY.match(state.data, state.at, state.end):
        words.append(read_word(state, state.word))
        return
    _right(state, words)


def _zsh_term(state: State, words: list[Word]) -> None:
    """`word | UNARY word | word BINARY word`; what tests there are, modules say."""
    term: list[bytes] = []
    while not _ends(state):
        start = state.at
        if state.peek() in (0x3C, 0x3E) and state.peek(1) != 0x28 and not RANGE.match(state.data, state.at, state.end):
            state.at += 1
            words.append(Word((Text(state.data[start : state.at], quoted=False),), start, state.at))
        else:
            words.append(read_word(state, state.word))
        term.append(state.data[start : state.at])
        skip_newlines(state)
    unary = term[:1] and term[0][:1] == b"-"
    if len(term) != 1 and not unary and not (len(term) == 3 and _ZSH_BINARY.fullmatch(term[1])):
        raise state.unexpected()


def _right(state: State, words: list[Word]) -> None:
    """What stands behind a term's first word."""
    if state.peek() in (0x3C, 0x3E) and state.peek(1) != 0x28:
        start = state.at
        state.at += 1
        words.append(Word((Text(state.data[start : start + 1], quoted=False),), start, state.at))
    else:
        found = _BINARY.match(state.data, state.at, state.end)
        if not found:
            if _ends(state):
                return
            raise state.unexpected()
        words.append(_literal(state, found))
        if found[1] == b"=~":
            skip_newlines(state)
            start = state.at
            parts = read_parts(state, EXPRESSION)
            if state.at == start:
                raise state.unexpected()
            words.append(Word(parts, start, state.at))
            return
    skip_newlines(state)
    if _ends(state):
        raise state.unexpected()
    words.append(read_word(state, state.word))


def _ends(state: State) -> bool:
    """Whether a term ends here."""
    byte = state.peek()
    return byte < 0 or byte in b"&|);" or _END.match(state.data, state.at, state.end) is not None


def _literal(state: State, found: re.Match[bytes]) -> Word:
    start, state.at = state.at, found.end()
    return Word((Text(found[0], quoted=False),), start, state.at)
