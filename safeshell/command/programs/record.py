"""Forms of the data: a program's grammar, and a wrapper's row."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from safeshell.command.getopt import Grammar

Record = dict[str, Any]
"""As docs/table.md has it, "Grammars"."""

PFLAG: Record = {"exact": True}
"""What Go's pflag does otherwise than getopt: nothing is abbreviated."""


def words(text: str) -> list[str]:
    """The long options of a text."""
    return text.split()


def getopt(short: str, long: str = "", **more: Any) -> Record:
    """A grammar as getopt_long(3) has it.

    Args:
        short: a getopt(3) string.
        long: long options apart by spaces, `=` behind those that take an argument as a word of its own. One that can
            only be attached (`--color=auto`) needs no mark.
        more: what else the record has.
    """
    return {"short": short, "long": words(long), **more}


def gnu(short: str, long: str) -> Record:
    """That of a GNU program, with what all of them have."""
    return getopt(short, f"{long} help version")


class Wrapper(NamedTuple):
    """A program that runs the command in its operands, or a text that it is given.

    Attributes:
        short: its options of one letter, as a getopt(3) string.
        long: its long ones, as `getopt` takes them.
        idle: options with which it runs no command.
        kept: why it is not taken off when the command starts, for those that only the judge of lines looks into; ""
            where it is.
        operands: operands before the command.
        numeric: those operands are left out where the first is no number.
        numbers: a word `-N`, `--N` or `-+N` with a number is an option too.
        permutes: options may follow the operands; all are read before the command.
        assignments: `NAME=VALUE` operands before the command go into its environment.
        options_after_assignments: options may follow them.
        clears: options that empty the environment; of a program that takes assignments a single `-` too.
        unsets: options whose value is a variable to take out.
        enters: options whose value is the directory to run in.
        leaves: options after which the directory can't be told.
        splits: options whose value is split into arguments that stand in its place.
        texts: options whose value is a shell text, which runs in place of the operands.
        shells: options with which the operands are a shell text, or a shell reads the input where there are none.
        joined: the operands are a shell text.
        remote: it runs on another machine.
        default: what runs where no command is given.
        exact: abbreviations of long options are not taken.
    """

    short: str
    long: str = ""
    idle: tuple[str, ...] = ()
    kept: str = ""
    operands: int = 0
    numeric: bool = False
    numbers: bool = False
    permutes: bool = False
    assignments: bool = False
    options_after_assignments: bool = False
    clears: tuple[str, ...] = ()
    unsets: tuple[str, ...] = ()
    enters: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    shells: tuple[str, ...] = ()
    joined: bool = False
    remote: bool = False
    default: tuple[bytes, ...] = ()
    exact: bool = False

    @property
    def grammar(self) -> Grammar:
        """How it reads its options; made when it is first asked for."""
        return _grammar(self.short, self.long, self.exact)


@functools.cache
def _grammar(short: str, long: str, exact: bool) -> Grammar:
    return Grammar.read(getopt(short, long, exact=exact))
