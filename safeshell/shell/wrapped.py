"""Wrapped commands: what follows a wrapper or a runner in a line, by its row in command/programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from safeshell.command.programs.record import Wrapper
from safeshell.command.unwrap.reading import WrapperReading
from safeshell.command.unwrap.splitting import split_env
from safeshell.shell.nested_commands import ANYTHING, Input, Nested, NestedCommand, NestedText, anything_by, joined
from safeshell.shell.words import Literal, Unknown, Word, plain, unknown


class WordReading(WrapperReading[Word]):
    """The reading of a wrapper's arguments in a line, of which only the run can tell some.

    Args:
        words: the wrapper and its arguments.
        row: its row.
        settled: a word that may become any words is taken for an operand, and not for options or nothing.
    """

    def __init__(self, words: list[Word], row: Wrapper, *, settled: bool = False) -> None:
        super().__init__(words, row)
        self._settled = settled

    def head(self, word: Word) -> tuple[str, bool]:
        """The text before what only the run can tell."""
        return word.prefix, word.literal is not None

    def is_anything(self, word: Word) -> bool:
        """Whether it has no text to begin with, or only what any option begins with."""
        return word.prefix in ("-", "--") or (word.several and not word.prefix and not self._settled)

    def tail(self, word: Word, position: int) -> Word:
        """The word without its first characters."""
        return tail(word, position)

    def split(self, value: Word) -> list[Word] | None:
        """As env -S does: what isn't known stays an unknown within its word. None where env rejects the text."""
        holes: list[Unknown] = []

        def hole(part: Unknown) -> bytes:
            holes.append(part)
            return b"\0%d\0" % (len(holes) - 1)

        def variable(name: bytes) -> bytes:
            text = name.decode()
            return hole(Unknown(f"${{{text}}}", quoted=False, variable=text))

        text = b"".join([_bytes_of(part) if isinstance(part, Literal) else hole(part) for part in value.parts])
        words = split_env(text, variable)
        if words is None:
            return None if value.literal is not None else [unknown(ANYTHING)]
        return [_with_holes(word, holes) for word in words]


def _bytes_of(part: Literal) -> bytes:
    return part.text.replace("\0", "").encode("utf-8", "surrogateescape")


def _with_holes(word: bytes, holes: Sequence[Unknown]) -> Word:
    """A word in which numbers between NUL bytes stand for what only the run can tell."""
    parts: list[Literal | Unknown] = []
    for at, piece in enumerate(word.split(b"\0")):
        if at % 2:
            parts.append(replace(holes[int(piece)], quoted=False, several=True))
        elif piece:
            parts.append(Literal(piece.decode("utf-8", "surrogateescape"), quoted=True))
    return Word(tuple(parts))


def tail(word: Word, position: int) -> Word:
    """A word without its first characters, which are literal."""
    parts = list(word.parts)
    while parts and position:
        first = parts[0]
        if isinstance(first, Unknown):
            break
        rest = first.text[position:]
        position -= len(first.text) - len(rest)
        parts[:1] = [Literal(rest, first.quoted)] if rest else []
    return Word(tuple(parts))


@dataclass(frozen=True, slots=True)
class _Around:
    """What is around a command: what the programs and subcommands before it say.

    Attributes:
        directory: as of a NestedCommand.
        changes: likewise.
        bare: likewise.
        shims: likewise.
    """

    directory: Word | None = None
    changes: tuple[tuple[str, Word | None], ...] = ()
    bare: bool = False
    shims: bool = True

    def within(self, row: Wrapper, reading: WordReading) -> _Around:
        """It with what a row's options change."""
        where = reading.values(row.enters)
        lost = row.elsewhere or (row.leaves and reading.has(*row.leaves))
        changes: list[tuple[str, Word | None]] = [(word.written, None) for word in reading.values(row.unsets)]
        for word in reading.assigned:
            name = word.prefix.partition("=")[0]
            changes.append((name, reading.tail(word, len(name) + 1)))
        bare = self.bare or reading.has(*row.clears)
        unseen = row.elsewhere or row.unseen or reading.has(*row.unseen_with)
        moved = bare or any(name == "PATH" for name, _ in changes)
        if moved and changes and changes[-1][0] == "PATH" and _is_before(changes[-1][1]):
            moved = False
        return replace(
            self,
            directory=unknown(ANYTHING) if lost else where[-1] if where else self.directory,
            changes=(*self.changes, *changes),
            bare=bare,
            shims=self.shims and not unseen and not moved,
        )

    def command(self, words: Sequence[Word]) -> NestedCommand:
        """A command with all that is around it."""
        return NestedCommand(tuple(words), self.directory, self.changes, self.bare, self.shims)

    def text(self, words: Sequence[Word], row: Wrapper) -> NestedText:
        """Words that are joined to a text, with what is around it."""
        return replace(joined(words, remote=row.remote), shell=row.read_by, shims=self.shims)

    def input(self, stdin: Input, row: Wrapper) -> NestedText:
        """The standard input as a text."""
        return replace(stdin.nested, shell=row.read_by, shims=self.shims, remote=row.remote)


_NOTHING = _Around()


def _is_before(value: Word | None) -> bool:
    """Whether a value of PATH begins with the caller's own, so that its shims come first."""
    return value is not None and bool(value.parts) and getattr(value.parts[0], "variable", "") == "PATH"


