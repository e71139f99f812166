"""Interpreters: where their arguments and input hold code, and what that code runs."""

from __future__ import annotations

from collections.abc import Iterator

from safeshell.command.programs.description import Interpreter
from safeshell.shell.nested_commands import Input, Nested, file_of
from safeshell.shell.words import Word, plain
from safeshell.shell.wrapped import WordReading

_INPUTS = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


def run_by_code(known: Interpreter, words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """What the code that an interpreter is given runs and deletes.

    Args:
        known: the interpreter's data.
        words: it with its arguments.
        stdin: what it reads.
    """
    meant = [known.spelled.get(word.literal or "") for word in words]
    row_words = [word if text is None else plain(text) for word, text in zip(words, meant, strict=True)]
    reading = WordReading(row_words, known.row)
    if not reading.read():
        return
    rest = reading.words[reading.at :]
    codes = reading.values(known.codes)
    if known.verbs:
        if not rest or rest[0].literal not in known.verbs:
            return
        verb = WordReading(rest, known.row)
        verb.read()
        rest = verb.words[verb.at :]
        codes = rest[:1] if verb.words[0].literal == "eval" else []
    elsewhere = reading.has(*known.files)
    if known.first and not codes and not elsewhere:
        codes = rest[:1]
    from safeshell.shell.code.deeds import code_of, done_by  # noqa: PLC0415 # few commands are interpreters with code
    from safeshell.shell.code.languages import LANGUAGES  # noqa: PLC0415 # as above

    language = LANGUAGES[known.language]
    given, holes = [], []
    read = reading.values(known.files) if elsewhere else [] if codes else rest[:1]
    files = map(file_of, read)  # process substitutions, of which the line tells what is in them
    given += [file.text for file in files if file is not None and file.text is not None]
    for code in codes:
        text, found = code_of(code)
        given.append(text)
        holes += found if len(codes) == 1 else []
    reads = not codes and not elsewhere and not known.first and (not rest or rest[0].literal in _INPUTS)
    if reads and stdin is not None and stdin.text is not None:
        given.append(stdin.text)
    if given:
        yield from done_by("\n".join(given), language, holes)
