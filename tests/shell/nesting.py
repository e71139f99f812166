"""What a command runs in turn, written so that tests can compare it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from safeshell.shell.nested_commands import Input, Nested, NestedCommand
from safeshell.shell.programs import nested
from safeshell.shell.words import Word, plain, unknown


def words(line: str) -> list[Word]:
    """The words of a simple line; `$x` alone is a word that only the run can tell."""
    return [unknown(text) if text.startswith("$") else plain(text) for text in shlex.split(line)]


def shown(answer: Nested) -> str:
    """An answer in a line: a command's words, or a text behind `|`; `?` before what isn't known.

    What no shim sees begins with `!`, what runs elsewhere with `@`, a guess with `~`.
    """
    if isinstance(answer, NestedCommand):
        text = " ".join(("?" if word.literal is None else "") + word.written for word in answer.words)
        marks = ("~" if answer.guess else "") + ("" if answer.shims else "!")
        return marks + (text or "?")
    marks = ("" if answer.shims else "!") + ("@" if answer.remote else "") + "|" + ("" if answer.whole else "?")
    return marks + ("?" if answer.text is None else answer.text)


def answers(line: str, stdin: str | None = None, **changes: str) -> Iterator[str]:
    """What a simple line runs in turn."""
    given = None if stdin is None else Input(stdin)
    for answer in nested(words(line), given, changes={name: plain(value) for name, value in changes.items()}):
        yield shown(answer)
