"""Configuration files of git: their grammar and values, without includes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safeshell.host.git.files import Files
from safeshell.host.git.paths import show
from safeshell.host.git.rooted import look

_CONFIG = re.compile(
    rb"""
      [ \t\r\n]+ | [#;][^\n]*
    | \[ (?!\]) (?P<section>[A-Za-z0-9.-]*) (?:[ \t\r]+ (?P<sub>"(?:[^"\\\n]|\\[^\n])*"))? \]
    | (?P<key>[A-Za-z][A-Za-z0-9-]*) [ \t]*
      (?: = (?P<value>(?:[^"\\\n\#;]|\\[tbn"\\\n]|"(?:[^"\\\n]|\\[tbn"\\\n])*")*) (?:[#;][^\n]*)? )? (?=\n|\Z)
    """,
    re.VERBOSE,
)
_VALUE = re.compile(
    rb"""(?P<space>[ \t\r]+)|\\(?P<escape>[tbn"\\\n])|(?P<quoted>"(?:[^"\\]|\\.)*")|[^"\\ \t\r]+""", re.DOTALL
)
_ESCAPES = {b"t": b"\t", b"b": b"\b", b"n": b"\n", b'"': b'"', b"\\": b"\\", b"\n": b""}
_NUMBER = re.compile(rb"[-+]?(?:0x[0-9a-f]+|[0-9]+)[kmg]?", re.IGNORECASE)

_FILES = Files()
"""Of its own: what is kept for a path is what one kind of parser made of it."""


def read_settings(path: bytes, *, prefix: bytes = b"") -> tuple[tuple[bytes, bytes | None], ...]:
    """Settings in one configuration file of git, its includes not followed; () where there is no such file.

    Args:
        path: absolute.
        prefix: as for `repository.discover`.

    Returns:
        Keys (`section.key`, `section.subsection.key`; lower case but for the subsection) and values, None for a key
        without `=`; in order.

    Raises:
        UndecidedError: it can't be read, or isn't such a file.
    """
    return look(prefix, _read, path, ours=_FILES)


def _read(files: Files, path: bytes) -> tuple[tuple[bytes, bytes | None], ...]:
    return files.parsed(path, _parse) or ()


def _parse(content: bytes) -> tuple[tuple[bytes, bytes | None], ...]:
    return tuple([(key, None if value is None else _unquote(value)) for key, value in _settings(content)])


def last_values(content: bytes, sections: tuple[bytes, ...]) -> dict[bytes, bytes | None]:
    """The last value of each key of some sections (`core.`), lower-cased; None for a key without `=`.

    Raises:
        ValueError: this is no configuration file.
    """
    return {
        key: None if value is None else _unquote(value)
        for key, value in _settings(content)
        if key.count(b".") == 1 and key.startswith(sections)
    }


def _settings(content: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    """The keys of a configuration file, in order, each with its value as it is written there."""
    if b"\0" in content:
        raise ValueError("not a configuration file")
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    section = b""
    position = 0
    while position < len(content):
        token = _CONFIG.match(content, position)
        if token is None:
            line = content.count(b"\n", 0, position) + 1
            raise ValueError(f"bad configuration line {line}")
        position = token.end()
        if token["section"] is not None:
            section = token["section"].lower()
            if token["sub"] is not None:
                section += b"." + re.sub(rb"\\(.)", rb"\1", token["sub"][1:-1])
        elif token["key"] is not None:
            yield section + b"." + token["key"].lower(), token["value"]


def _unquote(text: bytes) -> bytes:
    """A value as git reads it: outer blanks dropped, quotes and escapes resolved."""
    value = b""
    blanks = b""
    for token in _VALUE.finditer(text):
        if token["space"] is not None:
            blanks += token["space"] if value else b""
            continue
        piece = token[0]
        if token["escape"] is not None:
            piece = _ESCAPES[token["escape"]]
        elif token["quoted"] is not None:
            piece = re.sub(rb"\\(.)", lambda escape: _ESCAPES[escape[1]], piece[1:-1], flags=re.DOTALL)
        value += blanks + piece
        blanks = b""
    return value


def boolean(value: bytes | None) -> bool:
    """git-config(1)'s booleans; None is a key without `=`."""
    if value is None:
        return True
    lower = value.lower()
    if lower in (b"", b"false", b"no", b"off"):
        return False
    if lower in (b"true", b"yes", b"on"):
        return True
    if _NUMBER.fullmatch(lower):
        return bool(lower.strip(b"+-kmg").removeprefix(b"0x").strip(b"0"))
    raise ValueError(f"not a boolean: {show(value)}")
