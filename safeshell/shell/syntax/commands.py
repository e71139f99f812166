r"""A command: simple or compound, or a function's definition.

command          : simple_command | compound_command redirect* | function_definition | coproc
compound_command : subshell | group | if | while | until | for | select | case | '[[' … ']]' | '((' … '))'
"""

from __future__ import annotations

import re
from collections.abc import Callable

from safeshell.shell.syntax.blanks import skip_blanks
from safeshell.shell.syntax.compounds import (
    read_case,
    read_for,
    read_group,
    read_if,
    read_parentheses,
    read_select,
    read_until,
    read_while,
)
from safeshell.shell.syntax.conditions import read_condition
from safeshell.shell.syntax.functions import read_coproc, read_function, read_named_function
from safeshell.shell.syntax.redirects import read_redirect
from safeshell.shell.syntax.simple import read_simple
from safeshell.shell.syntax.state import State
from safeshell.shell.syntax.tree import Command, Coproc, Dialect, Function, Redirect

_FIRST = re.compile(rb"(?:\\\n)*+((?:[^ \t\n;&|<>()'\"\\$`]++|\\\n)++)(?=[ \t\n;&|<>()]|\Z)")
_DEFINED = re.compile(rb"((?:[^ \t\n;&|<>()'\"\\$`]++|\\\n)++)(?:[ \t]|\\\n)*+\((?:[ \t]|\\\n)*+\)")

_Production = Callable[[State], Command]

_POSIX: dict[bytes, _Production | None] = {
    b"{": read_group,
    b"if": read_if,
    b"while": read_while,
    b"until": read_until,
    b"for": read_for,
    b"case": read_case,
    # What ends or goes on with a compound command begins none.
    **dict.fromkeys((b"}", b"then", b"elif", b"else", b"fi", b"do", b"done", b"esac", b"in", b"!")),
}
_BASH: dict[bytes, _Production | None] = {
    **_POSIX,
    b"[[": read_condition,
    b"select": read_select,
    b"function": read_function,
    b"coproc": read_coproc,
    b"]]": None,
}
_RESERVED = {Dialect.SH: _POSIX, Dialect.BASH: _BASH, Dialect.ZSH: _BASH}


def read_command(state: State) -> Command | None:
    """The command that begins here, or None where none does."""
    state.limit()
    if state.at >= state.end:
        return None
    byte = state.data[state.at]
    if byte in b"\n;|)":
        return None
    if byte == 0x28:
        return _redirected(state, read_parentheses(state))
    found = _FIRST.match(state.data, state.at, state.end)
    if not found:
        return read_simple(state)
    word = found[1].replace(b"\\\n", b"") if b"\\" in found[1] else found[1]
    reserved = _RESERVED[state.dialect]
    if word in reserved:
        production = reserved[word]
        if production is None:
            return None
        start, state.at = state.at, found.end()
        command = production(state)
        command.start = start
        return command if isinstance(command, (Function, Coproc)) else _redirected(state, command)
    defined = _DEFINED.match(state.data, state.at, state.end)
    if defined:
        return read_named_function(state, defined)
    return read_simple(state)


def _redirected(state: State, command: Command) -> Command:
    """The same command with the redirections behind it."""
    redirects: list[Redirect] = []
    while True:
        end = state.at
        skip_blanks(state)
        redirect = read_redirect(state)
        if redirect is None:
            break
        redirects.append(redirect)
    if redirects and not isinstance(command, Coproc):
        command.redirects = tuple(redirects)
        command.end = end
    return command
