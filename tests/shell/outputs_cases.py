"""Commands of which the output is known or not, made at random: printf, echo, filters, decoders, seq, dirname."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

from safeshell.shell.nested_commands import Input
from safeshell.shell.outputs import output
from safeshell.shell.syntax.tree import Dialect
from safeshell.shell.words import plain

Pipeline = tuple[tuple[str, ...], ...]
"""Commands of literal words, each reading what the one before it writes."""


def known(pipeline: Pipeline, dialect: Dialect) -> bytes | None:
    """What the line judge knows of a pipeline's output."""
    found: Input | None = None
    for command in pipeline:
        found = output([plain(word) for word in command], found, dialect)
    return None if found is None or found.text is None else os.fsencode(found.text)


# Arguments

_WORDS = ("rm", "-rf", "/", "a b", "x", "", "hello", "/etc/passwd", "100%", "it's", '"', "~", "$HOME", "--", "-n", "-e")
_NUMBERS = ("0", "1", "7", "42", "-3", "255", "1000", "65")
_ODD_NUMBERS = (
    "+5",
    " 6",
    "010",
    "0x1F",
    "-0",
    "'a",
    '"b',
    "'",
    "1.5",
    "abc",
    "12x",
    "9223372036854775807",
    "1e3",
    "08",
)
_ODD_NUMBERS_TOO = (
    "-9223372036854775808",
    "18446744073709551615",
    "9223372036854775808",
    "0X",
    "-0x8",
    "'é",
    "1+1",
    "",
)
_ODD_WORDS = (
    "é",
    "日本",
    "\udcff",
    "\\",
    "\\n",
    "a\\",
    "\\c",
    "\\061\\c",
    "\\x",
    "\\0",
    "\n",
    "\t ",
    "%",
    "-v",
    "-",
    "-E",
)
_ESCAPES = ("\\n", "\\t", "\\\\", "\\x41", "\\101", "\\r")
_ODD_ESCAPES = (
    "\\a",
    "\\b",
    "\\e",
    "\\E",
    "\\f",
    "\\v",
    "\\0",
    "\\0101",
    "\\00101",
    "\\1",
    "\\18",
    "\\377",
    "\\777",
    "\\0777",
)
_ODD_ESCAPES_TOO = (
    "\\x",
    "\\x4",
    "\\x414",
    "\\xg",
    "\\u41",
    "\\u0041",
    "\\U0000004a",
    "\\u00e9",
    "\\u",
    "\\c",
    "\\'",
    '\\"',
)
_LAST_ESCAPES = (
    "\\?",
    "\\d",
    "\\%",
    "\\C-a",
    "\\M-a",
    "\\",
    "\\é",
    "\\x{41}",
    "\\z",
    "\\1234",
    "\\45d",
    "\\x25d",
    "\\045s",
)
_ALL_ESCAPES = (*_ESCAPES, *_ODD_ESCAPES, *_ODD_ESCAPES_TOO, *_LAST_ESCAPES)


def _conversion(source: random.Random, *, ordinary: bool) -> str:
    if ordinary:
        flags = source.choice(("", "", "", "", "-5", "05", "3", "10", "+", ".3", "-8.2", "02"))
        letter = source.choice("sssssdddbxocui")
        return f"%{letter}" if letter in "bc" or (letter == "s" and flags in ("05", "02", "+")) else f"%{flags}{letter}"
    flags = "".join(source.choices("-+ #0'", (4, 4, 4, 4, 4, 1), k=source.randrange(3)))
    width = source.choice(("", "", "1", "6", "20", "*", "2147483648"))
    precision = source.choice(("", "", "", ".", ".0", ".2", ".9", ".010", ".*", ".-1"))
    length = source.choice(("", "", "", "", "", "l", "ll", "h", "L"))
    return f"%{flags}{width}{precision}{length}{source.choice('sbcdiouxXeEfFgGaqQnTz%(')}"


