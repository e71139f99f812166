r"""Compound commands as zsh has them: bodies in braces, bodies of one command, and commands of its own.

    body    : 'do' compound_list 'done' | '{' compound_list '}' | and_or
    if      : 'if' compound_list ('then' compound_list | '{' compound_list '}' | and_or) …
    for     : ('for' | 'select') NAME+ ['in' word* separator | '(' (word | newline)* ')'] body
    foreach : 'foreach' NAME+ … compound_list 'end'
    repeat  : 'repeat' word separator* body
    group   : '{' compound_list '}' ['always' '{' compound_list '}']
    case    : 'case' word ('in' item* 'esac' | '{' item* '}')

A separator is as good as a newline nearly everywhere.
"""

from __future__ import annotations

import re

from safeshell.shell.syntax.arithmetic import read_double_parentheses
from safeshell.shell.syntax.blanks import NEWLINE, skip_blanks, skip_newlines
from safeshell.shell.syntax.compounds import END_OF_ITEM, read_sequence, read_words
from safeshell.shell.syntax.parts import read_word
from safeshell.shell.syntax.reserved import expect_word, match_word, take_word
from safeshell.shell.syntax.state import State
from safeshell.shell.syntax.tree import Case, CaseItem, For, Group, If, Repeat, Sequence, While, Word

_RESERVED = frozenset(
    b"then else elif fi while until do done for foreach select repeat case esac end function coproc time".split()
)
_IDENTIFIER = re.compile(rb"[A-Za-z_]\w*|\d+")


def read_body(state: State, end: bytes = b"") -> Sequence:
    """Body.

    Args:
        state: where it may begin.
        end: the word that ends it where it begins with neither `do` nor a brace; b"" if then it is one list.
    """
    skip_newlines(state)
    if take_word(state, b"do"):
        body = read_sequence(state)
        expect_word(state, b"done")
    elif take_word(state, b"{"):
        body = read_sequence(state)
        expect_word(state, b"}")
    elif end:
        body = read_sequence(state)
        expect_word(state, end)
    else:
        body = read_one(state)
    return body


def read_one(state: State) -> Sequence:
    """and_or; nothing will do."""
    start = state.at
    state.enter()
    item = state.grammar.and_or(state)
    state.depth -= 1
    return Sequence((item,), start, item.end) if item else Sequence((), start, start)


def read_group(state: State) -> Group:
    """`{ … }`, behind the brace."""
    body = read_sequence(state)
    expect_word(state, b"}")
    always = None
    end = state.at
    skip_blanks(state)
    if take_word(state, b"always"):
        skip_newlines(state)
        expect_word(state, b"{")
        always = read_sequence(state)
        expect_word(state, b"}")
        end = state.at
    state.at = end
    return Group(body, always, (), 0, end)


def read_if(state: State) -> If:
    """`if …`, behind the word."""
    arms: list[tuple[Sequence, Sequence]] = []
    otherwise = None
    while True:
        condition = read_sequence(state)
        if state.at >= state.end:
            raise state.unexpected()
        if take_word(state, b"then"):
            arms.append((condition, read_sequence(state)))
            braces = False
        elif take_word(state, b"{"):
            arms.append((condition, read_sequence(state)))
            expect_word(state, b"}")
            braces = True
        else:
            body = read_one(state)
            arms.append((condition, body))
            return If(tuple(arms), None, (), 0, body.end)
        end = state.at
        skip_blanks(state)
        if not take_word(state, b"elif"):
            break
    if take_word(state, b"else"):
        skip_newlines(state)
        if braces and take_word(state, b"{"):
            otherwise = read_sequence(state)
            expect_word(state, b"}")
        else:
            otherwise = read_sequence(state)
            expect_word(state, b"fi")
        end = state.at
    elif not braces:
        expect_word(state, b"fi")
        end = state.at
    state.at = end
    return If(tuple(arms), otherwise, (), 0, end)


def read_while(state: State) -> While:
    """`while …`, behind the word."""
    condition = read_sequence(state)
    body = read_body(state)
    return While(False, condition, body, (), 0, state.at)  # the tree's first field


