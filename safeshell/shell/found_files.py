"""Found files: what stands for `{}` in a command that find runs is one of the files that find comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from safeshell.shell.open_arguments import finds_below
from safeshell.shell.walked import LineCommand
from safeshell.shell.words import Part, Unknown, Word, literals

_MARK = "{}"


def with_origins(commands: Sequence[LineCommand]) -> Iterator[LineCommand]:
    """The commands of a line; the unknown words that a find puts in say so, where it finds only files below."""
    for command in commands:
        yield _with_origin(command, commands)


def _with_origin(command: LineCommand, commands: Sequence[LineCommand]) -> LineCommand:
    if command.parent is None or not any(map(_is_mark, [part for word in command.words for part in word.parts])):
        return command
    finder = literals(commands[command.parent].words)
    if finder is None or not finds_below(finder):
        return command
    output = tuple(finder)
    words = [Word(tuple([_told(part, output) for part in word.parts]), word.source) for word in command.words]
    return command._replace(words=tuple(words))


def _is_mark(part: Part) -> bool:
    return isinstance(part, Unknown) and part.source == _MARK and not part.output


def _told(part: Part, output: tuple[str, ...]) -> Part:
    return replace(part, output=output) if isinstance(part, Unknown) and _is_mark(part) else part
