r"""Simple commands.

simple_command : (assignment | redirect)* [word (word | redirect)*]
assignment     : NAME ['[' … ']'] ('=' | '+=') (word | '(' (word | newline)* ')')
"""

from __future__ import annotations

import re

from safeshell.shell.syntax.blanks import skip_newlines
from safeshell.shell.syntax.parts import merged, read_parts, read_word
from safeshell.shell.syntax.places import SUBSCRIPT, ZSH_SUBSCRIPT, ZSH_VALUE
from safeshell.shell.syntax.redirects import read_redirect
from safeshell.shell.syntax.reserved import match_word
from safeshell.shell.syntax.state import BrokenError, State
from safeshell.shell.syntax.tree import Array, Assignment, Part, Redirect, Simple, Text, Word

DECLARING = frozenset((b"declare", b"export", b"local", b"readonly", b"typeset", b"integer", b"float", b"private"))
"""Commands whose arguments may be assignments."""

_TAKING_ARRAYS = DECLARING | {b"alias", b"eval", b"let"}

_BLANKS = re.compile(rb"(?:[ \t]|\\\n)*(?:#[^\n]*)?")
_PLAIN = re.compile(rb"[ \t]*((?!#)[^ \t\n;&|<>()'\"\\$`]+)(?=[ \t\n;&|)]|\Z)")
"""A word that is nothing but text, with the blanks before it; most are."""

_ZSH_PLAIN = re.compile(rb"[ \t]*((?!#)[^ \t\n;&|<>()'\"\\$`{}]+)(?=[ \t\n;&|)]|\Z)")
_PARENTHESES = re.compile(rb"\((?:[ \t]|\\\n)*\)")

_ENDS = b"\n;|()}"
_ASSIGNED = re.compile(rb"([A-Za-z_](?:\w|\\\n)*)(?:(\[)|(\+?(?:\\\n)*=))")
_EQUALS = re.compile(rb"(?:\\\n)*(\+?)(?:\\\n)*=")
_SIMPLE_SUBSCRIPT = re.compile(rb"([A-Za-z_]\w*)\[[^\s'\"\\$`\[\]]*\]\+?=")


def read_simple(state: State, start: int, redirects: list[Redirect]) -> Simple | None:
    """A simple command, or None where none is here; a parenthesis may stand behind it, which makes it no command.

    Args:
        state: behind the redirections that were read.
        start: where it begins.
        redirects: those.
    """
    data, end = state.data, state.end
    last = redirects[-1].end if redirects else start
    plain = _ZSH_PLAIN if state.zsh else _PLAIN
    assignments: list[Assignment] = []
    words: list[Word | Assignment] = []
    declaring = arrays = False
    while True:
        found = plain.match(data, state.at, end)
        if found:
            state.step()
            text = found[1]
            at = state.at = found.start(1)
            if not declaring if words else (b"=" not in text and b"[" not in text):
                state.at = last = found.end()
                words.append(Word((Text(text, quoted=False),), at, last))
                if len(words) == 1:
                    declaring, arrays = text in DECLARING, text in _TAKING_ARRAYS
                continue
        else:
            blanks = _BLANKS.match(data, state.at, end)
            at = state.at = blanks.end() if blanks else state.at
            if at >= end or (data[at] in _ENDS and _ends(state)):
                break
            state.step()
            redirect = read_redirect(state)
            if redirect is not None:
                redirects.append(redirect)
                last = state.at
                continue
            if data[at] == 0x26 or (data[at] == 0x7B and state.zsh and assignments and not words):
                break
        if not words or arrays:
            after_redirect = bool(redirects) and last == redirects[-1].end and bool(assignments)
            assignment = read_assignment(state, first=not words and not after_redirect)
            if isinstance(assignment, Assignment):
                (words or assignments).append(assignment)
                last = state.at
                continue
            word = assignment or read_word(state, state.word)
        else:
            word = read_word(state, state.word)
        words.append(word)
        last = state.at
        if len(words) == 1:
            name = plain_text(word)
            declaring, arrays = name in DECLARING, name in _TAKING_ARRAYS
    if last == start:
        state.at = start
        return None
    return Simple(tuple(assignments), tuple(words), tuple(redirects), start, last)


