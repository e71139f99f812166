"""Shell texts in options, settings, variables and scripts of programs, as the programs' data has them."""

from __future__ import annotations

import fnmatch
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from safeshell.command.programs.description import Runs
from safeshell.command.programs.git import CONFIGURED, SETTINGS
from safeshell.command.programs.grammars import program
from safeshell.command.programs.record import Record, Wrapper
from safeshell.command.programs.wrappers import GLOBAL_OPTIONS
from safeshell.shell.nested_commands import Input, Nested, NestedText, joined
from safeshell.shell.words import Word, plain
from safeshell.shell.wrapped import WordReading, tail

Changes = Mapping[str, Word | None]


def option_texts(
    name: str, runs: Runs, words: Sequence[Word], stdin: Input | None, changes: Changes
) -> Iterator[Nested]:
    """The shell texts that a program takes besides its operands.

    Args:
        name: its basename; of git's subcommand with git before.
        runs: its data.
        words: it with its arguments.
        stdin: what it reads.
        changes: its variables.
    """
    by_option = not (changes or runs.operands or runs.operand >= 0 or runs.reads or runs.old)
    if by_option and not any(word.literal is None or word.literal[:1] == "-" for word in words[1:]):
        return  # most commands
    given = list(words)
    for variable in runs.options_in:
        given[1:1] = _split(changes.get(variable))
    reading = _read(name, runs, given)
    for word in reading.values(runs.texts):
        yield _text([word], runs)
    for word in reading.values(runs.remote):
        yield replace(_text([word], runs), remote=True, shims=False)
    for option, keys in runs.settings:
        yield from [_text([text], runs) for word in reading.values((option,)) for text in _setting(word, keys)]
    for variable in runs.variables:
        value = changes.get(variable)
        if value is not None and value.written:
            yield _text([_piped(value)], runs)
    operands = [*reading.operands, *reading.words[reading.at :]]
    if name == "git":
        given = [*_configured(changes), *_from_environment(reading, changes)]
        yield from [_text([text], runs) for text in given]
    elif name == "git config":
        yield from [_text([text], runs) for text in _set_for_later(operands)]
    scripts = reading.values(runs.scripts)
    if runs.operands:
        for operand in operands:
            found = re.fullmatch(runs.operands, operand.written)
            if found is not None and "script" in found.groupdict():
                scripts.append(tail(operand, found.start("script")))
            elif found is not None:
                text = tail(operand, found.start("text")) if "text" in found.groupdict() else _address(found)
                yield _text([_transported(text) if name.startswith("git ") else text], runs)
    if runs.operand >= 0:
        scripts += operands[runs.operand :]
    for script in scripts:
        yield from _escaped(script.written, runs, whole=script.literal is not None)
    if runs.reads and not scripts and stdin is not None and stdin.text is not None:
        yield from _escaped(stdin.text, runs, whole=stdin.whole)


def _read(name: str, runs: Runs, words: list[Word]) -> WordReading:
    """The program's arguments, read by its own grammar, or the one that its other data has."""
    row = _row(name, runs)
    reading = WordReading(_normal(words, runs), row)
    reading.read()
    if row.remote:  # ssh takes options after the host too
        again = WordReading([words[0], *reading.words[reading.at :]], row._replace(operands=0))
        again.read()
        reading.options += again.options
    return reading


def _row(name: str, runs: Runs) -> Wrapper:
    if runs.short or runs.long:
        return Wrapper(runs.short, runs.long, permutes=True)
    if name == "git":
        return GLOBAL_OPTIONS
    known = program(name)
    if known.row is not None:
        return known.row._replace(idle=())
    record: Record = known.record or {}
    if name.startswith("git "):
        record = (program("git").record or {})["subcommands"].get(name[4:], {})
    return Wrapper(permutes=True, short=record.get("short", ""), long=" ".join(record.get("long", ())))


_LONG = re.compile(r"-([A-Za-z][\w-]+)(?:=.*)?", re.DOTALL)
_OLD = re.compile(r"[A-Za-z]+")


