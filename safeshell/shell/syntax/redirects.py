r"""Redirections.

redirect : [DIGITS | '{' NAME '}'] ('<' | '>' | '>>' | '<>' | '>|' | '<&' | '>&' | '<<' | '<<-' | '<<<') word
         | ('&>' | '&>>') word
"""

from __future__ import annotations

import re

from safeshell.shell.syntax.blanks import skip_blanks
from safeshell.shell.syntax.parts import read_parts, read_word
from safeshell.shell.syntax.places import DASH_DELIMITER
from safeshell.shell.syntax.state import State
from safeshell.shell.syntax.tree import Dialect, Redirect, Word

_JOIN = rb"(?:\\\n)*"


def _operators(*each: bytes) -> bytes:
    """A pattern for operators, a backslash-newline anywhere in them; those that come first are tried first."""
    return b"(" + b"|".join([_JOIN.join([re.escape(bytes([byte])) for byte in one]) for one in each]) + b")"


_DOCUMENTS = (b"<<-", b"<<")
_POSIX = (b"<&", b"<>", b">>", b">&", b">|", b"<", b">")
_NO_PROCESS = rb"(?!(?<=[<>])(?<![<>]{2})" + _JOIN + rb"\()"
_DIGITS = rb"(?:\d" + _JOIN + rb")*"
_NAMED = rb"\{[A-Za-z_]\w*(?:\[[^\]\n]*\])?\}"
_PATTERNS = {
    Dialect.BASH: re.compile(
        rb"(" + _NAMED + rb"(?=[<>])|" + _DIGITS + rb")" + _operators(b"<<<", *_DOCUMENTS, *_POSIX) + _NO_PROCESS
        + rb"|()" + _operators(b"&>>", b"&>")
    ),
    Dialect.SH: re.compile(rb"(\d?)" + _operators(*_DOCUMENTS, *_POSIX)),
    Dialect.ZSH: re.compile(
        rb"(?!<\d*-\d*>)(" + _NAMED + rb"(?=[<>])|\d?)"
        + _operators(
            b"<<<", *_DOCUMENTS, b"<&", b"<>", b">>&|", b">>&!", b">>&", b">>|", b">>!", b">>", b">&|", b">&!", b">&",
            b">|", b">!", b"<", b">",
        )
        + _NO_PROCESS
        + rb"|()" + _operators(b"&>>|", b"&>>!", b"&>>", b"&>|", b"&>!", b"&>")
    ),
}  # fmt: skip


def read_redirect(state: State) -> Redirect | None:
    """The redirection that begins here; None where none does."""
    start = state.at
    found = _PATTERNS[state.dialect].match(state.data, start, state.end)
    if not found:
        return None
    descriptor, operator = (found[1], found[2]) if found[2] is not None else (b"", found[4])
    if b"\\" in found[0]:
        descriptor, operator = descriptor.replace(b"\\\n", b""), operator.replace(b"\\\n", b"")
    state.at = found.end()
    skip_blanks(state)
    at = state.at
    if state.bash and operator in (b"<&", b">&"):  # a number may stand here, whatever follows it
        parts = read_parts(state, state.word)
        if state.at == at:
            raise state.unexpected()
        target = Word(parts, at, state.at)
    else:
        target = read_word(state, DASH_DELIMITER if state.sh and operator in _DOCUMENTS else state.word)
    redirect = Redirect(operator, descriptor, target, None, start, state.at)
    if operator in _DOCUMENTS:
        state.pending.append(redirect)
    return redirect
