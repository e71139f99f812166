"""Parser of shell texts: bytes in, tree out."""

from __future__ import annotations

from collections.abc import Callable

from safeshell.shell.limits import OverrunError
from safeshell.shell.syntax.commands import read_command
from safeshell.shell.syntax.lists import read_and_or, read_complete, read_pipeline, read_sequence
from safeshell.shell.syntax.parts import read_parts
from safeshell.shell.syntax.places import TEXT
from safeshell.shell.syntax.reading import read_commands
from safeshell.shell.syntax.state import BrokenError, Grammar, State
from safeshell.shell.syntax.tree import Dialect, Part, Script

_GRAMMAR = Grammar(read_sequence, read_and_or, read_pipeline, read_complete, read_command, read_parts)


def nothing() -> None:
    """A limit that is never reached."""


def parse(data: bytes, dialect: Dialect, *, limit: Callable[[], None] = nothing) -> Script:
    """Reads a text's commands, up to the first one that the shell couldn't read.

    Zsh reads all of a `-c` text before it runs any of it, of a script or its standard input a command at a time: what
    stands before an error is in the tree for it, too.

    Args:
        data: the text. It ends at its first NUL, as an argument of a shell does.
        dialect: whose grammar it is read by.
        limit: is called now and then, at least once a command; what it raises ends the reading.

    Raises:
        OverrunError: it nests too deep.
    """
    state = State(data.partition(b"\0")[0], dialect, _GRAMMAR, limit, 0)
    try:
        return read_commands(state)
    except RecursionError:  # who calls is deep in its own stack: `DEPTH_MAX` levels take some 800 frames
        raise OverrunError("it nests too deep") from None


def parse_expanded(data: bytes, dialect: Dialect, *, limit: Callable[[], None] = nothing) -> tuple[Part, ...]:
    """Reads a text that is expanded as in double quotes, where a double quote is nothing special.

    Args:
        data: the text.
        dialect: whose grammar it is read by.
        limit: as of `parse`.

    Returns:
        Its parts, up to the first that can't be read.

    Raises:
        OverrunError: it nests too deep.
    """
    state = State(data, dialect, _GRAMMAR, limit, 0)
    try:
        return read_parts(state, TEXT)
    except BrokenError:
        return ()
    except RecursionError:
        raise OverrunError("it nests too deep") from None
