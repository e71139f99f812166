"""Commands that are run again and again with words from elsewhere: by xargs, parallel and find."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator, Sequence

from safeshell.command.programs.record import Wrapper
from safeshell.shell.nested_commands import ANYTHING, Input, Nested, NestedCommand, NestedText, anything_by
from safeshell.shell.words import Literal, Unknown, Word, plain, unknown
from safeshell.shell.wrapped import WordReading

RUNS_MAX = 64
"""Runs of one command that are told apart; with more words than that, it is judged as run with words unknown."""


def filled(word: Word, mark: str, by: Word) -> Word:
    """The word with what takes the place of a mark in it.

    Args:
        word: it.
        mark: what is replaced, wherever it stands; no empty text.
        by: what it is replaced by.
    """
    if mark not in word.written:
        return word
    if word.literal is None:
        return unknown(word.written, several=False)
    pieces: list[Literal | Unknown] = []
    for number, text in enumerate(word.literal.split(mark)):
        pieces += [*by.parts] if number else []
        pieces += [Literal(text, quoted=True)] if text else []
    return Word(tuple(pieces))


# find and fd


def run_by_find(name: str, starts: Sequence[str], words: list[Word]) -> Iterator[Nested]:
    """Of find and fd: the command behind one of some options, `{}` being a file."""
    at = 1
    while at < len(words):
        text = words[at].literal or ""
        mark, equals, attached = text.partition("=")
        if text in starts or (equals and mark in starts and name != "find"):
            end = at + 1
            while end < len(words) and words[end].literal != ";":
                if words[end].literal == "+" and words[end - 1].literal == "{}":
                    break
                end += 1
            command = [*([plain(attached)] if equals else []), *words[at + 1 : end]]
            if command:
                yield _found_by(name, text, command)
            at = end
        at += 1


_FD_MARKS = ("{//}", "{/.}", "{/}", "{.}", "{}")


def _found_by(name: str, option: str, command: list[Word]) -> NestedCommand:
    marks = ("{}",) if name == "find" else _FD_MARKS
    marked = any(mark in word.written for word in command for mark in marks)
    for mark in marks:
        command = [filled(word, mark, unknown(mark, several=False)) for word in command]
    if not marked and marks is _FD_MARKS:  # fd adds the file itself
        command.append(unknown("{}", several=False))
    return NestedCommand(tuple(command), unknown("{}") if option in ("-execdir", "-okdir") else None)


# xargs


def run_by_xargs(row: Wrapper, words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """The command of xargs with what it reads."""
    reading = WordReading(words, row)
    if not reading.read():
        return
    if reading.unclear is not None:
        yield anything_by(reading.unclear)
    rest = reading.words[reading.at :] or [plain("echo")]
    marks = [value for name, value in reading.options if name in ("-I", "-i", "--replace")]
    mark = "" if not marks else "{}" if marks[-1] is None else marks[-1].written
    items = None if reading.has("-a", "--arg-file") else _items(reading, stdin, lines=bool(mark))
    if mark:
        given = items if items is not None and len(items) <= RUNS_MAX else [unknown("{}", several=False)]
        for one in given:
            yield NestedCommand(tuple([filled(word, mark, one) for word in rest]))
        return
    if items is None:
        yield NestedCommand((*rest, unknown(ANYTHING)))
        return
    name, value = next(
        (one for one in reversed(reading.options) if one[0] in (*_LINES, "-n", "--max-args")), ("", None)
    )
    text = "1" if value is None else value.literal
    count = int(text) if name and text is not None and text.isdecimal() else 0
    rows = [[item] for item in items]
    if name in _LINES and stdin is not None and not reading.has(*_DELIMITED):
        rows = _rows(stdin.text or "") or rows
    count = max(count, -(-len(rows) // RUNS_MAX)) if count else len(rows)
    for start in range(0, len(rows) or 1, count or 1):
        yield NestedCommand((*rest, *itertools.chain(*rows[start : start + count])))


def _rows(text: str) -> list[list[Word]]:
    """The items of each line that has any; blanks at its end join the next one to it."""
    rows: list[list[Word]] = []
    waiting: list[Word] = []
    for line in re.split(r"(?<!\\)\n", text):
        waiting += map(plain, _unquoted(line, lines=False) or ())
        if waiting and not line.endswith((" ", "\t")):
            rows.append(waiting)
            waiting = []
    return [*rows, waiting] if waiting else rows


_LINES = ("-L", "--max-lines", "-l")
_DELIMITED = ("-d", "--delimiter", "-0", "--null")
_ESCAPES = {"n": "\n", "t": "\t", "0": "\0", "r": "\r", "\\": "\\"}


def _items(reading: WordReading, stdin: Input | None, *, lines: bool) -> list[Word] | None:
    """What xargs makes of its input; None where that can't be told."""
    if stdin is None or stdin.text is None or not stdin.whole:
        return None
    ends = reading.values(_DELIMITED)
    if reading.has(*_DELIMITED):
        end = "\0" if not ends else ends[-1].literal
        if end is not None and end[:1] == "\\":
            end = _ESCAPES.get(end[1:])
        if end is None or len(end) != 1:
            return None
        return [plain(item) for item in stdin.text.removesuffix(end).split(end)]
    found = _unquoted(stdin.text, lines=lines)
    return None if found is None else list(map(plain, found))


