"""Outputs of commands, where the line alone tells them: so `echo … | base64 -d | sh` is read as what it runs."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence

from safeshell.shell.nested_commands import Input
from safeshell.shell.syntax.tree import Dialect
from safeshell.shell.words import Word, literals

_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}


def output(words: Sequence[Word], stdin: Input | None, dialect: Dialect = Dialect.BASH) -> Input:  # noqa: ARG001 # to come
    """What a command writes to its standard output.

    Returns:
        The text, or one of None where only the run can tell.
    """
    texts = literals(words)
    if texts is None:
        # As written: what is known of it is judged, and that more may come is said.
        name = words[0].literal
        return Input(" ".join([word.written for word in words[1:]]), whole=False) if name == "echo" else Input(None)
    name, *rest = texts
    name = os.path.basename(name)
    if name == "echo":
        return _echo(rest)
    if name == "printf" and rest:
        return Input(_format(rest))
    known = stdin.text if stdin is not None else None
    if known is None or (stdin is not None and not stdin.whole):
        return Input(None)
    if name in ("cat", "tee") and all(text in ("-", "-a") for text in rest):
        return Input(known)
    if name == "rev" and not rest:
        return Input("\n".join([line[::-1] for line in known.split("\n")]))
    if name == "base64" and {"-d", "-D", "--decode", "-di"} & set(rest):
        return Input(_decoded(known))
    if name == "xxd" and "".join(sorted("".join(rest))).replace("-", "") == "pr":
        return Input(_unhexed(known))
    return Input(None)


def _echo(rest: list[str]) -> Input:
    escapes = False
    while rest and len(rest[0]) > 1 and rest[0][0] == "-" and set(rest[0][1:]) <= set("neE"):
        escapes = escapes or "e" in rest[0]
        rest = rest[1:]
    text = " ".join(rest)
    return Input(_unescaped(text) if escapes else text)


def _unescaped(text: str) -> str:
    for char, meaning in _SIMPLE.items():
        text = text.replace(f"\\{char}", meaning)
    return text


def _format(words: list[str]) -> str | None:
    """The text of printf where it has only %s and %b; its arguments are used up in turn."""
    form, *rest = words
    pieces = form.replace("%%", "\0").replace("%b", "%s").split("%s")
    if any("%" in piece for piece in pieces):
        return None
    count = len(pieces) - 1
    made = ""
    while True:
        values = [rest.pop(0) if rest else "" for _ in range(count)]
        made += pieces[0] + "".join([value + piece for value, piece in zip(values, pieces[1:], strict=True)])
        if not rest or not count:
            return _unescaped(made.replace("\0", "%"))


def _decoded(text: str) -> str | None:
    try:
        return base64.b64decode("".join(text.split()), validate=False).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return None


def _unhexed(text: str) -> str | None:
    try:
        return bytes.fromhex(text).decode("utf-8", "surrogateescape")
    except ValueError:
        return None