def _ends(state: State) -> bool:
    """Whether what stands here ends a command; a parenthesis behind its words may begin a word of zsh's."""
    byte = state.data[state.at]
    if byte == 0x7D:
        return state.zsh and match_word(state)[0] == b"}"
    if byte == 0x28:
        return not state.zsh or match_parentheses(state) >= 0
    return True


def match_parentheses(state: State) -> int:
    """Where `( )` ends, which makes the words before it a function's names; -1 where it doesn't stand here.

    With a blank in it, it is a pattern to zsh.
    """
    found = _PARENTHESES.match(state.data, state.at, state.end)
    if not found or (state.zsh and len(found[0]) != 2):
        return -1
    return found.end()


def plain_text(word: Word) -> bytes:
    """What a word says that is nothing but unquoted text, else b""."""
    parts = word.parts
    if len(parts) == 1 and isinstance(parts[0], Text) and not parts[0].quoted:
        return parts[0].data
    return b""


def read_assignment(state: State, *, first: bool) -> Assignment | Word | None:
    """The assignment that begins here; a word where it began like one with a subscript; None where it doesn't.

    Args:
        state: at the name.
        first: whether it stands before a command's name: there a subscript may hold blanks.
    """
    start = state.at
    found = _ASSIGNED.match(state.data, start, state.end)
    if not found or (state.sh and found[2]):
        return None
    if not first and found[2] and not _SIMPLE_SUBSCRIPT.match(state.data, start, state.end):
        return None
    name = found[1].replace(b"\\\n", b"")
    subscript = None
    parts: list[Part]
    state.at = found.end()
    if found[2]:
        inside = read_parts(state, ZSH_SUBSCRIPT if state.zsh else SUBSCRIPT)
        if state.zsh and state.peek() != 0x5D:  # a word may end before its bracket does
            parts = [Text(name + b"[", quoted=False), *inside, *read_parts(state, state.word)]
            return Word(merged(parts), start, state.at)
        if state.at >= state.end:
            raise BrokenError(start, "it ends within […]")
        subscript = Word(inside, found.end(), state.at)
        state.at += 1
        equals = _EQUALS.match(state.data, state.at, state.end)
        if not equals:
            more = read_parts(state, state.word)
            parts = [Text(name + b"[", quoted=False), *inside, Text(b"]", quoted=False), *more]
            return Word(merged(parts), start, state.at)
        append = bool(equals[1])
        state.at = equals.end()
    else:
        append = found[3][:1] == b"+"
    if state.sh and append:
        state.at = start
        return None
    value = read_value(state)
    return Assignment(name, subscript, append, value, start, state.at)


def read_value(state: State) -> Word | Array:
    """What stands behind the `=` of an assignment."""
    if state.peek() == 0x28 and not state.sh:
        return read_array(state)
    start = state.at
    parts = read_parts(state, ZSH_VALUE if state.zsh else state.word)
    return Word(parts, start, state.at)


def read_array(state: State) -> Array:
    """`( (word | newline)* )`."""
    start = state.at
    state.enter()
    state.at += 1
    words: list[Word] = []
    while True:
        skip_newlines(state)
        byte = state.peek()
        if byte == 0x29:
            break
        if byte < 0:
            raise BrokenError(start, "it ends within an array's (…)")
        state.step()
        words.append(read_element(state) if byte == 0x5B else read_word(state, state.word))
    state.at += 1
    state.depth -= 1
    return Array(tuple(words), start, state.at)


def read_element(state: State) -> Word:
    """`'[' … ']' '=' word`, as one word."""
    start = state.at
    state.at += 1
    inside = read_parts(state, SUBSCRIPT)
    if state.at >= state.end:
        raise BrokenError(start, "it ends within […]")
    state.at += 1
    more = read_parts(state, state.word)
    return Word(merged([Text(b"[", quoted=False), *inside, Text(b"]", quoted=False), *more]), start, state.at)
