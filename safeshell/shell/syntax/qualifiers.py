r"""Code in zsh's glob qualifiers, which runs for each file that matches: `*(e:'CODE':)`, `*(+COMMAND)`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from safeshell.shell.syntax.reading import read_commands
from safeshell.shell.syntax.state import State
from safeshell.shell.syntax.tree import Broken, Part, Script, Substitution, Text
from safeshell.shell.syntax.tree import Sequence as Commands

_CLOSES = {0x28: b")", 0x5B: b"]", 0x7B: b"}", 0x3C: b">"}
_COMMAND = re.compile(rb"[oO]?\+([\w.-]+)", re.DOTALL)
_CODE = re.compile(rb"[oO]?e(.)", re.DOTALL)
_TEXT = re.compile(rb"[Pugf]([^\w])", re.DOTALL)
_RANGE = re.compile(rb"\[[^\]]*\]")


def read_qualifiers(state: State, parts: Sequence[Part], start: int) -> list[Part]:
    """The code in a group that ends a word, as substitutions that put nothing into it.

    Args:
        state: behind the group.
        parts: what stands in its parentheses.
        start: the offset of the group.
    """
    end = state.at
    texts = [part.data for part in parts if isinstance(part, Text)]
    data = b"".join(texts)
    if b"e" not in data and b"+" not in data:
        return []
    bare = b"".join([part.data for part in parts if isinstance(part, Text) and not part.quoted])
    if not bare.startswith(b"#q") and (b"|" in bare or b"(" in bare):
        return []  # a pattern
    if len(texts) != len(parts):
        # Expansions come first: what the code is, only the run can tell.
        unknown = Script(b"", Commands((), 0, 0), Broken(0, 0, "it has code that only the run can tell"), state.dialect)
        return [Substitution("(e", unknown, False, start, end)]  # no quotes around it
    found: list[Part] = []
    for kind, code in _codes(data):
        state.enter()
        found.append(Substitution(kind, read_commands(state.within(code)), False, start, end))
        state.depth -= 1
    return found


def _codes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The code in qualifiers, with the kind of each."""
    at = 2 if data.startswith(b"#q") else 0
    while at < len(data) and data[at] != 0x3A:
        if found := _COMMAND.match(data, at):
            yield "(+", found[1]
            at = found.end()
        elif found := _CODE.match(data, at):
            close = data.find(_CLOSES.get(found[1][0], found[1]), found.end())
            close = len(data) if close < 0 else close
            yield "(e", data[found.end() : close]
            at = close + 1
        elif found := _TEXT.match(data, at):
            close = data.find(_CLOSES.get(found[1][0], found[1]), found.end())
            at = len(data) if close < 0 else close + 1
        elif found := _RANGE.match(data, at):
            at = found.end()
        else:
            at += 1
