"""Forms of the data, more of them: all that is known of a program, and what it runs that is not in its operands."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from safeshell.command.programs.record import Record, Wrapper


class Runs(NamedTuple):
    """What besides its operands holds commands for a program.

    Attributes:
        short: its options of one letter, as a getopt(3) string; those of its row or its record where both are "".
        long: its long ones, as `getopt` takes them.
        texts: options whose value is shell text.
        remote: options whose value is shell text for another machine.
        settings: options whose value is `KEY=VALUE` or `KEY VALUE`, and which keys have shell text, as patterns of
            lower case.
        operands: patterns of the operands of which the group `text` is shell text.
        variables: environment variables that are shell text for it.
        options_in: environment variables that hold more options.
        scripts: options whose value is a script of its own language, in which `escape` finds shell text.
        operand: the number of the first operand that is such a script, or -1.
        reads: whether its standard input is one where none is given.
        escape: a pattern of which the group `text` is shell text.
        single: one dash begins a long option too.
        old: a first word without a dash holds options of one letter, whose values follow in order.
        read_by: the shell that reads the texts.
        commands: options behind which a command stands, up to a `;` or a `+` behind `{}`, that it runs for files.
        verbs: likewise of its subcommands.
    """

    short: str = ""
    long: str = ""
    texts: tuple[str, ...] = ()
    remote: tuple[str, ...] = ()
    settings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    operands: str = ""
    variables: tuple[str, ...] = ()
    options_in: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    operand: int = -1
    reads: bool = False
    escape: str = ""
    single: bool = False
    old: bool = False
    read_by: str = "sh"
    commands: tuple[str, ...] = ()
    verbs: Mapping[str, Runs] = MappingProxyType({})


class Interpreter(NamedTuple):
    """How an interpreter is given code.

    Attributes:
        row: its options.
        language: its name in `code.languages.LANGUAGES`.
        codes: options whose value is code.
        files: options that give a file of code, so that no operand does.
        verbs: subcommands of which the first operand is code.
        first: the first operand is code.
        spelled: options of its own spelling, and what they mean.
    """

    row: Wrapper
    language: str
    codes: tuple[str, ...]
    files: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    first: bool = False
    spelled: Mapping[str, str] = MappingProxyType({})


class Program(NamedTuple):
    """What is known of a program.

    Attributes:
        record: its options, and what of it only shows.
        row: the command in its operands.
        runs: the commands beside them.
        code: the code that it is given.
        options: its options, where a reader of its own finds what it runs.
    """

    record: Record | None = None
    row: Wrapper | None = None
    runs: Runs | None = None
    code: Interpreter | None = None
    options: Wrapper | None = None


Programs = dict[str, Program | Record | Wrapper | Runs | Interpreter]
"""Programs by their basenames, as a module has them: where only one thing is known of a program, by that alone."""

EDITORS = ("VISUAL", "EDITOR")
"""Variables that are shell text for whatever has an editor started."""


def kept(why: str, rows: Mapping[str, Wrapper]) -> dict[str, Wrapper]:
    """Rows of runners that for one reason are not taken off when the command starts."""
    return {name: row._replace(kept=why) for name, row in rows.items()}


# Reasons for that.
TEXT = "it runs a text: the shell that reads it looks commands up along PATH, where their shims are"
ELSEWHERE = "it runs elsewhere: no directory or variable of ours counts there"
WORD = "it is a word of the shell's: no program starts"
PATH = "it looks the command up along PATH, where its shim is"
ANOTHER = "it looks the command up as another user, where no shim is: rules can name it itself"
OWN_PATH = "it looks the command up along a PATH of its own, on which ours follows"
