"""What make runs of a makefile that the line gives it: on its input, by `--eval`, in variables on its command line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safeshell.command.programs.record import Wrapper
from safeshell.shell.makefiles import Makefile, shell_calls
from safeshell.shell.nested_commands import Input, Nested, NestedCommand, NestedText, file_of
from safeshell.shell.words import Word, plain, unknown
from safeshell.shell.wrapped import WordReading, tail

_FILES = ("-f", "--file", "--makefile")
_INPUTS = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_DRY = ("-n", "--just-print", "--dry-run", "--recon", "-q", "--question", "-t", "--touch")
_GIVEN = re.compile(r"([^\s:#=!?+]+)(:{0,3}=|!=|\?=|\+=)(.*)", re.DOTALL)
_PREFIX = re.compile(r"[\s@+-]*")
_SH = "sh"
_SHELLS = (_SH, "/bin/sh", "/usr/bin/sh")


def make_text(options: Wrapper, words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """What a call of make runs, as far as the line has its makefile."""
    reading = WordReading(words, options)
    if not reading.read():
        return
    makefile = Makefile()
    goals: list[str] = []
    for word in [*reading.operands, *reading.words[reading.at :]]:
        given = _GIVEN.fullmatch(word.written)
        if given is None:
            goals.append(word.written)
        else:
            makefile.assign(*given.groups(), given=True)
            makefile.texts.append(given[3])
    for word in reading.values(("-E", "--eval")):
        makefile.read(_text(Input(word.written, word.literal is not None)))
    for file in _makefiles(reading, stdin):
        if file.text is None:
            yield NestedText(None, shell=_SH)
        else:
            makefile.read(_text(file))
    where = reading.values(("-C", "--directory"))
    directory = where[0] if len(where) == 1 else unknown("-C") if where else None
    yield from _run(makefile, goals, directory, dry=reading.has(*_DRY))


def _makefiles(reading: WordReading, stdin: Input | None) -> Iterator[Input]:
    for word in reading.values(_FILES):
        if word.literal in _INPUTS:
            if stdin is not None:
                yield stdin
        elif (file := file_of(word)) is not None:
            yield file


def _text(file: Input) -> str:
    """A makefile; where only the run can tell some of it, what the shell expands isn't make's to expand."""
    text = file.text or ""
    return text if file.whole else text.replace("$", "$$")


def _run(makefile: Makefile, goals: list[str], directory: Word | None, *, dry: bool) -> Iterator[NestedCommand]:
    texts = [*makefile.texts, *[value for value in makefile.variables.values() if value is not None]]
    found: dict[Word, None] = {}
    for text in [*makefile.shells, *[call for one in texts for call in shell_calls(one)]]:
        found[Word(tuple(makefile.expanded(text, {})))] = None
    together = any(rule.targets.split() == [".ONESHELL"] for rule in makefile.rules)
    for rule, target in makefile.made(goals):
        needs = makefile.words(rule.needs)
        known = {**({"@": target} if target else {}), **({"^": " ".join(needs), "<": needs[0]} if needs else {})}
        for line in ["\n".join(rule.recipe)] if together and rule.recipe else rule.recipe:
            for call in shell_calls(line):
                found[Word(tuple(makefile.expanded(call, known)))] = None
            whole = Word(tuple(makefile.expanded(line, known)))
            for command in [whole] if together else _lines(whole):
                prefix = _PREFIX.match(command.prefix)
                flags = "" if prefix is None else prefix[0]
                if not dry or "+" in flags or "$(MAKE)" in line:
                    found[tail(command, len(flags))] = None
    shell = makefile.variables.get("SHELL") or ""
    given = [plain(_SH if shell in _SHELLS else shell), plain("-c")] if shell else [unknown("$SHELL"), plain("-c")]
    for word in found:
        if word.parts:
            yield NestedCommand((*given, word), directory)


def _lines(word: Word) -> Iterator[Word]:
    """The commands of a line of a recipe: more than one where a variable has several lines."""
    text = word.literal
    if text is None or "\n" not in text.replace("\\\n", ""):
        yield word
    else:
        yield from [plain(line) for line in re.split(r"(?<!\\)\n", text)]