def _printf(source: random.Random, *, ordinary: bool) -> tuple[str, ...]:
    texts = ("a", "rm ", "-rf", " ", "x=", ":", "/")
    pieces = []
    for _ in range(source.randrange(1, 5)):
        kind = source.randrange(3)
        if kind == 0:
            pieces.append(source.choice(texts if ordinary else (*texts, *_WORDS, *_ODD_WORDS)))
        elif kind == 1:
            pieces.append(source.choice(_ESCAPES if ordinary else _ALL_ESCAPES))
        else:
            pieces.append(_conversion(source, ordinary=ordinary))
    form = "".join(pieces)
    if ordinary:
        conversions = [piece[-1] for piece in pieces if piece.startswith("%") and len(piece) > 1]
        arguments = [
            source.choice(_NUMBERS if letter in "dxoui" else _WORDS)
            for _ in range(source.choice((1, 1, 1, 2)))
            for letter in conversions
        ]
        arguments = arguments[: len(arguments) - source.choice((0, 0, 0, 0, 1))]
        return ("printf", *(("--",) if form.startswith("-") else ()), form, *arguments)
    options = source.choice(((), (), (), (), ("--",), ("-v", "v"), ("-v",), ("-v", "v", "--")))
    pool = (*_NUMBERS, *_ODD_NUMBERS, *_ODD_NUMBERS_TOO, *_WORDS, *_ODD_WORDS, *_ALL_ESCAPES)
    return ("printf", *options, form, *[source.choice(pool) for _ in range(source.randrange(5))])


def _echo(source: random.Random, *, ordinary: bool) -> tuple[str, ...]:
    options = source.choices(("-n", "-e", "-ne", "-en"), k=source.choice((0, 0, 0, 1)))
    if ordinary:
        return (
            "echo",
            *options,
            *source.choices((*_WORDS, *_NUMBERS, "rm -rf /\\n", "\\x2f"), k=source.randrange(1, 4)),
        )
    options += source.choices(
        ("-E", "-e", "-nE", "--", "-", "-x", "-nn", "-ee", "--help"), k=source.choice((0, 0, 1, 2))
    )
    words = [
        "".join(source.choices((*_ALL_ESCAPES, *_WORDS, *_ODD_WORDS), k=source.randrange(1, 4)))
        for _ in range(source.randrange(4))
    ]
    return ("echo", *options, *words)


# Pipelines

Made = Callable[[random.Random], Pipeline]


def _builtin(make: Callable[..., tuple[str, ...]], *, ordinary: bool) -> Made:
    return lambda source: (make(source, ordinary=ordinary),)


def _given(source: random.Random, data: bytes) -> tuple[str, ...]:
    """A command that writes the data."""
    if data.isascii() and b"\0" not in data and b"%" not in data and source.random() < 0.5:
        return ("printf", "%s", data.decode())
    return ("printf", "--", "".join([f"\\{one:03o}" for one in data]))


def _data(source: random.Random) -> bytes:
    kind = source.randrange(6)
    if kind == 0:
        return source.randbytes(source.randrange(200))
    lines = [" ".join(source.choices(_WORDS, k=source.randrange(4))) for _ in range(source.randrange(6))]
    return ("\n".join(lines) + source.choice(("\n", ""))).encode()


_SETS = (
    "a-z",
    "A-Z",
    "a-zA-Z",
    "n-za-mN-ZA-M",
    "[:lower:]",
    "[:upper:]",
    "abc",
    "x",
    "\\n",
    " ",
    "0-9",
    "[a-z]",
    "\\057",
    "",
)
_ODD_SETS = (
    "[:space:]",
    "[:alnum:]x",
    "[:punct:]",
    "z-a",
    "a-",
    "-a",
    "[x*]",
    "[=a=]",
    "\\t-z",
    "é",
    "[:no:]",
    "\\",
    "[",
    "a-c-e",
)
_ODD_SETS_TOO = (
    "[x*3]",
    "\\\\",
    "\\-",
    "\\[:upper:]",
    "[:xdigit:]",
    "aab",
    "\\400",
    "[:upper:]a",
    "[.a.]",
    "%--",
    "[:cntrl:]-a",
)


