"""Splitting of texts by rules of their own: `env -S`, git's aliases, shell lines that need no shell.

None says that the program rejects the text, and so runs nothing; or, for a shell line, that only a shell can read it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ENV_TOKEN = re.compile(
    rb"""(?P<blank>[ \t\n\v\f\r]+) | (?P<hash>\#) | (?P<quote>['"])
    | \\(?P<escape>.) | \$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\} | (?P<plain>[^\\$])""",
    re.VERBOSE | re.DOTALL,
)
_ENV_ESCAPES = {b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_ENV_ESCAPES |= {char: char for char in (b'"', b"#", b"$", b"'", b"\\")}


def split_env(text: bytes, value_of: Callable[[bytes], bytes | None]) -> list[bytes] | None:
    """The words that `env -S` makes of a text: quotes, escapes, `#` and `${NAME}` as env(1) has them.

    Args:
        text: the option's value.
        value_of: the value of the variable of a name; None where it isn't set.
    """
    words: list[bytes] = []
    quote = b""
    apart = True  # the next character begins a word
    at = 0

    def add(piece: bytes) -> None:
        nonlocal apart
        if apart:
            words.append(b"")
            apart = False
        words[-1] += piece

    while at < len(text):
        char = text[at : at + 1]
        if quote == b"'" and char != b"'":
            taken = 2 if text[at : at + 2] in (rb"\\", rb"\'") else 1
            add(text[at + taken - 1 : at + taken])
            at += taken
            continue
        token = _ENV_TOKEN.match(text, at)
        if token is None:
            return None
        at = token.end()
        if token["blank"] is not None:
            if quote:
                add(token[0])
            apart = apart or not quote
        elif token["quote"] is not None:
            if quote in (b"", char):
                quote = b"" if quote else char
                add(b"")
            else:
                add(char)
        elif token["hash"] is not None and apart and not quote:
            break
        elif token["escape"] is not None:
            escape = token["escape"]
            if escape == b"c" and not quote:
                break
            if escape == b"_":
                if quote:
                    add(b" ")
                apart = apart or not quote
            elif escape in _ENV_ESCAPES:
                add(_ENV_ESCAPES[escape])
            else:
                return None
        elif token["name"] is not None:
            value = value_of(token["name"])
            if value is not None:
                add(value)
        else:
            add(token[0])
    return None if quote else words


def split_alias(text: bytes) -> list[bytes] | None:
    """The words that git makes of an alias (`split_cmdline` in its alias.c)."""
    words = [b""]
    quote = 0
    at = 0
    while at < len(text):
        char = text[at]
        if not quote and char in b" \t\n\r":
            while at + 1 < len(text) and text[at + 1] in b" \t\n\r":
                at += 1
            words.append(b"")
        elif not quote and char in b"'\"":
            quote = char
        elif char == quote:
            quote = 0
        else:
            if char == 0x5C and quote != 0x27:  # a backslash counts but in single quotes
                at += 1
                if at == len(text):
                    return None
            words[-1] += text[at : at + 1]
        at += 1
    return None if quote else words


_PLAIN_TOKEN = re.compile(
    rb"""[ \t]+ | (?P<end>[;&|\n]+) | (?P<word>(?:[A-Za-z0-9_@%+:,./-]+|'[^']*'|"[^"\\$`]*")+)""", re.VERBOSE
)
_QUOTED = re.compile(rb"""'([^']*)'|"([^"]*)\"""")
_RESERVED = frozenset(b"case do done elif else esac fi for function if in select then time until while coproc".split())
_MOVING = frozenset(b"cd pushd popd".split())


def split_plain(line: bytes) -> list[list[bytes]] | None:
    """The commands of a shell line that has only words, quoted text, and what separates commands.

    Returns:
        Each command's words, the last without any where the line ends in a separator; None of a line that takes a
        shell to read.
    """
    commands: list[list[bytes]] = [[]]
    at = 0
    while at < len(line):
        found = _PLAIN_TOKEN.match(line, at)
        if found is None:
            return None
        at = found.end()
        if found["end"] is not None:
            commands.append([])
        elif found["word"] is not None:
            commands[-1].append(_QUOTED.sub(rb"\1\2", found["word"]))
    names = {words[0] for words in commands if words}
    if names & _RESERVED or (len(commands) > 1 and names & _MOVING):
        return None
    return commands
