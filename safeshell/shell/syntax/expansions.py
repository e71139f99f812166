r"""What a dollar begins outside of single quotes.

expansion : $NAME | $DIGIT | $SPECIAL | ${…} | $((…)) | $[…] | $(…)
"""

from __future__ import annotations

import re

from safeshell.shell.syntax.arithmetic import read_brackets, read_dollar_parentheses
from safeshell.shell.syntax.parameters import read_braces
from safeshell.shell.syntax.places import Place
from safeshell.shell.syntax.quotes import read_dollar_single
from safeshell.shell.syntax.state import State
from safeshell.shell.syntax.tree import Parameter, Part, Text
from safeshell.shell.syntax.zsh_parameters import read_zsh_name

_NAME = re.compile(rb"\$(?:\\\n)*([A-Za-z_](?:\w+|\\\n)*|[\d@*#?$!-])")
_OPENING = re.compile(rb"\$(?:\\\n)*([({['\"])")


def read_dollar(state: State, place: Place, parts: list[Part]) -> None:
    """What a dollar begins, or itself. This calls each production itself, for commands nest through here."""
    at = state.at
    named = read_zsh_name(state, place) if state.zsh else _name(state, place)
    if named is not None:
        parts.append(named)
        return
    found = _OPENING.match(state.data, at, state.end)
    opening = found[1] if found else b""
    if found and opening == b"(":
        parts.append(read_dollar_parentheses(state, place, found.end()))
    elif found and opening == b"{":
        parts.append(read_braces(state, place, found.end()))
    elif found and opening == b"[" and not state.sh:
        parts.append(read_brackets(state, place, found.end()))
    elif found and opening == b"'" and not state.sh and (place.hides or not place.quoted):
        state.at = found.end() - 1
        parts.append(Text(read_dollar_single(state), quoted=True))
    elif found and opening == b'"' and not place.quoted and state.bash:
        state.at = found.end() - 1
    else:
        parts.append(Text(b"$", place.quoted))
        state.at = at + 1


def _name(state: State, place: Place) -> Parameter | None:
    found = _NAME.match(state.data, state.at, state.end)
    if not found:
        return None
    start, state.at = state.at, found.end()
    return Parameter(found[1].replace(b"\\\n", b""), b"", None, place.quoted, start, state.at)
