r"""Compound commands: subshells, groups, branches and loops.

subshell : '(' compound_list ')'
group    : '{' compound_list '}'
if       : 'if' compound_list 'then' compound_list ('elif' … 'then' …)* ['else' compound_list] 'fi'
while    : ('while' | 'until') compound_list 'do' compound_list 'done'
for      : 'for' NAME linebreak ['in' word* separator] body | 'for' '((' expression '))' [';'] linebreak body
body     : linebreak ('do' compound_list 'done' | '{' compound_list '}')
case     : 'case' word linebreak 'in' linebreak item* 'esac'
item     : ['('] word ('|' word)* ')' compound_list (';;' | ';&' | ';;&') linebreak
"""

from __future__ import annotations

import re

from safeshell.shell.syntax.arithmetic import read_double_parentheses
from safeshell.shell.syntax.blanks import NEWLINE, skip_blanks, skip_newlines
from safeshell.shell.syntax.parts import read_word
from safeshell.shell.syntax.reserved import expect_word, take_word
from safeshell.shell.syntax.state import State
from safeshell.shell.syntax.tree import (
    Case,
    CaseItem,
    For,
    Group,
    If,
    Repeat,
    Sequence,
    Subshell,
    Test,
    Text,
    While,
    Word,
)

_JOIN = rb"(?:\\\n)*"
_IDENTIFIER = re.compile(rb"[A-Za-z_]\w*")
END_OF_ITEM = re.compile(rb";" + _JOIN + rb";" + _JOIN + rb"&|;" + _JOIN + rb";|;" + _JOIN + rb"[&|]")


def read_sequence(state: State) -> Sequence:
    """compound_list of a command's own."""
    state.enter()
    body = state.grammar.sequence(state)
    state.depth -= 1
    if not body.items and not state.zsh:
        raise state.unexpected()
    return body


def read_parentheses(state: State) -> Subshell | Test:
    """`( compound_list )` or `(( expression ))`."""
    start = state.at
    expression = read_double_parentheses(state)
    if expression is not None:
        return Test((expression,), (), start, state.at)
    state.at += 1
    body = read_sequence(state)
    if state.peek() != 0x29:
        raise state.unexpected()
    state.at += 1
    return Subshell(body, (), start, state.at)


def read_group(state: State) -> Group:
    """`{ compound_list }`, behind the brace."""
    body = read_sequence(state)
    expect_word(state, b"}")
    return Group(body, None, (), 0, state.at)


def read_if(state: State) -> If:
    """`if …`, behind the word."""
    arms: list[tuple[Sequence, Sequence]] = []
    otherwise = None
    while True:
        condition = read_sequence(state)
        expect_word(state, b"then")
        arms.append((condition, read_sequence(state)))
        if not take_word(state, b"elif"):
            break
    if take_word(state, b"else"):
        otherwise = read_sequence(state)
    expect_word(state, b"fi")
    return If(tuple(arms), otherwise, (), 0, state.at)


def read_while(state: State) -> While:
    """`while …`, behind the word."""
    return _loop(state, until=False)


def read_until(state: State) -> While:
    """`until …`, behind the word."""
    return _loop(state, until=True)


def _loop(state: State, *, until: bool) -> While:
    condition = read_sequence(state)
    expect_word(state, b"do")
    body = read_sequence(state)
    expect_word(state, b"done")
    return While(until, condition, body, (), 0, state.at)


def read_for(state: State) -> For | Repeat:
    """`for …`, behind the word."""
    skip_blanks(state)
    if state.peek() == 0x28:
        head = None if state.sh else read_double_parentheses(state)
        if head is None or (state.bash and _semicolons(head) != 2):
            raise state.unexpected()
        skip_blanks(state)
        if state.peek() == 0x3B:
            state.at += 1
        return Repeat(head, _do_body(state), (), 0, state.at)
    return read_select(state)


def _semicolons(head: Word) -> int:
    return sum([part.data.count(b";") for part in head.parts if isinstance(part, Text)])


def read_select(state: State) -> For:
    """`select …` or `for NAME …`, behind the word."""
    skip_blanks(state)
    word = read_word(state, state.word)
    name = state.data[word.start : word.end].replace(b"\\\n", b"")
    if state.sh and not _IDENTIFIER.fullmatch(name):
        raise state.unexpected(word.start)
    skip_blanks(state)
    words = None
    if state.peek() == 0x3B:
        state.at += 1
    else:
        skip_newlines(state)
        if take_word(state, b"in"):
            words = read_words(state)
            if state.peek() not in (0x3B, NEWLINE):
                raise state.unexpected()
            if state.peek() == 0x3B or state.sh:
                state.at += 1  # the newline that dash takes here begins no here-document
    body = _do_body(state)
    return For((name,), words, body, (), 0, state.at)


def read_words(state: State) -> tuple[Word, ...]:
    """word*, on this line."""
    words: list[Word] = []
    while True:
        skip_blanks(state)
        byte = state.peek()
        if byte < 0 or (byte in b"\n;&|)"):
            return tuple(words)
        state.step()
        words.append(read_word(state, state.word))


def _do_body(state: State) -> Sequence:
    """Body."""
    skip_newlines(state)
    if not state.sh and take_word(state, b"{"):
        body = read_sequence(state)
        expect_word(state, b"}")
        return body
    expect_word(state, b"do")
    body = read_sequence(state)
    expect_word(state, b"done")
    return body


def read_case(state: State) -> Case:
    """`case …`, behind the word."""
    skip_blanks(state)
    word = read_word(state, state.word)
    skip_newlines(state)
    expect_word(state, b"in")
    items: list[CaseItem] = []
    state.enter()
    while True:
        skip_newlines(state)
        if take_word(state, b"esac"):
            break
        items.append(_item(state))
        if not items[-1].then:
            expect_word(state, b"esac")
            break
    state.depth -= 1
    return Case(word, tuple(items), (), 0, state.at)


def _item(state: State) -> CaseItem:
    """Item."""
    start = state.at
    if state.peek() == 0x28:
        state.at += 1
    patterns: list[Word] = []
    while True:
        skip_blanks(state)
        patterns.append(read_word(state, state.word))
        skip_blanks(state)
        if state.peek() != 0x7C:
            break
        state.at += 1
    if state.peek() != 0x29:
        raise state.unexpected()
    state.at += 1
    body = state.grammar.sequence(state)
    found = END_OF_ITEM.match(state.data, state.at, state.end)
    if not found:
        return CaseItem(tuple(patterns), body, b"", start, state.at)
    state.at = found.end()
    return CaseItem(tuple(patterns), body, found[0].replace(b"\\\n", b""), start, state.at)
