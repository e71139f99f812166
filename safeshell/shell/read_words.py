"""Words that stand for what is read: at an open descriptor, or as code that only the run can tell."""

from __future__ import annotations

import re
from dataclasses import replace

from safeshell.shell.encoding import encode
from safeshell.shell.nested_commands import ANYTHING
from safeshell.shell.scope import Scope
from safeshell.shell.words import Unknown, Word, unknown

_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")


def opened(word: Word, scope: Scope) -> Word:
    """A word that names an open descriptor, with what is read there."""
    found = _DESCRIPTOR.fullmatch(word.literal or "")
    number = b"" if found is None else encode(found[1])
    if number not in scope.descriptors:
        return word
    return Word((Unknown(word.written, quoted=True, several=False, file=scope.descriptors[number]),), word.source)


def code_word(by: tuple[Word, ...]) -> Word:
    """The word that stands for a text that only the run can tell: the output of a command, where that is known."""
    for word in by:
        for part in word.parts:
            if isinstance(part, Unknown) and part.output:
                return Word((replace(part, quoted=False, several=True),))
    return unknown(ANYTHING)
