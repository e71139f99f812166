"""Command lines and argument blocks: the texts that conditions look at, made from what a request holds."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Sequence

from safeshell.text import text

_PLAIN = b"\0ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-"
"""The bytes that `shlex.quote` leaves alone, and the arguments' separator."""


_quote_name = functools.lru_cache(maxsize=1024)(shlex.quote)
"""Names repeat, arguments don't."""


def command_line(arguments: bytes, name: str) -> str:
    """The command line that patterns see (contract, "Command line").

    Args:
        arguments: argv as a block, each argument ended by NUL.
        name: the basename of the file executed; stands in for `argv[0]`.

    Returns:
        The name and the arguments from the second on, each quoted as `shlex.quote` would, joined by one space.
    """
    first = arguments.find(b"\0") + 1
    if not arguments.translate(None, _PLAIN) and b"\0\0" not in arguments:
        # Nothing to quote: one pass over the bytes instead of one call an argument.
        rest = arguments[first:-1].replace(b"\0", b" ").decode("ascii")
        quoted = _quote_name(name)
        return f"{quoted} {rest}" if rest else quoted
    rest_arguments = arguments[first:].split(b"\0")[:-1]
    return " ".join([shlex.quote(name), *[shlex.quote(text(argument)) for argument in rest_arguments]])


def block(entries: Sequence[bytes]) -> bytes:
    """Strings as a block: each ended by NUL, as the kernel lays argv and the environment out."""
    return b"".join([entry + b"\0" for entry in entries])


def unblock(data: bytes) -> list[bytes]:
    """The strings of a block."""
    return data.split(b"\0")[:-1]
