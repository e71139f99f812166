"""Shells, and the builtins that run text: given as a word, from a file, or from the standard input."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from safeshell.command.programs.record import Wrapper
from safeshell.command.programs.shells import ATTACHING, BASH, CMD, OPTIONED, POWERSHELLS
from safeshell.shell.nested_commands import Input, Nested, NestedCommand, NestedText, anything_by, file_of, joined
from safeshell.shell.words import Word, plain
from safeshell.shell.wrapped import WordReading

_SH = "sh"
INPUTS = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_FILES = ("rcfile", "init-file")
_LONG = {option.rstrip("=") for option in BASH["long"]}
"""bash's long options; one dash will do."""


@dataclass(slots=True)
class ShellOptions:
    """A shell's options.

    Attributes:
        letters: those of one letter that are set.
        shows: it tells something about itself and runs nothing.
        login: it is a login shell, whose start-up files may set PATH anew.
        unclear: a word that may have been anything.
        file: what it reads first where it is interactive, in place of its own file.
        rest: what follows them.
    """

    letters: set[str] = field(default_factory=set)
    shows: bool = False
    login: bool = False
    unclear: Word | None = None
    file: Word | None = None
    rest: list[Word] = field(default_factory=list)


def shell_options(name: str, words: list[Word]) -> ShellOptions:
    """Reads a shell's options.

    Not read by `getopt`: options may begin with `+`, and what -o and -O take stands behind their whole cluster.
    """
    found = ShellOptions()
    waiting = words[1:]
    while waiting:
        text = waiting[0].literal
        if text is None and waiting[0].several and not waiting[0].prefix:
            found.unclear = waiting[0]
        elif text in ("--", "-"):
            waiting = waiting[1:]
            break
        elif text is None or len(text) < 2 or text[0] not in "-+":
            break
        elif text.lstrip("-") in ("version", "help"):
            found.shows = True
        elif text.lstrip("-") in _FILES:
            waiting = waiting[1:]
            found.file = waiting[0] if waiting else None
        elif text.lstrip("-") == "login":
            found.login = True
        elif not text.startswith("--") and text[1:] not in _LONG:
            waiting = waiting[_cluster(name, text, waiting[1:], found) :]
        waiting = waiting[1:]
    found.rest = waiting
    return found


def _cluster(name: str, text: str, following: list[Word], found: ShellOptions) -> int:
    """Takes a word of letters; returns how many of the following words belong to it."""
    letters = text[1:]
    taken = letters.count("o") + letters.count("O")
    if name in ATTACHING and "o" in letters[:-1]:
        letters, taken = letters[: letters.index("o")], 0
    named = [word.literal for word in following[:taken]]
    if text[0] == "-":
        found.letters |= set(letters) | ({"n"} if "noexec" in named else set())
        found.login = found.login or "l" in letters
    else:
        found.letters -= set(letters)
    return taken


def shell_text(
    name: str, words: list[Word], stdin: Input | None, changes: Mapping[str, Word | None]
) -> Iterator[Nested]:
    """Of bash and its kin: -c anywhere among the options makes the first operand the text.

    Args:
        name: the shell's basename.
        words: it with its arguments.
        stdin: what it reads.
        changes: its variables.
    """
    if name in OPTIONED:
        yield from _by_options(name, words, stdin)
        return
    if name in (*POWERSHELLS, *CMD):
        yield from _windows(name, words, stdin)
        return
    found = shell_options(name, words)
    if found.unclear is not None:
        yield anything_by(found.unclear)
    if found.shows:
        return
    yield from _variables(name, found, changes)
    rest = found.rest
    shims = not found.login
    if "n" in found.letters:
        return
    if "c" in found.letters:
        if rest:
            positional = tuple(rest[2:])
            own = rest[1] if len(rest) > 1 else None
            whole = rest[0].literal is not None
            yield NestedText(rest[0].code, whole, positional, shell=name, shims=shims, name=own)
        if "s" in found.letters and stdin is not None:  # dash reads on
            yield replace(stdin.nested, shell=name, shims=shims)
    elif rest and (file := file_of(rest[0])) is not None:
        yield replace(file.nested, positional=tuple(rest[1:]), shell=name, shims=shims)
    elif "s" in found.letters or not rest or rest[0].literal in INPUTS:
        if stdin is not None:
            positional = tuple(rest if "s" in found.letters else rest[1:])
            yield replace(stdin.nested, positional=positional, shell=name, shims=shims)
    elif rest[0].literal is None and rest[0].several and not rest[0].prefix:
        yield anything_by(rest[0])
    elif rest[0].literal:  # a script, which a rule may name
        yield NestedCommand(tuple(rest), guess=True, shims=False)


def _variables(name: str, found: ShellOptions, changes: Mapping[str, Word | None]) -> Iterator[NestedText]:
    """Variables that are commands for a shell, or files that it reads before anything else."""
    interactive = "i" in found.letters
    start = changes.get("BASH_ENV" if name in ("bash", "rbash") and not interactive else "ENV" if interactive else "")
    if start is not None and start.parts:
        file = file_of(start)
        yield NestedText(None, shell=name) if file is None else replace(file.nested, shell=name)
    if interactive and found.file is not None and (file := file_of(found.file)) is not None:
        yield replace(file.nested, shell=name)
    if interactive:
        yield from [replace(joined([word]), shell=name) for word in [changes.get("PROMPT_COMMAND")] if word]
    prompts = [*(("PS0", "PS1") if interactive else ()), *(("PS4",) if "x" in found.letters else ())]
    for prompt in prompts:
        value = changes.get(prompt)
        if value is not None and ("$(" in value.written or "`" in value.written):
            yield replace(_as_quoted(value), shell=name)


