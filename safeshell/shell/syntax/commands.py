r"""A command: simple or compound, or a function's definition.

command          : simple_command | compound_command redirect* | function_definition | coproc
compound_command : subshell | group | if | while | until | for | select | case | '[[' … ']]' | '((' … '))'
"""

from __future__ import annotations

from collections.abc import Callable

from safeshell.shell.syntax import compounds, functions, zsh
from safeshell.shell.syntax.blanks import skip_blanks
from safeshell.shell.syntax.conditions import read_condition
from safeshell.shell.syntax.redirects import read_redirect
from safeshell.shell.syntax.reserved import match_word
from safeshell.shell.syntax.simple import match_parentheses, read_simple
from safeshell.shell.syntax.state import State
from safeshell.shell.syntax.tree import Command, Coproc, Dialect, Function, Redirect, Simple

_Production = Callable[[State], Command]
_Productions = dict[bytes, _Production | None]

# What ends or goes on with a compound command begins none.
_ENDS: _Productions = dict.fromkeys((b"}", b"then", b"elif", b"else", b"fi", b"do", b"done", b"esac", b"!"))
_POSIX: _Productions = {
    **_ENDS,
    b"{": compounds.read_group,
    b"if": compounds.read_if,
    b"while": compounds.read_while,
    b"until": compounds.read_until,
    b"for": compounds.read_for,
    b"case": compounds.read_case,
    b"in": None,
}
_BASH: _Productions = {
    **_POSIX,
    b"[[": read_condition,
    b"select": compounds.read_select,
    b"function": functions.read_function,
    b"coproc": functions.read_coproc,
    b"]]": None,
}
_ZSH: _Productions = {
    **_ENDS,
    b"{": zsh.read_group,
    b"if": zsh.read_if,
    b"while": zsh.read_while,
    b"until": zsh.read_until,
    b"for": zsh.read_for,
    b"foreach": zsh.read_foreach,
    b"select": zsh.read_select,
    b"repeat": zsh.read_repeat,
    b"case": zsh.read_case,
    b"[[": read_condition,
    b"function": functions.read_function,
    b"coproc": functions.read_zsh_coproc,
    b"time": functions.read_time,
    b"end": None,
}
_RESERVED = {Dialect.SH: _POSIX, Dialect.BASH: _BASH, Dialect.ZSH: _ZSH}


def read_command(state: State) -> Command | None:
    """The command that begins here, or None where none does."""
    state.limit()
    start = state.at
    redirects: list[Redirect] = []
    if state.zsh:
        redirects = read_redirects(state)
    if state.at >= state.end:
        return Simple((), (), tuple(redirects), start, redirects[-1].end) if redirects else None
    byte = state.data[state.at]
    if byte == 0x28:
        if state.zsh and match_parentheses(state) >= 0:
            return functions.read_anonymous(state, redirects)
        begin = state.at
        return _around(state, compounds.read_parentheses(state), begin, redirects)
    word, end = match_word(state)
    reserved = _RESERVED[state.dialect]
    if word in reserved and not (word == b"!" and state.data.startswith(b"(", end) and state.zsh):
        production = reserved[word]
        if production is None:
            return Simple((), (), tuple(redirects), start, redirects[-1].end) if redirects else None
        first, state.at = state.at, end
        return _around(state, production(state), first, redirects)
    simple = read_simple(state, start, redirects)
    if simple and state.peek() == 0x28:
        return functions.define_function(state, simple)
    return simple


def read_redirects(state: State) -> list[Redirect]:
    """redirect*, and the blanks behind each."""
    redirects: list[Redirect] = []
    while redirect := read_redirect(state):
        redirects.append(redirect)
        skip_blanks(state)
    return redirects


def _around(state: State, command: Command, start: int, before: list[Redirect]) -> Command:
    """The same command with the word that it begins with, and the redirections around it."""
    command.start = start
    if isinstance(command, Function | Coproc):
        if before:
            raise state.unexpected(start)
        return command
    redirects = before
    while True:
        end = state.at
        skip_blanks(state)
        redirect = read_redirect(state)
        if redirect is None:
            break
        redirects.append(redirect)
    if redirects:
        command.redirects = tuple(redirects)
        command.end = max(command.end, end)
    return command
