r"""What a dollar begins outside of single quotes.

expansion : $NAME | $DIGIT | $SPECIAL | ${…} | $((…)) | $[…] | $(…)
"""

from __future__ import annotations

import re

from safeshell.shell.syntax.arithmetic import read_brackets, read_dollar_parentheses
from safeshell.shell.syntax.parameters import read_braces
from safeshell.shell.syntax.places import Place
from safeshell.shell.syntax.state import State
from safeshell.shell.syntax.tree import Parameter, Part
from safeshell.shell.syntax.zsh_parameters import ZSH_NAME, read_zsh_name

_NAME = re.compile(rb"\$(?:\\\n)*+([A-Za-z_](?:\w++|\\\n)*+|[\d@*#?$!-])")
_OPENING = re.compile(rb"\$(?:\\\n)*+([({[])")


def read_dollar(state: State, place: Place) -> Part | None:
    """The expansion that begins here, or None where the dollar means itself."""
    if state.zsh:
        found = ZSH_NAME.match(state.data, state.at, state.end)
        if found:
            return read_zsh_name(state, place, found)
    else:
        found = _NAME.match(state.data, state.at, state.end)
    if found:
        start, state.at = state.at, found.end()
        return Parameter(found[1].replace(b"\\\n", b""), b"", None, place.quoted, start, state.at)
    found = _OPENING.match(state.data, state.at, state.end)
    if not found:
        return None
    if found[1] == b"{":
        return read_braces(state, place, found.end())
    if found[1] == b"(":
        return read_dollar_parentheses(state, place, found.end())
    return None if state.sh else read_brackets(state, place, found.end())
