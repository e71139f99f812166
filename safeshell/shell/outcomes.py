"""Outcomes of commands that are certain by their names: those that succeed, and those behind which nothing runs."""

from __future__ import annotations

from collections.abc import Container

from safeshell.shell.syntax.tree import Assignment, Pipeline, Simple, Text
from safeshell.shell.syntax.tree import Word as Node

_SURE = frozenset({b"cd", b"pushd", b"export", b"set", b"echo", b"true", b":", b"printf", b"shift", b"alias", b"unset"})


def succeeds(pipeline: Pipeline) -> bool:
    """Whether nothing is to be expected of it but success: it only changes the shell."""
    command = pipeline.commands[-1]
    if not isinstance(command, Simple) or pipeline.negated:
        return False
    if not command.words:
        return True
    return word_is(command.words[0], _SURE)


def leaves(pipeline: Pipeline) -> bool:
    """Whether nothing of the list runs behind it."""
    command = pipeline.commands[-1]
    if not isinstance(command, Simple) or not command.words:
        return False
    return word_is(command.words[0], (b"exit", b"return", b"break", b"continue"))


def word_is(word: Node | Assignment, names: Container[bytes]) -> bool:
    """Whether a word is one of these names, as it is written."""
    if not isinstance(word, Node) or len(word.parts) != 1:
        return False
    only = word.parts[0]
    return isinstance(only, Text) and only.data in names
