"""Forms of the data: a program's record, and the row of one that runs the command in its operands.

A program's record says of it, and under `subcommands` of each of its subcommands, how it reads its arguments, as
docs/table.md has it under "Grammars"; and with `shows`, `tries` and `acts` what of it only shows, as the same page has
it under "What only shows".
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from safeshell.command.getopt import Grammar

Record = dict[str, Any]
"""What is known of a program's or a subcommand's options: JSON values, none of them empty."""


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


def gnu(short: str, long: str, **more: Any) -> Record:
    """That of a GNU program, with what all of them have."""
    return getopt(short, f"{long} help version", shows=["--help", "--version"], **more)


def cobra(short: str = "", long: str = "", commands: str = "", **more: Any) -> Record:
    """That of a program in Go with subcommands, all of which take the same options as far as that is known.

    Args:
        short: as `getopt` takes it.
        long: likewise.
        commands: the subcommands, where others may be somebody else's: a plugin's, an alias.
        more: what else is said of each.
    """
    inner: Record = {
        **getopt(f"{short}h", f"{long} help"),
        "exact": True,  # nothing is abbreviated
        "tries": ["-h/--help", *more.pop("tries", ())],
        **more,
    }
    return {**inner, "shows": ["help"], "subcommands": dict.fromkeys(commands.split() or [""], inner)}


_NO_VERBS: Mapping[str, Wrapper] = MappingProxyType({})


class Wrapper(NamedTuple):
    """A program that runs the command in its operands, or a text that it is given.

    Attributes:
        short: its options of one letter, as a getopt(3) string.
        long: its long ones, as `getopt` takes them.
        idle: options with which it runs no command.
        verbs: its subcommands that run commands, each with its own row, where what follows its own operands is a
            subcommand; "" is the row of what follows where that is none of them.
        kept: why it is not taken off when the command starts; "" where it is.
        operands: operands before the command.
        numeric: those operands are left out where the first is no number.
        numbers: a word `-N`, `--N` or `-+N` with a number is an option too.
        permutes: options may follow the operands; all are read before the command.
        dashed: the command is what stands behind `--`, and everything before is its own; where there is no `--` and
            it takes operands, as without this.
        behind: options right behind which the command stands, to the end.
        assignments: `NAME=VALUE` operands before the command go into its environment.
        options_after_assignments: options may follow them.
        clears: options that empty the environment; of a program that takes assignments a single `-` too.
        unsets: options whose value is a variable to take out.
        enters: options whose value is the directory to run in.
        leaves: options after which the directory can't be told.
        splits: options whose value is split into arguments that stand in its place.
        pairs: options that take a second word behind their value.
        texts: options whose value is a shell text, which runs in place of the operands.
        program: options whose value is the program, of which the operands that would be the command are arguments.
        beside: options whose value is a shell text, which runs besides.
        each: every operand is a shell text of its own.
        shells: options with which a shell reads the operands, or the input where there are none.
        joined: the operands are a shell text.
        joined_with: options with which they are.
        apart_with: options with which they are not.
        read_by: the shell that reads the texts; "" for the user's.
        remote: it runs on another machine.
        elsewhere: it runs in another tree of files; no directory or variable of ours counts there, no shim looks.
        unseen: no shim looks at what it runs.
        unseen_with: options with which none does.
        needs: options without which it runs no command.
        default: what runs where no command is given.
        exact: abbreviations of long options are not taken.
    """

    short: str
    long: str = ""
    idle: tuple[str, ...] = ()
    verbs: Mapping[str, Wrapper] = _NO_VERBS
    kept: str = ""
    operands: int = 0
    numeric: bool = False
    numbers: bool = False
    permutes: bool = False
    dashed: bool = False
    behind: tuple[str, ...] = ()
    assignments: bool = False
    options_after_assignments: bool = False
    clears: tuple[str, ...] = ()
    unsets: tuple[str, ...] = ()
    enters: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    program: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    each: bool = False
    shells: tuple[str, ...] = ()
    joined: bool = False
    joined_with: tuple[str, ...] = ()
    apart_with: tuple[str, ...] = ()
    read_by: str = ""
    remote: bool = False
    elsewhere: bool = False
    unseen: bool = False
    unseen_with: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    default: tuple[bytes, ...] = ()
    exact: bool = False

    @property
    def grammar(self) -> Grammar:
        """How it reads its options; made when it is first asked for."""
        return _grammar(self.short, self.long, self.exact)


@functools.cache
def _grammar(short: str, long: str, exact: bool) -> Grammar:
    return Grammar.read(getopt(short, long, exact=exact))


SHELL = (b"sh",)
"""The user's shell, whichever that is, as a row's `default`."""

HELP = ("--help", "--version")
UTIL = ("-h", "--help", "-V", "--version")