def run_by_row(row: Wrapper, words: list[Word], stdin: Input | None, around: _Around = _NOTHING) -> Iterator[Nested]:
    """What a program runs by its row.

    Args:
        row: its.
        words: the program, or its subcommand, with its arguments.
        stdin: what it reads.
        around: what is around it already.
    """
    behind = _behind(row, words)
    reading = WordReading(words if behind is None else words[: len(words) - len(behind)], row)
    if behind is not None:
        reading = WordReading(reading.words[: -1 if reading.words[1:] else None], row._replace(permutes=True))
    if not reading.read():
        return
    yield from _by_reading(row, words, reading, behind, stdin, around)
    if reading.unclear is not None and behind is None and row.operands:  # `$HOST` is rather the operand than options
        again = WordReading(words, row, settled=True)
        if again.read():
            yield from _by_reading(row, words, again, behind, stdin, around)
    elif reading.unclear is not None and behind is None:
        yield anything_by(reading.unclear)


def _by_reading(
    row: Wrapper,
    words: list[Word],
    reading: WordReading,
    behind: list[Word] | None,
    stdin: Input | None,
    around: _Around,
) -> Iterator[Nested]:
    """What it runs by one reading of its arguments."""
    rest = reading.words[reading.at :] if behind is None else behind
    inside = around.within(row, reading)
    yield from [inside.text([text], row) for text in reading.values(row.beside)]
    if row.verbs:
        if rest and (not row.needs or reading.has(*row.needs)):
            verb = row.verbs.get(rest[0].literal or "")
            other = row.verbs.get("")
            if verb is not None and rest[0].literal:
                yield from run_by_row(verb, rest, stdin, inside)
            elif other is not None:
                yield from run_by_row(other, [words[0], *rest], stdin, inside)
        return
    texts = reading.texts()
    if texts:
        yield from [inside.text([text], row) for text in texts]
    elif not row.needs or reading.has(*row.needs):
        if row.permutes and behind is None:
            rest = [*reading.operands, *rest]
        yield from _rest(row, reading, rest, stdin, inside, found=behind is not None)


def _behind(row: Wrapper, words: list[Word]) -> list[Word] | None:
    """The words behind a dash or an option that the command stands behind; None where there is none."""
    marks = (*row.behind, "--") if row.dashed else row.behind
    at = next((index for index, word in enumerate(words) if index and word.literal in marks), None) if marks else None
    return None if at is None else words[at + 1 :]


def _rest(
    row: Wrapper, reading: WordReading, rest: list[Word], stdin: Input | None, inside: _Around, *, found: bool
) -> Iterator[Nested]:
    """What the operands are: a command, a text, or nothing where a shell reads the input."""
    if not found and ((row.dashed and not row.operands) or (row.behind and not row.dashed)):
        return
    if row.each:
        yield from [inside.text([word], row) for word in rest]
    elif row.remote and row.joined:  # ssh takes options after the host too
        again = WordReading([reading.words[0], *rest], row._replace(operands=0, idle=()))
        again.read()
        rest = again.words[again.at :]
        if rest:
            yield inside.text(rest, row)
        elif stdin is not None:
            yield inside.input(stdin, row)
    elif row.shells and reading.has(*row.shells):
        if rest:
            yield inside.command([_expanding(word) for word in rest])
        elif stdin is not None:
            yield inside.input(stdin, row)
    elif (row.joined and not reading.has(*row.apart_with)) or reading.has(*row.joined_with):
        if rest:
            yield inside.text(rest, row)
    elif row.behind and len(rest) == 1:
        yield inside.text(rest, row)  # of a terminal, `-e TEXT` is read by a shell; a single word is itself either way
    elif row.permutes and not found:
        if stdin is not None:  # the operands say where the output of the shell that reads it goes
            yield inside.input(stdin, row)
    elif reading.has(*row.program):
        yield inside.command([*reading.values(row.program)[-1:], *rest])
    elif rest or row.default:
        yield inside.command(rest or [plain(word.decode()) for word in row.default])


_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")


def _expanding(word: Word) -> Word:
    """A word as the shell reads it that sudo hands it to: all is escaped but `$`."""
    text = word.literal
    if text is None or "$" not in text:
        return word
    parts: list[Literal | Unknown] = []
    at = 0
    for found in _VARIABLE.finditer(text):
        if found.start() > at:
            parts.append(Literal(text[at : found.start()], quoted=True))
        parts.append(Unknown(found[0], quoted=False, variable=found[1]))
        at = found.end()
    if at < len(text):
        parts.append(Literal(text[at:], quoted=True))
    return Word(tuple(parts))


def run_by_su(row: Wrapper, words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """What su and runuser run: a text, the command of `runuser -u`, or what the user's shell is given or reads."""
    reading = WordReading(list(words), row)
    if not reading.read():
        return
    if reading.unclear is not None:
        yield anything_by(reading.unclear)
    given = reading.values(("-s", "--shell"))
    shell = (given[-1].literal or "" if given else "").rpartition("/")[2]
    texts = reading.texts()
    operands = [*reading.operands, *reading.words[reading.at :]]
    if reading.has("-u", "--user") and not texts:
        plainly = WordReading(list(words), row._replace(permutes=False))
        plainly.read()
        if plainly.words[plainly.at :]:
            yield NestedCommand(tuple(plainly.words[plainly.at :]), shims=False)
        return
    if operands and operands[0].literal == "-":
        operands = operands[1:]
    arguments = operands[1:]
    if texts:
        positional = tuple(arguments[1:])
        for text in texts[-1:]:
            yield replace(joined([text]), shell=shell, shims=False, positional=positional)
    elif arguments:
        yield NestedCommand((plain(shell or "sh"), *arguments), shims=False)
    elif stdin is not None:
        yield replace(stdin.nested, shell=shell, shims=False)
