"""Quoting of names in messages of GNU programs: as a shell would take them back, or between the locale's quotes."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator

_LETTERS = {7: b"a", 8: b"b", 9: b"t", 10: b"n", 11: b"v", 12: b"f", 13: b"r"}
_DOUBLE_QUOTABLE = frozenset(b"%+,-./:@]_' 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
"""Bytes that need no escape inside double quotes and no thought inside single ones."""
_SPECIAL = frozenset(b" !\"$&()*;<=>?[^`|'\\")
_ASCII = bytes(range(0x20, 0x7F))


def quote(name: bytes) -> bytes:
    r"""A name between quotes, always: 'name', "it's", 'a'$'\n''b'."""
    single = b"'" in name
    if single and _is_double_quotable(name[1:] if name[0] in b"#~" else name):
        return b'"%s"' % name
    out, escaping = _between(name, escaping=False)
    if single:
        # The first pass only finds out about the quote; the second begins in the state it ended in.
        out, _ = _between(name, escaping=escaping)
    return b"'%s'" % out


def _is_double_quotable(text: bytes) -> bool:
    """Whether a text stands for itself between double quotes: of other than ASCII, all that can be printed does."""
    return all(
        printable if len(char) > 1 else _DOUBLE_QUOTABLE.issuperset(char) for char, printable in _characters(text)
    )


def quote_where_needed(name: bytes) -> bytes:
    """The same, but a name that a shell takes as it stands is left so."""
    plain = name and name[0] not in b"#~" and name not in (b"{", b"}") and _SPECIAL.isdisjoint(name)
    return name if plain and all(printable for _, printable in _characters(name)) else quote(name)


def shown(name: bytes) -> str:
    """A name or path for people, as a shell takes it; whatever bytes it has."""
    return os.fsdecode(quote_where_needed(name)) if name else "?"


def mark(text: bytes, *, curly: bool) -> bytes:
    """A text between the locale's quotes, curly ones where it has them."""
    begin, end = ("\u2018".encode(), "\u2019".encode()) if curly else (b"'", b"'")
    out = b""
    for char, printable in _characters(text):
        if char in (b"\\", end):
            out += b"\\" + char
        else:
            out += char if printable else _escape(char)
    return begin + out + end


def _between(name: bytes, *, escaping: bool) -> tuple[bytes, bool]:
    out = b""
    for char, printable in _characters(name):
        if not printable:
            out += _escape(char) if escaping else b"'$'" + _escape(char)
            escaping = True
            continue
        if char == b"'":
            out += b"'\\''"
            escaping = False
            continue
        if escaping:
            out += b"''"
            escaping = False
        out += char
    return out, escaping


def _escape(char: bytes) -> bytes:
    return b"".join(b"\\" + _LETTERS.get(byte, b"%03o" % byte) for byte in char)


def _characters(text: bytes) -> Iterator[tuple[bytes, bool]]:
    """The characters of a text, bytes that are none by themselves, and whether each can be printed."""
    if text.isascii():
        for byte in text:
            yield bytes((byte,)), byte in _ASCII
        return
    libc = ctypes.CDLL(None)
    libc.mbrtowc.restype = ctypes.c_size_t
    wide = ctypes.c_uint32()  # not c_wchar: the C library knows code points that Python has none of
    state = ctypes.create_string_buffer(128)
    at = 0
    while at < len(text):
        rest = text[at:]
        length = libc.mbrtowc(ctypes.byref(wide), rest, ctypes.c_size_t(len(rest)), state)
        if not 0 < length <= len(rest):
            ctypes.memset(state, 0, len(state))
            yield rest[:1], False
            at += 1
        else:
            yield rest[:length], bool(libc.iswprint(wide))
            at += length
