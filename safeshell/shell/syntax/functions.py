r"""Definitions of functions, and coprocesses.

    function_definition : word+ '(' ')' linebreak command | 'function' word* ['(' ')'] linebreak command
    anonymous           : '(' ')' linebreak command word*
    coproc              : 'coproc' [NAME] compound_command | 'coproc' simple_command

Bash wants a compound command for a function's body. Several names, and none, are zsh's.
"""

from __future__ import annotations

import re

from safeshell.shell.syntax.blanks import skip_blanks, skip_newlines
from safeshell.shell.syntax.parts import read_word
from safeshell.shell.syntax.redirects import read_redirect
from safeshell.shell.syntax.simple import match_parentheses
from safeshell.shell.syntax.state import State
from safeshell.shell.syntax.tree import (
    AndOr,
    Command,
    Coproc,
    Function,
    Group,
    Pipeline,
    Redirect,
    Sequence,
    Simple,
    Word,
)

_COMPOUND = re.compile(rb"\(|(?:\{|\[\[|if|while|until|for|case|select)(?=[ \t\n;&|<>()\\]|\Z)")
_NAMED = re.compile(rb"([^ \t\n;&|<>()'\"\\$`]+)(?:[ \t]|\\\n)+(?=" + _COMPOUND.pattern + rb")")
_IDENTIFIER = re.compile(rb"[A-Za-z_]\w*")
_PREFIXES = (b"!", b"time")


def define_function(state: State, simple: Simple) -> Function:
    """`NAME ( ) body`, behind the names.

    Args:
        state: at the parenthesis.
        simple: what stands before it.
    """
    names = [word for word in simple.words if isinstance(word, Word)]
    if simple.assignments or len(names) != len(simple.words) or match_parentheses(state) < 0:
        raise state.unexpected()
    if not state.zsh and (simple.redirects or len(names) > 1):
        raise state.unexpected()
    if state.sh and not _IDENTIFIER.fullmatch(state.data, simple.start, simple.end):
        raise state.unexpected(simple.start)
    _take_parentheses(state)
    body = _body(state)
    return Function(tuple(names), body, (), simple.redirects, simple.start, state.at)


def read_anonymous(state: State, redirects: list[Redirect]) -> Function:
    """`( ) body word*`, of zsh, behind redirections: it runs at once."""
    start = state.at
    _take_parentheses(state)
    body = _body(state)
    return _called(state, Function((), body, (), tuple(redirects), start, state.at))


def read_function(state: State) -> Function:
    """`function …`, behind the word."""
    start = state.at
    names: list[Word] = []
    while True:
        skip_blanks(state)
        if match_parentheses(state) >= 0:
            _take_parentheses(state)
            break
        byte = state.peek()
        if names and not state.zsh:
            break
        if state.zsh and (byte < 0 or byte in b"{\n;&|)"):
            break
        names.append(read_word(state, state.word))
    body = _body(state, may_lack=state.zsh)
    function = Function(tuple(names), body, (), (), start, state.at)
    return function if names else _called(state, function)


def _take_parentheses(state: State) -> None:
    state.at = match_parentheses(state)


def _body(state: State, *, may_lack: bool = False) -> Command:
    """Reads `linebreak command`; behind zsh's `function` nothing will do."""
    skip_newlines(state)
    state.enter()
    body = state.grammar.command(state)
    state.depth -= 1
    if body is None and may_lack:
        return Simple((), (), (), state.at, state.at)
    if body is None or (state.bash and isinstance(body, Simple | Function | Coproc)):
        raise state.unexpected()
    state.at = body.end
    return body


def _called(state: State, function: Function) -> Function:
    """The same function with the arguments that it is called with."""
    words: list[Word] = []
    redirects = list(function.redirects)
    while True:
        end = state.at
        skip_blanks(state)
        byte = state.peek()
        redirect = read_redirect(state)
        if redirect:
            redirects.append(redirect)
        elif byte < 0 or byte in b"\n;&|)}":
            break
        else:
            words.append(read_word(state, state.word))
    state.at = end
    function.words, function.redirects, function.end = tuple(words), tuple(redirects), end
    return function


def read_coproc(state: State) -> Coproc:
    """`coproc …`, behind the word."""
    skip_blanks(state)
    name = b""
    found = _NAMED.match(state.data, state.at, state.end)
    if found and found[1] not in _PREFIXES and not _COMPOUND.match(state.data, state.at, state.end):
        name = found[1]
        state.at = found.end()
    state.enter()
    body = state.grammar.command(state)
    state.depth -= 1
    if body is None or isinstance(body, Function | Coproc):
        raise state.unexpected()
    return Coproc(name, body, 0, body.end)


def read_zsh_coproc(state: State) -> Coproc:
    """`coproc pipeline`, behind the word."""
    body = read_nested_pipeline(state)
    return Coproc(b"", body, 0, body.end)


def read_nested_pipeline(state: State) -> Command:
    """A pipeline where zsh takes one for a command."""
    skip_blanks(state)
    state.enter()
    pipeline = state.grammar.pipeline(state)
    state.depth -= 1
    if pipeline is None:
        return Simple((), (), (), state.at, state.at)
    if len(pipeline.commands) == 1 and not pipeline.negated and not pipeline.timed:
        return pipeline.commands[0]
    return as_command(pipeline)


def as_command(pipeline: Pipeline) -> Group:
    """A command that runs a pipeline."""
    start, end = pipeline.start, pipeline.end
    item = AndOr((pipeline,), (), background=False, start=start, end=end)
    return Group(Sequence((item,), start, end), None, (), start, end)


def read_time(state: State) -> Command:
    """`time [pipeline]` behind a `|`, behind the word."""
    skip_blanks(state)
    start = state.at
    state.enter()
    pipeline = state.grammar.pipeline(state) or Pipeline((Simple((), (), (), start, start),), start, start)
    state.depth -= 1
    pipeline.timed = True
    return as_command(pipeline)
