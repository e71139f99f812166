r"""Arithmetic: `$((…))`, `$[…]`, `((…))`, and what only looks like it.

Two parentheses are arithmetic where the first one that closes without a partner has the other one right behind it.
"""

from __future__ import annotations

import re

from safeshell.shell.syntax.places import BRACKETS, PARENTHESES, PLAIN_BRACKETS, PLAIN_PARENTHESES, Place
from safeshell.shell.syntax.reading import read_commands
from safeshell.shell.syntax.state import BrokenError, State
from safeshell.shell.syntax.substitutions import read_closed
from safeshell.shell.syntax.tree import Arithmetic, Substitution, Text, Word

_SECOND = re.compile(rb"(?:\\\n)*\(")
_CLOSING = re.compile(rb"\)(?:\\\n)*\)")


def read_dollar_parentheses(state: State, place: Place, opened: int) -> Arithmetic | Substitution:
    """`$(( expression ))`, or `$( compound_list )`.

    Args:
        state: at the dollar.
        place: where it stands.
        opened: the offset behind the first parenthesis.
    """
    start = state.at
    second = _SECOND.match(state.data, opened, state.end)
    if not second or (start, "$((") in state.failed:
        return Substitution("$(", read_closed(state, start, opened - start), place.quoted, start, state.at)
    mark = state.mark()
    state.at = second.end()
    inside = read_expression(state, start)
    if inside is not None:
        return Arithmetic(inside, place.quoted, start, state.at)
    state.failed.add((start, "$(("))
    if state.bash:
        return _late(state, place, start, opened)
    state.back(mark)
    return Substitution("$(", read_closed(state, start, opened - start), place.quoted, start, state.at)


def _late(state: State, place: Place, start: int, opened: int) -> Substitution:
    """Commands in `$(( … ) … )`, whose end bash finds as if it were arithmetic: it reads them when it runs them."""
    state.enter()
    state.at += 1
    state.grammar.parts(state, PARENTHESES)
    if state.at >= state.end:
        raise BrokenError(start, "it ends within $((…))")
    mark = state.mark()
    waiting, until, test = state.pending, state.until, state.test
    state.pending, state.until, state.test, state.jump = [], 0, False, None
    state.at, state.end = opened, mark.at
    script = read_commands(state)
    state.pending, state.until, state.test = waiting, until, test
    state.back(mark)
    state.at += 1
    state.depth -= 1
    return Substitution("$(", script, place.quoted, start, state.at)


def read_expression(state: State, start: int) -> Word | None:
    """An expression and `))`; None where it is none, and then the state is at the parenthesis that shows it."""
    state.enter()
    begin = state.at
    place = PARENTHESES if state.bash else PLAIN_PARENTHESES
    parts = state.grammar.parts(state, place)
    while not (closing := _CLOSING.match(state.data, state.at, state.end)):
        if state.at >= state.end:
            raise BrokenError(start, "it ends within ((…))")
        if not state.sh:
            state.depth -= 1
            return None
        state.at += 1  # dash goes on until there are two
        parts += (Text(b")", quoted=True), *state.grammar.parts(state, place))
    state.depth -= 1
    end, state.at = state.at, closing.end()
    return Word(parts, begin, end)


def read_double_parentheses(state: State) -> Word | None:
    """`(( expression ))`, or None where these are two subshells, and then the state is where it was."""
    if state.sh or (state.at, "((") in state.failed:
        return None
    second = _SECOND.match(state.data, state.at + 1, state.end)
    if not second:
        return None
    mark = state.mark()
    state.at = second.end()
    inside = read_expression(state, mark.at)
    if inside is None:
        state.failed.add((mark.at, "(("))
        state.back(mark)
    return inside


def read_brackets(state: State, place: Place, opened: int) -> Arithmetic:
    """`$[ expression ]`."""
    start, state.at = state.at, opened
    state.enter()
    parts = state.grammar.parts(state, BRACKETS if state.bash else PLAIN_BRACKETS)
    state.depth -= 1
    if state.at >= state.end:
        raise BrokenError(start, "it ends within $[…]")
    state.at += 1
    return Arithmetic(Word(parts, opened, state.at - 1), place.quoted, start, state.at)