def read_until(state: State) -> While:
    """`until …`, behind the word."""
    loop = read_while(state)
    loop.until = True
    return loop


def read_for(state: State) -> For | Repeat:
    """`for …`, behind the word."""
    skip_blanks(state)
    if state.peek() == 0x28:
        head = read_double_parentheses(state)
        if head is None:
            raise state.unexpected()
        return Repeat(head, read_body(state), (), 0, state.at)
    return _for(state)


def read_select(state: State) -> For:
    """`select …`, behind the word."""
    return _for(state, single=True)


def read_foreach(state: State) -> For:
    """`foreach …`, behind the word."""
    return _for(state, b"end")


def _for(state: State, end: bytes = b"", *, single: bool = False) -> For:
    names: list[bytes] = []
    while True:
        skip_blanks(state)
        name, after = match_word(state)
        if not _IDENTIFIER.fullmatch(name) or (names and (name == b"in" or name in _RESERVED)):
            break
        names.append(name)
        state.at = after
        if single:
            skip_blanks(state)
            break
    if not names:
        raise state.unexpected()
    words = None
    newline = state.peek() == NEWLINE
    while state.peek() == NEWLINE:
        skip_newlines(state)
    if take_word(state, b"in"):
        words = read_words(state)
        if state.peek() not in (0x3B, NEWLINE):
            raise state.unexpected()
    elif state.peek() == 0x28 and not newline:
        words = _list(state)
    body = read_body(state, end)
    return For(tuple(names), words, body, (), 0, state.at)


def _list(state: State) -> tuple[Word, ...]:
    """`( (word | newline)* )`."""
    state.at += 1
    words: list[Word] = []
    while True:
        skip_newlines(state)
        if state.peek() == 0x29:
            state.at += 1
            return tuple(words)
        state.step()
        words.append(read_word(state, state.word))


def read_repeat(state: State) -> Repeat:
    """`repeat …`, behind the word."""
    skip_blanks(state)
    head = read_word(state, state.word)
    skip_blanks(state)
    return Repeat(head, read_body(state), (), 0, state.at)


def read_case(state: State) -> Case:
    """`case …`, behind the word."""
    skip_blanks(state)
    word = read_word(state, state.word)
    skip_newlines(state)
    end = b"esac"
    if take_word(state, b"{"):
        end = b"}"
    else:
        expect_word(state, b"in")
    items: list[CaseItem] = []
    state.enter()
    while True:
        skip_newlines(state)
        if take_word(state, end):
            break
        items.append(_item(state))
        if not items[-1].then:
            expect_word(state, end)
            break
    state.depth -= 1
    return Case(word, tuple(items), (), 0, state.at)


def _item(state: State) -> CaseItem:
    start = state.at
    patterns = _patterns(state)
    body = state.grammar.sequence(state)
    found = END_OF_ITEM.match(state.data, state.at, state.end)
    if not found:
        return CaseItem(patterns, body, b"", start, state.at)
    state.at = found.end()
    return CaseItem(patterns, body, found[0].replace(b"\\\n", b""), start, state.at)


def _patterns(state: State) -> tuple[Word, ...]:
    """Patterns and the parenthesis behind them.

    Where one stands before them, too, it may be a group of the first one's: `(a|b)) …`.
    """
    if state.peek() == 0x28:
        if (state.at, "case") not in state.failed:
            mark = state.mark()
            found = _alternatives(state)
            if found is not None:
                return found
            state.failed.add((mark.at, "case"))
            state.back(mark)
        state.at += 1
    found = _alternatives(state)
    if found is None:
        raise state.unexpected()
    return found


def _alternatives(state: State) -> tuple[Word, ...] | None:
    words: list[Word] = []
    while True:
        skip_blanks(state)
        if state.peek() in (0x7C, 0x29):
            words.append(Word((), state.at, state.at))  # it matches what is empty
        else:
            words.append(read_word(state, state.word))
        skip_blanks(state)
        if state.peek() != 0x7C:
            break
        state.at += 1
    if state.peek() != 0x29:
        return None
    state.at += 1
    return tuple(words)
