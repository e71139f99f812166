"""Shells, and the builtins that run text: given as a word, from a file, or from the standard input."""

from __future__ import annotations

from collections.abc import Iterator

from safeshell.shell.nested_commands import Input, Nested, NestedCommand, NestedText, joined
from safeshell.shell.words import Word

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "rbash", "fish", "hush", "yash"})
"""Programs that read shell text."""

_INPUTS = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_FILES = ("rcfile", "init-file")
_LONG = {
    *("debug", "debugger", "dump-po-strings", "dump-strings", "login", "noediting", "noprofile", "norc", "posix"),
    *("pretty-print", "protected", "restricted", "verbose", "wordexp"),
}
"""bash's long options; one dash will do."""


def shell_text(words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """Of bash and its kin: -c anywhere among the options makes the first operand the text.

    Not read by `getopt`: options may begin with `+`, and what -o and -O take stands behind their whole cluster.
    """
    waiting = words[1:]
    given = reads = False
    while waiting:
        text = waiting[0].literal
        if text is None and waiting[0].several and not waiting[0].prefix:
            yield NestedCommand(())
        elif text is None or len(text) < 2 or text[0] not in "-+":
            break
        elif text == "--":
            waiting = waiting[1:]
            break
        elif text.lstrip("-") in ("version", "help"):
            return
        elif text.lstrip("-") in _FILES:
            waiting = waiting[1:]
        elif not text.startswith("--") and text[1:] not in _LONG:
            given = given or (text[0] == "-" and "c" in text)
            reads = reads or (text[0] == "-" and "s" in text)
            waiting = waiting[text.count("o") + text.count("O") :]
        waiting = waiting[1:]
    if given:
        if waiting:
            text_word, *rest = waiting
            yield NestedText(text_word.written, text_word.literal is not None, tuple(rest[1:]))
    elif waiting and waiting[0].written.startswith("<("):
        yield NestedText(None)
    elif reads or not waiting or waiting[0].literal in _INPUTS:
        if stdin is not None:
            yield stdin.nested
    elif waiting[0].literal is None and waiting[0].several and not waiting[0].prefix:
        yield NestedCommand(())


def eval_text(words: list[Word], _stdin: Input | None) -> Iterator[Nested]:
    """Of eval."""
    if words[1:]:
        yield joined(words[1:], inside=True)


def trap_text(words: list[Word], _stdin: Input | None) -> Iterator[Nested]:
    """Of trap: it runs sooner or later."""
    rest = [word for word in words[1:] if word.literal != "--"]
    if len(rest) > 1 and not (rest[0].literal or "").startswith("-"):
        yield joined(rest[:1], inside=True)


def source_text(words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """Of `.` and source."""
    if len(words) > 1 and words[1].written.startswith("<("):
        yield NestedText(None)
    elif len(words) > 1 and words[1].literal in _INPUTS[1:] and stdin is not None:
        yield stdin.nested


def input_text(_words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """Of at and batch, which run what they are given."""
    if stdin is not None:
        yield stdin.nested
