"""Builtins of bash: which there are, for no shim sees them, and what they change for the commands behind them."""

from __future__ import annotations

from collections.abc import Sequence

from safeshell.shell.scope import Scope
from safeshell.shell.words import Word

_NAMES = """
. : [ alias bg bind break builtin caller cd command compgen complete continue declare dirs disown echo enable eval exec
exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read
readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit umask unalias unset
wait
"""

BUILTINS = frozenset(_NAMES.split())
"""The names of bash's builtins."""


def take_effect(words: Sequence[Word], scope: Scope) -> None:
    """What a builtin changes for the commands that follow it."""
    name = words[0].literal if words else None
    while name in ("builtin", "command") and len(words) > 1:
        words = words[1:]
        name = words[0].literal
    rest = [word for word in words[1:] if not (word.prefix.startswith("-") and len(word.prefix) > 1)]
    if name in ("cd", "pushd"):
        scope.move(rest[0] if rest else None)
    elif name == "popd":
        scope.directory = None
    elif name == "alias":
        for word in rest:
            key, equals, value = word.written.partition("=")
            if equals:
                scope.aliases[key] = value
    elif name in ("read", "mapfile", "readarray", "getopts", "printf"):
        scope.assigned |= {word.written for word in rest if word.written.isidentifier()}