_PIECE = re.compile(r"\\(?P<escaped>.)|'(?P<single>[^'\n]*)'|\"(?P<double>[^\"\n]*)\"|(?P<plain>[^'\"\\])", re.DOTALL)


def _unquoted(text: str, *, lines: bool) -> list[str] | None:
    """The items of a text with quotes and backslashes as xargs has them; None where it rejects the text."""
    ends = "\n" if lines else " \t\n"
    items: list[str] = []
    item: str | None = None
    at = 0
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            return None
        at = found.end()
        char = found["plain"]
        if char is not None and char in ends:
            items += [] if item is None else [item]
            item = None
        elif char is None or item is not None or char not in " \t":
            item = (item or "") + "".join(filter(None, found.groups()))
    return items if item is None else [*items, item]


# parallel

_MARKS = re.compile(r"\{(?:[+-]?\d+)?(?:/\.|//|/|\.|\.\.)?\}|\{#\}|\{%\}|\{=.*?=\}")
_SOURCES = (":::", ":::+", "::::", "::::+")


def run_by_parallel(row: Wrapper, words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """The texts that parallel makes: the command's words with its arguments, quoted, in the places of `{}`."""
    at = next((index for index, word in enumerate(words) if word.literal in _SOURCES), len(words))
    reading = WordReading(words[:at], row)
    if not reading.read():
        return
    if reading.unclear is not None:
        yield anything_by(reading.unclear)
    rest = reading.words[reading.at :]
    if reading.has("--pipe", "--pipepart"):
        yield _text(rest)
        return
    if reading.has("-X", "-m", "-N", "-n", "--max-args", "--max-replace-args", "-L", "-l", "-C", "--colsep", "--xargs"):
        combinations = None  # several arguments in one run, or parts of one
    elif at < len(words):
        combinations = _combinations(words[at:])
    else:
        combinations = _lines(reading, stdin)
    mark = reading.values(("-I",))
    if mark and mark[-1].literal:
        rest = [filled(word, mark[-1].literal, plain("{}")) for word in rest]
    if reading.has("-q", "--quote"):
        rest = [plain(shlex.quote(word.literal)) if word.literal is not None else word for word in rest]
    remote = reading.has("-S", "--sshlogin", "--sshloginfile", "--slf")
    for arguments in combinations if combinations is not None else [None]:
        yield _filled(rest, arguments, remote=remote)


def _text(words: Sequence[Word], *, remote: bool = False) -> NestedText:
    whole = all(word.literal is not None for word in words)
    return NestedText(" ".join([word.code for word in words]), whole, None, remote, shims=not remote)


def _filled(rest: Sequence[Word], arguments: Sequence[str] | None, *, remote: bool) -> NestedText:
    """A run's text. What isn't known is `$1`, of which nothing is known either."""
    if not rest:
        return NestedText(None if arguments is None else " ".join(arguments), remote=remote, shims=not remote)
    text = _text(rest, remote=remote)

    def fill(found: re.Match[str]) -> str:
        inner = found[0][1:-1]
        if arguments is None or (inner and not inner.isdecimal()):
            return '"$1"'
        if not inner:
            return " ".join(map(shlex.quote, arguments))
        number = int(inner) - 1
        return shlex.quote(arguments[number]) if 0 <= number < len(arguments) else ""

    line, count = _MARKS.subn(fill, text.text or "")
    if not count:
        line += ' "$1"' if arguments is None else " " + " ".join(map(shlex.quote, arguments))
    return NestedText(line, text.whole, None, remote, shims=not remote)


def _combinations(words: Sequence[Word]) -> list[tuple[str, ...]] | None:
    """The arguments of each run by `:::`; None where they can't be told, or are too many."""
    sources: list[list[str]] = []
    for word in words:
        text = word.literal
        if text is None or text.startswith("::::") or text == ":::+":
            return None
        if text == ":::":
            sources.append([])
        else:
            sources[-1].append(text)
    made = list(itertools.islice(itertools.product(*sources), RUNS_MAX + 1))
    return made if len(made) <= RUNS_MAX else None


def _lines(reading: WordReading, stdin: Input | None) -> list[tuple[str, ...]] | None:
    """The argument of each run by the lines of the input."""
    if stdin is None or stdin.text is None or not stdin.whole:
        return None
    if reading.has("-a", "--arg-file", "-d", "--delimiter"):
        return None
    lines = stdin.text.removesuffix("\0").split("\0") if reading.has("-0", "--null") else stdin.text.splitlines()
    return [(line,) for line in lines] if len(lines) <= RUNS_MAX else None
