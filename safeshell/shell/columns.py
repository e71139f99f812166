"""What cut writes of lines that it reads: characters by their places, or fields."""

from __future__ import annotations

import re
from collections.abc import Sequence

from safeshell.shell.untold import STEPS, UntoldError

_RANGES = re.compile(rb"(?:[1-9][0-9]{0,8}(?:-(?:[1-9][0-9]{0,8})?)?|-[1-9][0-9]{0,8})(?:,|$)")
_END = 1 << 30

_Range = tuple[int, int]


def cut(arguments: Sequence[bytes], data: bytes) -> bytes:
    """What cut writes.

    Raises:
        UntoldError: it reads files, would say an error, or the locale says what a character is.
    """
    options = _read(arguments)
    for_fields = b"d" in options or b"s" in options
    delimiter = options.pop(b"d", b"\t")
    only = options.pop(b"s", None) is not None
    if len(options) != 1 or len(delimiter) != 1 or not data.isascii() or b"\0" in data:
        raise UntoldError
    ((unit, places),) = options.items()
    fields = unit == b"f"
    if for_fields and not fields:
        raise UntoldError
    ranges = _ranges(places)
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if len(lines) * len(ranges) > STEPS:
        raise UntoldError
    made = []
    for line in lines:
        if not fields:
            made.append(b"".join([line[start:end] for start, end in ranges]))
        elif delimiter in line:
            parts = line.split(delimiter)
            made.append(delimiter.join([part for start, end in ranges for part in parts[start:end]]))
        elif not only:
            made.append(line)
    return b"".join([line + b"\n" for line in made])


def _read(arguments: Sequence[bytes]) -> dict[bytes, bytes]:
    """Its options by their letters."""
    found: dict[bytes, bytes] = {}
    rest = list(arguments)
    if rest[-1:] == [b"-"]:
        rest.pop()
    while rest:
        word = rest.pop(0)
        letter, value = word[1:2], word[2:]
        if word == b"-s":
            found[letter] = b""
            continue
        if not word.startswith((b"-b", b"-c", b"-d", b"-f")) or letter in found or not (value or rest):
            raise UntoldError
        found[letter] = value or rest.pop(0)
    return found


def _ranges(text: bytes) -> list[_Range]:
    """The places of a list, in order and apart from one another; from 0, the ends left out."""
    found: list[_Range] = []
    at = 0
    while match := _RANGES.match(text, at):
        low, dash, high = match[0].rstrip(b",").partition(b"-")
        start = int(low or b"1")
        end = int(high or b"%d" % _END) if dash else start
        if end < start:
            raise UntoldError
        found.append((start - 1, end))
        at = match.end()
    if at < len(text) or not found or text.endswith(b",") or len(found) > STEPS:
        raise UntoldError
    merged: list[_Range] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
