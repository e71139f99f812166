r"""Expansions of parameters in braces: `${NAME}` and all that can stand behind or before the name."""

from __future__ import annotations

import re

from safeshell.shell.syntax.places import BRACES, DOCUMENT, HIDING_BRACES, QUOTED_BRACES, Place
from safeshell.shell.syntax.state import BrokenError, State
from safeshell.shell.syntax.tree import Parameter, Part, Script, Substitution, Word
from safeshell.shell.syntax.zsh_parameters import read_zsh_parameter

_HEAD = re.compile(
    rb"(?:(#)(?=[A-Za-z_0-9@*?$!-](?:\w*[}\[])|#\})|(!)(?=[A-Za-z_0-9@*]))?([A-Za-z_]\w*|\d+|[@*#?!-]|\$(?![({['\"]))"
)
_OPERATOR = re.compile(rb":?[-=+?]")
_DASH_OPERATOR = re.compile(rb":?[-=+?]|[%#]")
_COMMANDS = b" \t\n|"
_PATTERNS = (b"#", b"%", b"/", b"^", b",")


def read_braces(state: State, place: Place, opened: int) -> Part:
    """`${…}`.

    Args:
        state: at the dollar.
        place: where it stands.
        opened: the offset behind the brace.
    """
    start = state.at
    state.enter()
    part: Part | None = None
    if state.bash and opened < state.end and state.data[opened] in _COMMANDS:
        part = _commands(state, place, opened)
    if part is None:
        state.at = opened
        part = read_zsh_parameter(state, place, start) if state.zsh else _parameter(state, place, start)
    state.depth -= 1
    return part


def _parameter(state: State, place: Place, start: int) -> Parameter:
    head = _HEAD.match(state.data, state.at, state.end)
    name, before = b"", b""
    if head:
        name, before = head[3], head[1] or head[2] or b""
        state.at = head.end()
        if state.peek() == 0x7D:
            state.at += 1
            return Parameter(name, before, None, place.quoted, start, state.at)
    behind = state.at
    if state.sh and not _DASH_OPERATOR.match(state.data, state.at, state.end):
        state.at += 2 if name and state.peek() == 0x3A else 1  # dash takes a byte for an operator, whatever it is
        state.at = min(state.at, state.end)
    found = _OPERATOR.match(state.data, state.at, state.end) if name and not before else None
    operation = found[0] if found else b""
    state.at += len(operation)
    begin = state.at
    parts = state.grammar.parts(state, _inside(state, place, pattern=not found))
    if state.at >= state.end:
        raise BrokenError(start, "it ends within ${…}")
    argument = Word(parts, begin, state.at)
    if not found:
        operation = before + state.data[behind : state.at]
    state.at += 1
    return Parameter(name, operation, argument, place.quoted, start, state.at)


def _inside(state: State, place: Place, *, pattern: bool) -> Place:
    """What the braces' own inside is."""
    if not place.quoted:
        return BRACES
    if pattern and state.data.startswith(_PATTERNS, state.at):
        return BRACES
    return HIDING_BRACES if state.bash and place is not DOCUMENT else QUOTED_BRACES


def _commands(state: State, place: Place, opened: int) -> Substitution | None:
    """`${ compound_list }` of newer versions, or None where these are none: the others refuse it when it runs."""
    start = state.at
    if (start, "${") in state.failed:
        return None
    mark = state.mark()
    waiting, until, test = state.pending, state.until, state.test
    state.pending, state.until, state.test = [], 0, False
    state.at = opened + (state.data[opened] == 0x7C)
    try:
        body = state.grammar.sequence(state)
        closed = state.peek() == 0x7D
    except BrokenError:
        closed = False
    state.until, state.test = until, test
    if not closed:
        state.failed.add((start, "${"))
        state.back(mark)
        return None
    state.pending = waiting
    state.at += 1
    return Substitution("${", Script(state.data, body, None, state.dialect), place.quoted, start, state.at)