def _normal(words: list[Word], runs: Runs) -> list[Word]:
    """The words with two dashes before each long option, and those of tar's old form with a dash each."""
    names = {option.rstrip("=") for option in runs.long.split()} if runs.single else frozenset()
    found: list[Word] = []
    for word in words:
        long = _LONG.match(word.prefix) if names else None
        found.append(Word((plain("-").parts[0], *word.parts)) if long is not None and long[1] in names else word)
    first = found[1].literal if runs.old and len(found) > 1 else None
    if first is None or not _OLD.fullmatch(first):
        return found
    taking = Wrapper(runs.short).grammar.short
    old: list[Word] = []
    rest = found[2:]
    for letter in first:
        old.append(plain(f"-{letter}"))
        if taking.get(letter) and rest:
            old.append(rest.pop(0))
    return [found[0], *old, *rest]


def _text(words: Sequence[Word], runs: Runs) -> NestedText:
    return replace(joined(words), shell=runs.read_by)


def _split(value: Word | None) -> list[Word]:
    """The options that a variable holds."""
    if value is None or value.literal is None:
        return []
    try:
        return [plain(text) for text in shlex.split(value.literal)]
    except ValueError:
        return []


def _piped(value: Word) -> Word:
    """A variable's text without what says how its output is taken, as LESSOPEN has it."""
    return tail(value, len(value.prefix) - len(value.prefix.lstrip("|-"))) if value.prefix[:1] == "|" else value


_KEY = re.compile(r"\s*([^=\s]+)\s*[=\s]\s*(!?)", re.DOTALL)


def _setting(word: Word, keys: Sequence[str]) -> Iterator[Word]:
    """The value of a setting, where its key is one that has shell text."""
    found = _KEY.match(word.prefix)
    if found is None or not any(fnmatch.fnmatchcase(found[1].lower(), key) for key in keys):
        return
    value = tail(word, found.end())
    if not found[2] and "credential" in found[1] and value.prefix[:1] not in ("/", "~"):
        return  # a helper of git's own, by its name
    if value.parts:
        yield value


def _configured(changes: Changes) -> Iterator[Word]:
    """What git is given by GIT_CONFIG_KEY_n and GIT_CONFIG_VALUE_n."""
    key, value = CONFIGURED
    for name, said in changes.items():
        setting = changes.get(value + name[len(key) :]) if name.startswith(key) else None
        if said is not None and said.literal is not None and setting is not None:
            yield from _setting(Word((plain(f"{said.literal}=").parts[0], *setting.parts)), SETTINGS)


def _from_environment(reading: WordReading, changes: Changes) -> Iterator[Word]:
    """What git is given by --config-env, of variables that the line gives it."""
    for word in reading.values(("--config-env",)):
        key, _, name = (word.literal or "").rpartition("=")
        value = changes.get(name)
        if value is not None:
            yield from _setting(Word((plain(f"{key}=").parts[0], *value.parts)), SETTINGS)


def _set_for_later(operands: Sequence[Word]) -> Iterator[Word]:
    """What `git config KEY VALUE` has git run from then on; an alias that is no shell text is git's own."""
    given = operands[1:] if operands and operands[0].literal == "set" else operands
    key = given[0].literal if given else None
    if key is None or len(given) == 1:
        return
    if key.lower().startswith("alias.") and given[1].prefix[:1] == "!":
        yield tail(given[1], 1)
    else:
        yield from _setting(Word((plain(f"{key}=").parts[0], *given[1].parts)), SETTINGS)


def _transported(text: Word) -> Word:
    """The command of git's `ext::`, in which `% ` is a blank within a word."""
    return text if text.literal is None else plain(re.sub(r"%([ %])", r"\\\1", text.literal))


_QUOTED = re.compile(r"\\*([\"'])(.*?)\\*\1", re.DOTALL)


def _address(found: re.Match[str]) -> Word:
    """The command in an address of socat's; a comma ends it."""
    address = found["address"]
    quoted = _QUOTED.match(address)
    return plain(quoted[2] if quoted is not None else address.partition(",")[0])


def _escaped(script: str, runs: Runs, *, whole: bool) -> Iterator[NestedText]:
    """The shell texts in a script of the program's own language."""
    for found in re.finditer(runs.escape, script):
        groups = found.groupdict()
        text = groups.get("text")
        if text is None:
            text = re.sub(r"\\(.)", r"\1", groups.get("call") or "", flags=re.DOTALL)
        if text.strip():
            yield NestedText(text.strip(), whole, shell=runs.read_by)
