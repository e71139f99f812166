"""The corpora of shell lines: those that must not be asked about, and those whose commands must all be seen."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
UNKNOWN = "…"
"""Ends a command of which only the beginning is certain."""


@dataclass(frozen=True, slots=True)
class Harmless:
    """A line as agents write it every day.

    Attributes:
        subject: the file that it stands in.
        line: the shell line.
        cwd: where it runs, below the project.
        env: what is in its environment beside HOME and USER.
    """

    subject: str
    line: str
    cwd: str = "."
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A line of the kinds that guards are tried with.

    Attributes:
        kind: the file that it stands in.
        line: the shell line.
        commands: every program that the shell runs, and that those run in turn, in order of appearance: the basename
            and the arguments, quoted as a shell reads them. Builtins and functions are none. Where only the run can
            tell how a command goes on, it ends with a word of its own, `…`.
        calls: what an interpreter is told to delete by a call of its own: the end of the call, as it is written; a
            subject beside those of the commands shows it.
        shell: who reads it: bash, sh or zsh.
        harmless: whether it only looks like something dangerous.
        beyond: why a judge need not tell all of its commands from the line, or "".
        unrun: why `verify.py` does not run it, or "".
    """

    kind: str
    line: str
    commands: tuple[str, ...]
    calls: tuple[str, ...] = ()
    shell: str = "bash"
    harmless: bool = False
    beyond: str = ""
    unrun: str = ""


@lru_cache(maxsize=1)
def harmless() -> tuple[Harmless, ...]:
    """The lines that must not be asked about, by file."""
    return tuple(Harmless(name, **entry) for name, entry in _read("harmless"))


@lru_cache(maxsize=1)
def guarded() -> tuple[Guarded, ...]:
    """The lines whose commands must be seen, by file."""
    return tuple(Guarded(name, **_with_tuples(entry)) for name, entry in _read("guards"))


def _with_tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def _read(directory: str) -> Iterator[tuple[str, dict[str, Any]]]:
    root = os.path.join(HERE, directory)
    for file in sorted(os.listdir(root)):
        with open(os.path.join(root, file), encoding="utf-8") as stream:
            for entry in yaml.safe_load(stream):
                yield os.path.splitext(file)[0], entry


def covers(expected: str, words: list[str]) -> bool:
    """Whether a command that ran, or was listed, is the one that an entry expects."""
    wanted = shlex.split(expected)
    if wanted[-1] == UNKNOWN:
        return words[: len(wanted) - 1] == wanted[:-1]
    return words == wanted


def lists(expected: str, subjects: Sequence[str], commands: Sequence[str] = ()) -> bool:
    """Whether the subjects of `check -c --json` show the command that an entry expects.

    What is certain is quoted there as `shlex.quote` has it; the rest stands as it is written, and may be no shell text.
    Of a command's spellings the subject is the one that decides: a wrapper is shown by what it runs, and a command of
    git's without its global options.

    Args:
        expected: it.
        subjects: those of all commands that are listed.
        commands: what else the entry expects.
    """
    if any(_is(expected, subject) for subject in subjects):
        return True
    text = _text(expected)
    inside = [one for one in commands if one != expected and text.endswith(" " + _text(one))]
    if any(_is(one, subject) for one in inside for subject in subjects):
        return True
    if text.split()[0] in _RUNNING and any(_ends(text, subject) for subject in subjects):
        return True
    rests = [subject.removeprefix("git") for subject in subjects if subject.startswith("git ")]
    return text.startswith("git -") and any(shlex.join(shlex.split(expected)).endswith(rest) for rest in rests)


_RUNNING = ("env", "sudo", "xargs")


def _ends(text: str, subject: str) -> bool:
    """Whether a wrapper's text ends in a command that is listed."""
    try:
        words = shlex.split(subject)
    except ValueError:
        return False
    return len(words) > 1 and text.replace("/bin/", "").endswith(" ".join(words))


def _is(expected: str, subject: str) -> bool:
    wanted = shlex.split(expected)
    if wanted[-1] == UNKNOWN:
        beginning = shlex.join(wanted[:-1])
        return subject == beginning or subject.startswith(beginning + " ")
    return subject == shlex.join(wanted)


def _text(expected: str) -> str:
    """A command's words without their quotes, as far as they are certain."""
    return " ".join(shlex.split(expected)).removesuffix(" " + UNKNOWN)