def _as_quoted(text: Word) -> NestedText:
    """A text of which a shell runs the substitutions."""
    said = text.written.replace('"', "")
    return NestedText(f': "{said}"', text.literal is not None)


def _by_options(name: str, words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    row = OPTIONED[name]
    reading = WordReading(words, row)
    if not reading.read():
        return
    if reading.unclear is not None:
        yield anything_by(reading.unclear)
    texts = [*reading.values(row.beside), *reading.texts()]
    rest = reading.words[reading.at :]
    if reading.has(*row.joined_with):
        texts += rest[:1]
    shims = not reading.has(*row.unseen_with)
    for text in texts:
        yield replace(joined([text]), shell=name, shims=shims)
    if stdin is not None and not reading.texts() and (not rest or rest[0].literal in ("-", *INPUTS)):
        yield replace(stdin.nested, shell=name, shims=shims)


def _windows(name: str, words: list[Word], stdin: Input | None) -> Iterator[NestedText]:
    """Of PowerShell and cmd, whose command is all the words behind one option, or what stands where a file doesn't."""
    shell = name.removesuffix(".exe")
    for index, word in enumerate(words[1:], 1):
        option = (word.literal or "").lower().replace("/", "-", 1)
        following = words[index + 1 :]
        if option.startswith(("-e", "-ec")) and "-encodedcommand".startswith(option) and name not in CMD:
            yield NestedText(_decoded(following[0].literal if following else None), shell=shell)
            return
        if option in ("-c", "-k", "-r") or (len(option) > 2 and "-commandwithargs".startswith(option)):
            if following == [plain("-")]:
                break
            yield replace(joined(following), shell=shell)
            return
        if option.startswith("-f") and "-file".startswith(option):
            return
    else:
        operands = [word for word in words[1:] if word.prefix[:1] not in ("-", "/")]
        if operands and shell == "powershell":
            yield replace(joined(operands), shell=shell)
        if operands:
            return
    if stdin is not None:
        yield replace(stdin.nested, shell=shell)


def _decoded(text: str | None) -> str | None:
    try:
        return None if text is None else base64.b64decode(text, validate=True).decode("utf-16-le")
    except (binascii.Error, ValueError):
        return None


def eval_text(words: list[Word], _stdin: Input | None) -> Iterator[Nested]:
    """Of eval."""
    rest = words[2:] if words[1:] and words[1].literal == "--" else words[1:]
    if rest:
        yield joined(rest, inside=True)


def trap_text(words: list[Word], _stdin: Input | None) -> Iterator[Nested]:
    """Of trap: it runs sooner or later."""
    rest = [word for word in words[1:] if word.literal != "--"]
    if len(rest) > 1 and not (rest[0].literal or "").startswith("-"):
        yield joined(rest[:1], inside=True)


def source_text(words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """Of `.` and source."""
    rest = words[2:] if words[1:] and words[1].literal == "--" else words[1:]
    if rest and (file := file_of(rest[0])) is not None:
        yield replace(file.nested, inside=True, positional=tuple(rest[1:]) or None)
    elif rest and rest[0].literal in INPUTS and stdin is not None:
        positional = tuple(rest[1:]) or None
        yield replace(stdin.nested, inside=True, positional=positional)


def callback_text(row: Wrapper, words: list[Word], _stdin: Input | None) -> Iterator[Nested]:
    """Of mapfile -C, which hands each line to a text."""
    reading = WordReading(words, row)
    reading.read()
    for text in reading.values(("-C",)):
        yield replace(joined([text]), inside=True)


def completing_text(row: Wrapper, words: list[Word], _stdin: Input | None) -> Iterator[Nested]:
    """Of compgen and complete: a command, and words that are expanded."""
    reading = WordReading(words, row)
    reading.read()
    yield from [joined([text]) for text in reading.values(("-C",))]
    for text in reading.values(("-W",)):
        if "$(" in text.written or "`" in text.written:
            yield _as_quoted(text)


def emulated_text(row: Wrapper, words: list[Word], _stdin: Input | None) -> Iterator[Nested]:
    """Of zsh's emulate SHELL -c TEXT."""
    reading = WordReading(words, row)
    reading.read()
    for text in reading.values(("-c",)):
        yield replace(joined([text]), inside=True)


def input_text(row: Wrapper, words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """Of at and batch, which have sh run what they are given."""
    reading = WordReading(words, row)
    if not reading.read():
        return
    files = reading.values(("-f",))
    given = file_of(files[-1]) if files else stdin
    if given is not None:
        yield replace(given.nested, shell=_SH)


def crontab_text(words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """Of `crontab -`: the texts of a table's lines, behind the five fields of the time or a word like @daily."""
    if stdin is None or (words[1:] and words[-1].literal not in ("-", *INPUTS)):
        return
    if stdin.text is None:
        yield NestedText(None, shell=_SH)
        return
    for line in stdin.text.splitlines():
        fields = line.strip().split(None, 1 if line.strip().startswith("@") else 5)
        if line.strip().startswith("#") or "=" in (fields[0] if fields else "="):
            continue
        if len(fields) == (2 if fields[0].startswith("@") else 6):
            yield NestedText(fields[-1].partition("%")[0], stdin.whole, shell=_SH, shims=False)