def _filter(source: random.Random) -> tuple[str, ...]:
    count = source.choice(("0", "1", "2", "7", "+2", "-1", "1k", "x"))
    counts = source.choice(
        (
            ("-n", count),
            (f"-n{count}",),
            ("-c", count),
            (f"--lines={count}",),
            (f"--bytes={count}",),
            ("-2",),
            (),
            ("-",),
        )
    )
    sets = (*_SETS, *_SETS, *_ODD_SETS, *_ODD_SETS_TOO)
    options = source.choice(
        ((), (), (), ("-d",), ("-d",), ("-s",), ("-cd",), ("-c",), ("-ds",), ("-t",), ("--delete",))
    )
    operands = source.choices(sets, k=1 if "d" in "".join(options) and "s" not in "".join(options) else 2)
    places = source.choice(("1", "2-", "-3", "1,3", "2-4,1", "3-2", "0", "1-2,2-5,7", "x", "2,", "1-1000000000"))
    columns = source.choice((("-d", " "), ("-d ",), ("-d/",), (), ("-d", ""), ("-d ", "-s"), ("-d", "ab")))
    return source.choice(
        (
            ("cut", source.choice(("-c", "-b")) + places),
            ("cut", *columns, "-f", places),
            ("cut", *columns, source.choice(("-f", "-c")) + places, *source.choice(((), ("-",)))),
            ("cat", *source.choice(((), ("-",), ("-u",), ("-", "-"), ("-n",)))),
            ("tee", *source.choice(((), ("-a",), ("/dev/null",)))),
            ("rev",),
            ("tac", *source.choice(((), ("-",)))),
            ("head", *counts),
            ("tail", *counts),
            ("tr", *options, *operands),
            ("tr", *options, *operands),
        )
    )


def _filters(source: random.Random) -> Pipeline:
    return (_given(source, _data(source)), *[_filter(source) for _ in range(source.choice((1, 1, 2)))])


_ENCODERS = {
    "base64": (("base64",), ("base64", "-w0"), ("base64", "-w", "10"), ("base64", "--wrap=7")),
    "openssl": (
        ("openssl", "base64"),
        ("openssl", "base64", "-A"),
        ("openssl", "enc", "-base64"),
        ("openssl", "enc", "-a"),
    ),
    "xxd": (("xxd", "-p"), ("xxd", "-ps")),
}
_DECODERS = (
    *(("base64", "-d"), ("base64", "--decode"), ("base64", "-di"), ("base64", "-d", "-i"), ("base64", "-d", "-")),
    *(("openssl", "base64", "-d"), ("openssl", "enc", "-base64", "-d"), ("openssl", "base64", "-d", "-A")),
    *(("openssl", "enc", "-d", "-a"), ("xxd", "-r", "-p"), ("xxd", "-p", "-r"), ("xxd", "-r", "-ps")),
)


def _decoders(source: random.Random) -> Pipeline:
    """Data encoded and decoded again, most by the same program, some damaged in between."""
    given = _given(source, _data(source))
    encoder = source.choice(list(_ENCODERS))
    decoder = source.choice([one for one in _DECODERS if one[0] == encoder or source.random() < 0.3])
    encode = source.choice(_ENCODERS[encoder])
    kind = source.randrange(3)
    if kind == 0:
        return (given, encode, decoder)
    if kind == 1:
        return (given, encode)
    text = bytearray(known((given, encode), Dialect.BASH) or b"")
    for _ in range(source.choice((0, 0, 1, 2))):
        at = source.randrange(len(text) + 1)
        text[at : at + source.randrange(2)] = source.choice((b"", b"\n", b" ", b"=", b"!", b"A", b"\r", b"ab"))
    return (_given(source, bytes(text)), decoder)


def _sequences(source: random.Random) -> Pipeline:
    options = source.choice(((), (), (), ("-s", " "), ("-s,",), ("-w",), ("-s", "\\n"), ("-s", "")))
    numbers = source.choices(
        ("1", "2", "5", "10", "-3", "0", "-1", "07", "1.5", "+4", "-0", "100"), k=source.randrange(1, 4)
    )
    return (("seq", *options, *numbers),)


def _directories(source: random.Random) -> Pipeline:
    options = source.choice(((), (), ("--",), ("-z",)))
    path = "".join(source.choices(("/", "//", "a", "..", ".", " ", "-b", "\n"), k=source.randrange(6)))
    return (("dirname", *options, path, *source.choice(((), (), (), ("c/d",)))),)


GENERATORS: dict[str, Made] = {
    "printf, ordinary": _builtin(_printf, ordinary=True),
    "printf, odd": _builtin(_printf, ordinary=False),
    "echo, ordinary": _builtin(_echo, ordinary=True),
    "echo, odd": _builtin(_echo, ordinary=False),
    "filters": _filters,
    "decoders": _decoders,
    "seq": _sequences,
    "dirname": _directories,
}
EXTERNAL = ("filters", "decoders", "seq", "dirname")
"""The same in all shells."""
