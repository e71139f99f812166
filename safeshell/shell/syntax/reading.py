"""A text's commands, one after another up to the first that can't be read: what stands before it runs."""

from __future__ import annotations

from safeshell.shell.limits import OverrunError
from safeshell.shell.syntax.state import BrokenError, State
from safeshell.shell.syntax.tree import AndOr, Broken, Script, Sequence


def read_commands(state: State) -> Script:
    """All that can be read from here to the end."""
    items: list[AndOr] = []
    start = state.at
    broken = None
    while True:
        begin = state.at
        depth = state.depth
        try:
            more = state.grammar.complete(state)
        except BrokenError as error:
            broken = Broken(error.at, begin, error.why)
            state.depth = depth
            state.at = begin
            break
        except OverrunError as error:
            items += error.items  # those that stand before it in its own list
            error.items = ()
            error.read = Script(state.data, Sequence(tuple(items), start, begin), None, state.dialect)
            raise
        items += more
        if state.at >= state.end:
            break
    return Script(state.data, Sequence(tuple(items), start, state.at), broken, state.dialect)
