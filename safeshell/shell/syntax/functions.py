r"""Definitions of functions, and coprocesses.

function_definition : NAME '(' ')' linebreak compound_command | 'function' word ['(' ')'] linebreak compound_command
coproc              : 'coproc' [NAME] compound_command | 'coproc' simple_command
"""

from __future__ import annotations

import re

from safeshell.shell.syntax.blanks import skip_blanks, skip_newlines
from safeshell.shell.syntax.parts import read_word
from safeshell.shell.syntax.places import WORD
from safeshell.shell.syntax.state import State
from safeshell.shell.syntax.tree import Command, Coproc, Function, Simple, Text, Word

_PARENTHESES = re.compile(rb"\((?:[ \t]|\\\n)*+\)")
_NAMED = re.compile(
    rb"([^ \t\n;&|<>()'\"\\$`]++)(?:[ \t]|\\\n)++(?=\(|(?:\{|\[\[|if|while|until|for|case|select)[ \t\n;&|<>()])"
)
_COMPOUND = re.compile(rb"\(|(?:\{|\[\[|if|while|until|for|case|select)(?=[ \t\n;&|<>()\\]|\Z)")


def read_named_function(state: State, defined: re.Match[bytes]) -> Function:
    """`NAME ( ) body`.

    Args:
        state: at the name.
        defined: what matched up to the parenthesis that closes, with the name as its first group.
    """
    start = state.at
    name = Word((Text(defined[1].replace(b"\\\n", b""), quoted=False),), start, start + len(defined[1]))
    state.at = defined.end()
    body = _body(state)
    return Function((name,), body, (), (), start, state.at)


def read_function(state: State) -> Function:
    """`function …`, behind the word."""
    skip_blanks(state)
    name = read_word(state, WORD)
    skip_blanks(state)
    found = _PARENTHESES.match(state.data, state.at, state.end)
    if found:
        state.at = found.end()
    body = _body(state)
    return Function((name,), body, (), (), name.start, state.at)


def _body(state: State) -> Command:
    """Linebreak compound_command; of dash any command."""
    skip_newlines(state)
    state.enter()
    body = state.grammar.command(state)
    state.depth -= 1
    if body is None or (state.bash and isinstance(body, (Simple, Function, Coproc))):
        raise state.unexpected()
    state.at = body.end
    return body


def read_coproc(state: State) -> Coproc:
    """`coproc …`, behind the word."""
    skip_blanks(state)
    name = b""
    found = _NAMED.match(state.data, state.at, state.end)
    if found and found[1] != b"!" and not _COMPOUND.match(state.data, state.at, state.end):
        name = found[1]
        state.at = found.end()
    state.enter()
    body = state.grammar.command(state)
    state.depth -= 1
    if body is None or isinstance(body, (Function, Coproc)):
        raise state.unexpected()
    return Coproc(name, body, 0, body.end)
