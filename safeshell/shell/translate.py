"""What tr writes of what it reads, for sets of characters, ranges and classes."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from safeshell.shell.untold import STEPS, UntoldError

_OPTIONS = re.compile(rb"-[cCdst]+")
_LONG = {b"--complement": b"-c", b"--delete": b"-d", b"--squeeze-repeats": b"-s", b"--truncate-set1": b"-t"}
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"\\": b"\\", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_CLASSES = {
    b"alnum": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    b"alpha": string.ascii_uppercase + string.ascii_lowercase,
    b"blank": "\t ",
    b"cntrl": "".join(map(chr, [*range(32), 127])),
    b"digit": string.digits,
    b"graph": "".join(map(chr, range(33, 127))),
    b"lower": string.ascii_lowercase,
    b"print": "".join(map(chr, range(32, 127))),
    b"punct": string.punctuation,
    b"space": "\t\n\v\f\r ",
    b"upper": string.ascii_uppercase,
    b"xdigit": string.digits + "ABCDEFabcdef",
}
_ITEM = re.compile(rb"\[:([a-z]+):\]|\\([0-7]{1,3})|\\([ntr\\abfv])|([^\\\x80-\xff])")
_REPEATED = re.compile(rb"\[(?:\\[0-7]{1,3}|\\?.)\*[0-9]*\]", re.DOTALL)
_CASES = (b"[:lower:]", b"[:upper:]")
_EVERY = bytes(range(256))


def tr(arguments: Sequence[bytes], data: bytes) -> bytes:
    """What tr writes.

    Raises:
        UntoldError: it would say an error, or locales and versions differ.
    """
    options, sets = _read(arguments)
    complement, delete, squeeze = b"c" in options, b"d" in options, b"s" in options
    if b"t" in options or len(sets) not in (1, 2) or (len(sets) == 2) != (delete == squeeze):
        raise UntoldError
    if len(sets) == 2 and not delete:
        return _translated(data, sets, complement=complement)
    first = _chars(sets[0])
    if complement:
        first = bytes([one for one in _EVERY if one not in first])
    if delete:
        data = data.translate(None, first)
        return _squeezed(data, _chars(sets[1])) if squeeze else data
    return _squeezed(data, first)


def _read(arguments: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """Its options as letters, and its sets."""
    options = b""
    rest = list(arguments)
    while rest:
        first = _LONG.get(rest[0], rest[0])
        if first == b"--":
            rest.pop(0)
            break
        if not _OPTIONS.fullmatch(first):
            break
        options += first[1:].lower()
        rest.pop(0)
    if any(one.startswith(b"-") and len(one) > 1 for one in rest[:1]):
        raise UntoldError
    return options, rest


def _translated(data: bytes, sets: Sequence[bytes], *, complement: bool) -> bytes:
    if any(one in sets[1] for one in (b"[:", b"[=")) and not (
        not complement and sets[0] in _CASES and sets[1] in _CASES
    ):
        raise UntoldError
    first, second = _chars(sets[0]), _chars(sets[1])
    if complement:
        if len(second) != 1:
            raise UntoldError
        first = bytes([one for one in _EVERY if one not in first])
    if not second:
        raise UntoldError
    table = dict(zip(first, second.ljust(len(first), second[-1:]), strict=False))  # the last one of a character counts
    return data.translate(bytes([table.get(one, one) for one in _EVERY]))


def _squeezed(data: bytes, chars: bytes) -> bytes:
    if not chars:
        return data
    one = b"".join([re.escape(bytes([char])) for char in chars])
    return re.sub(b"([" + one + b"])\\1+", rb"\1", data)


def _chars(text: bytes) -> bytes:
    """The characters of a set, in order."""
    if len(text) > STEPS:
        raise UntoldError
    items: list[bytes] = []
    at = 0
    ranged = False
    while at < len(text):
        found = _ITEM.match(text, at)
        if found is None or text.startswith(b"[=", at) or _REPEATED.match(text, at):
            raise UntoldError
        at = found.end()
        if found[1]:
            if found[1] not in _CLASSES or ranged or text[at : at + 1] == b"-":
                raise UntoldError
            items.append(_CLASSES[found[1]].encode())
            continue
        code = int(found[2], 8) if found[2] else (_ESCAPES.get(found[3]) or found[4])[0]
        if code > 0xFF:
            raise UntoldError
        if ranged:
            start = items.pop()[0]
            if code < start:
                raise UntoldError
            items.append(bytes(range(start, code + 1)))
            ranged = False
        else:
            items.append(bytes([code]))
            ranged = text[at : at + 1] == b"-" and at + 1 < len(text)
            at += ranged
    return b"".join(items)
