"""What make runs of a makefile: one that the line gives it (on its input, by `--eval`), or one that is a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safeshell.command.programs.grammars import program as known_program
from safeshell.command.programs.record import Wrapper
from safeshell.shell.makefiles import Line, Makefile, shell_calls
from safeshell.shell.nested_commands import Found, Input, Nested, NestedCommand, NestedFile, NestedText, Placed, file_of
from safeshell.shell.words import Word, plain, unknown
from safeshell.shell.wrapped import WordReading, tail

_LOOKED_FOR = ("GNUmakefile", "makefile", "Makefile")
_WHERE = ("-C", "--directory")
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
    goals = _goals(reading, makefile)
    for word in [*reading.operands, *reading.words[reading.at :]]:
        given = _GIVEN.fullmatch(word.written)
        if given is not None and given[1] in _TOOLS:
            yield NestedText(given[3], word.literal is not None, shell=_SH)
    for word in reading.values(("-E", "--eval")):
        makefile.read(_text(Input(word.written, word.literal is not None)))
    for file in _makefiles(reading, stdin):
        if file.text is None:
            yield NestedText(None, shell=_SH)
        else:
            makefile.read(_text(file))
    where = reading.values(_WHERE)
    directory = where[0] if len(where) == 1 else unknown("-C") if where else None
    yield from [command for command, _ in _run(makefile, goals, directory, dry=reading.has(*_DRY))]


def make_files(words: list[Word]) -> Iterator[NestedFile]:
    """The makefiles that a call of make reads, where they are files."""
    options = known_program("make").options
    assert options is not None
    reading = WordReading(words, options)
    if not reading.read():
        return
    where, files = reading.values(_WHERE), reading.values(_FILES)
    names = [word.literal for word in files if word.literal not in _INPUTS and file_of(word) is None]
    if len(where) > 1 or len(names) < len(files) or None in names:
        return
    first, *more = [name for name in names if name is not None] or [""]

    def runs(found: Found) -> Iterator[Placed]:
        makefile = Makefile(certain=True, other=found.other, check=found.check)
        goals = _goals(reading, makefile)
        for file in (found.file, *[found.other(name) for name in more]):
            if file is not None:
                makefile.read(file.text, file.shown)
        yield from _run(makefile, goals, plain(found.directory), dry=reading.has(*_DRY))

    yield NestedFile((first,) if first else _LOOKED_FOR, runs, where[0] if where else None)


def _goals(reading: WordReading, makefile: Makefile) -> list[str]:
    """The targets that are asked for; variables that the command line sets are."""
    goals: list[str] = []
    for word in [*reading.operands, *reading.words[reading.at :]]:
        given = _GIVEN.fullmatch(word.written)
        if given is None:
            goals.append(word.written)
        else:
            makefile.assign(*given.groups(), given=True)
            makefile.texts.append(Line(given[3]))
    return goals


_TOOLS = frozenset({"CC", "CXX", "CPP", "FC", "AS", "AR", "LD", "LEX", "YACC", "TEX", "MAKEINFO", "RM", "INSTALL"})
"""Variables that are programs in make's own rules, and in most files'."""


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


def _run(makefile: Makefile, goals: list[str], directory: Word | None, *, dry: bool) -> Iterator[Placed]:
    """What making goals runs, and where that stands."""
    texts = [*makefile.texts, *[Line(value) for value in makefile.variables.values() if value is not None]]
    found: dict[Word, str] = {}
    for text, place in [
        *makefile.shells,
        *[Line(call, line.place) for line in texts for call in shell_calls(line.text)],
    ]:
        found.setdefault(Word(tuple(makefile.expanded(text, {}))), place)
    together = any(rule.targets.split() == [".ONESHELL"] for rule in makefile.rules)
    for rule, target in makefile.made(goals):
        needs = makefile.words(rule.needs)
        known = {**({"@": target} if target else {}), **({"^": " ".join(needs), "<": needs[0]} if needs else {})}
        recipe = rule.recipe
        if together and recipe:
            recipe = [Line("\n".join([line.text for line in recipe]), recipe[0].place)]
        for line, place in recipe:
            for call in shell_calls(line):
                found.setdefault(Word(tuple(makefile.expanded(call, known))), place)
            whole = Word(tuple(makefile.expanded(line, known)))
            for command in [whole] if together else _lines(whole):
                prefix = _PREFIX.match(command.prefix)
                flags = "" if prefix is None else prefix[0]
                if not dry or "+" in flags or "$(MAKE)" in line:
                    found.setdefault(tail(command, len(flags)), place)
    shell = (makefile.variables.get("SHELL") or "").split()
    given = [plain(_SH if word in _SHELLS else word) for word in shell] or [unknown("$SHELL")]
    for word, place in found.items():
        if word.parts:
            yield NestedCommand((*given, plain("-c"), word), directory), place


def _lines(word: Word) -> Iterator[Word]:
    """The commands of a line of a recipe: more than one where a variable has several lines."""
    text = word.literal
    if text is None or "\n" not in text.replace("\\\n", ""):
        yield word
    else:
        yield from [plain(line) for line in re.split(r"(?<!\\)\n", text)]
