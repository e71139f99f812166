"""Deeds of code as nested commands: what its calls run, and `rm -rf` for what they delete."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from safeshell.shell.code.combine import Value
from safeshell.shell.code.languages import Language
from safeshell.shell.code.lexer import CODE_MAX
from safeshell.shell.code.values import CodeReading, Deed
from safeshell.shell.nested_commands import Nested, NestedCommand, NestedText
from safeshell.shell.words import Literal, Unknown, Word, plain, unknown

_SH = "sh"
_SHOWN_MAX = 200
"""Characters of a call that are shown."""


def code_of(word: Word) -> tuple[str, list[Unknown]]:
    """Code as a word of the line has it, marks in the places of what the line's shell puts in; and those."""
    holes: list[Unknown] = []
    text = []
    for part in word.parts:
        if isinstance(part, Unknown):
            text.append(f"ꙮ{len(holes)}ꙮ")
            holes.append(part)
        else:
            text.append(part.text)
    return "".join(text), holes


_DEEP = 4
"""Codes in one another; what is deeper may do anything."""


def done_by(code: str, language: Language, holes: Sequence[Unknown] = (), depth: int = 0) -> Iterator[Nested]:
    """What a code runs and deletes.

    Args:
        code: the text.
        language: its own.
        holes: what the line's shell puts into it.
        depth: how many codes are around it.
    """
    reading = CodeReading(code, language, holes)
    for deed in reading.deeds:
        first = deed.arguments[0] if deed.arguments else None
        if deed.kind != "code":
            yield from _done(deed)
        elif isinstance(first, Word) and first.literal is not None:
            yield from done_by(first.literal, language, holes, depth + 1) if depth < _DEEP else [NestedCommand(())]
    unread = code[CODE_MAX:]
    if not reading.whole or (unread and any(name.rpartition(".")[2] in unread for name in language.calls)):
        yield NestedCommand(())  # what is too long or too intricate to be read may do anything


def _done(deed: Deed) -> Iterator[Nested]:
    given = deed.arguments
    first = given[0] if given else None
    if deed.kind.startswith("delete"):
        targets = given if deed.kind == "delete-all" else [deed.receiver] if deed.kind == "delete-self" else given[:1]
        words = _flat(targets)
        if words:
            shown = deed.shown if len(deed.shown) <= _SHOWN_MAX else f"{deed.shown[:_SHOWN_MAX]}…"
            yield NestedCommand((plain("rm"), plain("-rf"), *words), shown=shown)
    elif not given:
        return
    elif deed.kind == "text":
        yield from _command(_flat([first])) if isinstance(first, tuple) else _text(first)
    elif deed.kind == "words":
        words = _flat([value for value in given if value is not None])
        alone = len(words) == 1 and not isinstance(next(value for value in given if value is not None), tuple)
        yield from _text(words[0]) if alone else _command(words)
    elif deed.kind == "subprocess":
        yield from _subprocess(deed, first)
    elif deed.kind == "program":
        words = _flat(
            given[:2] if isinstance(given[1:2], list) and isinstance((given[1:2] or [None])[0], tuple) else given
        )
        options = deed.keywords.get("", "")
        shell = re.search(r"\bshell\s*:\s*(?!false)", options) is not None
        if re.search(r"\bargs\s*:", options):  # deno's, which aren't read
            words.append(unknown("args"))
        yield from _text(_joined(words)) if shell else _command(words)
    elif deed.kind == "list":
        yield from _command(_flat([first]))
    elif deed.kind == "pipe":
        yield from _opened(given)
    else:
        yield from _executed(deed.kind, given)


def _flat(values: Sequence[Value]) -> list[Word]:
    """The words of values, lists opened."""
    found: list[Word] = []
    for value in values:
        if isinstance(value, tuple):
            found += _flat(value)
        elif value is not None:
            found.append(value)
    return found


def _joined(words: Sequence[Word]) -> Word:
    parts: list[Literal | Unknown] = []
    for number, word in enumerate(words):
        parts += [Literal(" ", quoted=True)] if number else []
        parts += word.parts
    return Word(tuple(parts))


def _text(value: Value) -> Iterator[NestedText]:
    """A text that a shell reads; of what its holes hold nothing is known, as of `$1`."""
    if isinstance(value, Word) and any(isinstance(part, Literal) for part in value.parts):
        text = "".join(
            [part.text if isinstance(part, Literal) else part.source if part.variable else "$1" for part in value.parts]
        )
        yield NestedText(text, value.literal is not None, shell=_SH)
    elif not isinstance(value, Word) or value.parts:
        yield NestedText(None, whole=False, shell=_SH)


def _command(words: Sequence[Word], directory: Word | None = None) -> Iterator[NestedCommand]:
    if words:
        yield NestedCommand(tuple(words), directory)


def _subprocess(deed: Deed, first: Value) -> Iterator[Nested]:
    """Of Python's subprocess: a list is a command, a text one for a shell where that is asked for."""
    by_shell = deed.keywords.get("shell", "False") not in ("False", "0", "None")
    if first is None and "args" not in deed.keywords:
        return
    if not isinstance(first, tuple):
        if by_shell or not isinstance(first, Word):
            yield from _text(first)
        else:
            yield from _command([first])
        return
    words = _flat([first])
    if by_shell and words:
        yield from _text(words[0])
    else:
        yield from _command(words, unknown("cwd") if deed.keywords.get("cwd", "None") != "None" else None)


_FROM = re.compile(r"\s*\|?\s*(.*?)\s*\|?\s*", re.DOTALL)


def _opened(given: Sequence[Value]) -> Iterator[Nested]:
    """Of perl's open: a mode with a dash, or a text that begins or ends with a bar."""
    words = _flat(given[1:])
    mode = words[0].written.strip() if words else ""
    if mode in ("-|", "|-"):
        yield from _text(words[1]) if len(words) == 2 else _command(words[1:])  # the mode and a text
    elif len(words) == 1 and (mode.startswith("|") or mode.endswith("|")) and words[0].literal is not None:
        inner = _FROM.fullmatch(words[0].literal)
        yield from _text(plain(inner[1] if inner is not None else mode))


def _executed(kind: str, given: Sequence[Value]) -> Iterator[Nested]:
    """Of Python's os.exec* and os.spawn*: a path, then argv, whose first word is no argument."""
    rest = list(given[1:]) if kind.startswith("spawn") else list(given)
    path, arguments = rest[:1], rest[1:]
    if kind.endswith("v"):
        arguments = list(arguments[0]) if arguments and isinstance(arguments[0], tuple) else arguments[:1]
    yield from _command([*_flat(path), *_flat(arguments[1:])])
