"""Wrapped commands: what follows a wrapper in a line, by the table that the daemon takes wrappers off by."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from safeshell.command.programs.record import Wrapper
from safeshell.command.programs.wrappers import WRAPPERS
from safeshell.command.unwrap.reading import WrapperReading
from safeshell.shell.nested_commands import Input, Nested, NestedCommand, NestedText, joined
from safeshell.shell.words import Literal, Unknown, Word, literals, plain, unknown


class WordReading(WrapperReading[Word]):
    """The reading of a wrapper's arguments in a line, of which only the run can tell some."""

    def head(self, word: Word) -> tuple[str, bool]:
        """The text before what only the run can tell."""
        return word.prefix, word.literal is not None

    def is_anything(self, word: Word) -> bool:
        """Whether it has no text to begin with, or only what any option begins with."""
        return word.prefix in ("-", "--") or (word.several and not word.prefix)

    def tail(self, word: Word, position: int) -> Word:
        """The word without its first characters."""
        parts = list(word.parts)
        while parts and position:
            first = parts[0]
            if isinstance(first, Unknown):
                break
            rest = first.text[position:]
            position -= len(first.text) - len(rest)
            parts[:1] = [Literal(rest, first.quoted)] if rest else []
        return Word(tuple(parts))

    def split(self, value: Word) -> list[Word]:
        """As env -S does, as far as that can be told."""
        try:
            parts = shlex.split(value.written) if value.literal is not None else [value.written]
        except ValueError:
            return [unknown("…")]
        return [Word((Unknown(part, quoted=False),)) if "$" in part else plain(part) for part in parts]


def wrapped(name: str, words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """What a wrapper runs."""
    row = WRAPPERS[name]
    reading = WordReading(words, row)
    if not reading.read():
        return
    if reading.unclear:
        yield NestedCommand(())
    rest = reading.words[reading.at :] or _default(row)
    texts = reading.texts()
    if texts:
        yield from [joined([text]) for text in texts]
    elif row.permutes and not reading.has("-u", "--user"):
        if stdin is not None:  # the operands say whose shell reads it, and where its output goes
            yield stdin.nested
    elif row.shells and reading.has(*row.shells):
        yield joined(rest) if rest else NestedText(None if stdin is None else stdin.text)
    elif row.permutes or rest:
        rest = [*reading.operands, *rest] if row.permutes else rest
        yield from _joined(name, words[0], rest, stdin) if row.joined else [_command(reading, row, rest)]


def _default(row: Wrapper) -> list[Word]:
    return [plain(word.decode()) for word in row.default]


def _command(reading: WordReading, row: Wrapper, words: list[Word]) -> NestedCommand:
    where = reading.values(row.enters)
    directory = unknown("…") if reading.has(*row.leaves) else where[-1] if where else None
    changes: list[tuple[str, Word | None]] = [(word.written, None) for word in reading.values(row.unsets)]
    for word in reading.assigned:
        name = word.prefix.partition("=")[0]
        changes.append((name, reading.tail(word, len(name) + 1)))
    return NestedCommand(tuple(words), directory, tuple(changes), reading.has(*row.clears))


def _joined(name: str, program: Word, rest: list[Word], stdin: Input | None) -> Iterator[Nested]:
    row = WRAPPERS[name]
    if row.remote:  # ssh takes options after the host too
        reading = WordReading([program, *rest], row._replace(operands=0))
        reading.read()
        yield joined(reading.words[reading.at :], remote=True)
        return
    if name == "parallel":
        at = next((index for index, word in enumerate(rest) if (word.literal or "").startswith(":::")), len(rest))
        given = literals(rest[at + 1 :])
        yield from [joined([*rest[:at], plain(one)]) for one in given or [] if not one.startswith(":::")]
        if given:
            return
        rest = [*rest[:at], unknown("{}")] if stdin is None or stdin.text is None else rest[:at]
    yield joined(rest)


def run_by_xargs(words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """The command of xargs with what it reads."""
    row = WRAPPERS["xargs"]
    reading = WordReading(words, row)
    if not reading.read():
        return
    rest = reading.words[reading.at :] or _default(row)
    marks = [value for name, value in reading.options if name in ("-I", "-i", "--replace")]
    elsewhere = reading.has("-a", "--arg-file")
    lines = None if stdin is None or stdin.text is None or not stdin.whole or elsewhere else stdin.text
    if marks:
        mark = "{}" if marks[-1] is None else marks[-1].written
        given = [plain(line) for line in lines.splitlines()] if lines is not None else [unknown("{}", several=False)]
        for one in given:
            yield NestedCommand(tuple([filled(word, mark, one) for word in rest]))
        return
    if lines is None:
        yield NestedCommand((*rest, unknown("…")))
        return
    try:
        given = [plain(text) for text in shlex.split(lines.replace("\0", " "))]
    except ValueError:
        given = [unknown("…")]
    yield NestedCommand((*rest, *given))


def filled(word: Word, mark: str, by: Word) -> Word:
    """The word with what takes the place of a mark in it."""
    if mark not in word.written:
        return word
    if word.literal is None:
        return unknown(word.written, several=False)
    before, _, after = word.written.partition(mark)
    parts = (Literal(before, quoted=True), *by.parts, Literal(after, quoted=True))
    return Word(tuple([part for part in parts if isinstance(part, Unknown) or part.text]))
