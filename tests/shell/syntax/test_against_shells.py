"""The parser against the shells themselves, on generated texts: what they take, and what words mean to them."""

from __future__ import annotations

import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from shell.syntax.shells import Shell
from shell.syntax.texts import text

from safeshell.shell.limits import OverrunError
from safeshell.shell.syntax.reader import parse
from safeshell.shell.syntax.tree import Dialect, Parameter, Part, Script, Simple, Substitution, Text, Word

SEED = 1
TEXTS = 100

KNOWN = {
    Dialect.BASH: (
        # With extglob, which a line before may have set, these are patterns; without, errors.
        rb"[?*+@!]\(",
        # Bash gives some subshells in one another up that it takes with a blank between.
        rb"\(\(\(",
        # It says nothing of what is wrong with these where it runs nothing.
        rb"\[\[|for \(\(",
    ),
    Dialect.SH: (
        # A document's expansion that goes on over its delimiter.
        rb"(?s)<<.*\$\{\w*\n",
        # An unmatched quote in arithmetic.
        rb"\$\(\([^)]*['\"]",
    ),
    Dialect.ZSH: (
        # An assignment that a redirection stands before, or nothing behind, can't run in the background, by accident.
        rb"=\S*\s*&|>\s*\S+ \w*=.*&",
        # A process for a target, which it takes only behind `<`.
        rb"> ?[<>]\(|<>? ?[<>]\(",
        # Reserved words behind some that change how a command's name is looked up.
        rb"nocorrect|coproc|function",
        # Behind the braces of `if` it wants a separator, whatever closes or goes on behind it.
        rb"(?s)if .*\}",
        # It says nothing of what is wrong with these where it runs nothing.
        rb"\(\(|for *\(|do\(",
    ),
}
"""Texts about which parser and shell may differ, by what is in them."""


def _ours(data: bytes, dialect: Dialect) -> Script | None:
    try:
        return parse(data, dialect)
    except OverrunError:
        return None


@pytest.mark.parametrize("dialect", Dialect)
def test_what_the_shell_takes(dialect: Dialect) -> None:
    _compare(dialect, SEED, TEXTS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("dialect", Dialect)
def test_what_the_shell_takes_of_many(dialect: Dialect) -> None:
    _compare(dialect, 100_000, 60 * TEXTS)


def _compare(dialect: Dialect, seed: int, count: int) -> None:
    shell = Shell(dialect)
    known = [re.compile(pattern) for pattern in KNOWN[dialect]]
    texts = [text(seed + number, dialect).encode() for number in range(count)]
    differing = []
    taken = 0
    with ThreadPoolExecutor(2) as pool:
        for data, takes in zip(texts, pool.map(shell.takes, texts), strict=True):
            script = _ours(data, dialect)
            taken += takes
            differs = script is not None and takes == bool(script.broken)
            if differs and not any(pattern.search(data) for pattern in known):
                differing.append(data)
    assert taken > count / 4, "the texts are too wrong to say much"
    assert len(differing) <= count / 250, differing


PIECES = (
    *("a", "b", "8", "\\", "\\\\", "'", "'", '"', '"', "$x", "${x}", "$'", "\\'", "\\n", "\\x41", "\\101", "\\u00e9"),
    *("\\cA", "\\e", "\\?", "\\0", "\\x", "\\C-a", "\\M-a", "\\U1F600", "\\x4", "\\8", "\\777", "\\c", "\\c\\"),
    *("\\M-\\C-a", "\\u", " ", "  ", "\\\n", "\\ ", "${y}", "$y", "$", "é", "\\é", "\\$", "\\`", '$"', "'\\''"),
    *("${y:-ab}", "${y:-'q'}", "-", '${y:-"r  s"}', '"${y:-t u}"', "${y:-\\}}", "${x:+z}", "\\a", "!", "#", "a#"),
    *('\\"', "=", "%", "\r", "\t", "\\x{41}", "`printf z`", "`printf \\\\\\\\z`", "$(printf 'k')"),
    *('"`printf \\"q\\"`"', "\udcff"),
)
VARIABLES = {"x": "v", "y": ""}


def _line(seed: int) -> bytes:
    source = random.Random(seed)
    words = ["".join(source.choices(PIECES, k=source.choice((1, 2, 3, 4, 6)))) for _ in range(source.choice((1, 2)))]
    return ("printf '<%s>' " + " ".join(words)).encode("utf-8", "surrogateescape")


class _OtherError(Exception):
    """What this test works nothing out for."""


def _value(parts: tuple[Part, ...]) -> bytes | None:
    """What parts come to where nothing in them is split; None where no word is left."""
    found: bytes | None = None
    for part in parts:
        more: bytes | None
        if isinstance(part, Text):
            more = part.data
        elif isinstance(part, Parameter):
            more = _parameter(part)
        elif isinstance(part, Substitution) and not part.script.broken:
            words = _words(part.script)
            if len(words) != 2 or words[0] != b"printf" or re.search(rb"[%\\\n]|^-", words[1]):
                raise _OtherError
            more = words[1]
        else:
            raise _OtherError
        if more is not None and (more or isinstance(part, Text) or part.quoted):
            found = (found or b"") + more
    return found


def _parameter(part: Parameter) -> bytes | None:
    if not re.fullmatch(rb"\w+", part.name):
        raise _OtherError
    value = VARIABLES.get(part.name.decode(), "").encode()
    if part.operation in (b":-", b":+") and part.argument:
        chosen = (value == b"") is (part.operation == b":-")
        if not chosen:
            return value if part.operation == b":-" else b""
        found = _value(part.argument.parts)
        if (
            found
            and b" " in found
            and not part.quoted
            and any(isinstance(one, Text) and not one.quoted for one in part.argument.parts)
        ):
            raise _OtherError  # it is split
        return found if found is not None or not part.quoted else b""
    if part.operation:
        raise _OtherError
    return value


def _words(script: Script) -> list[bytes]:
    commands = [each for item in script.body.items for pipeline in item.pipelines for each in pipeline.commands]
    if len(commands) != 1 or not isinstance(commands[0], Simple) or commands[0].assignments or commands[0].redirects:
        raise _OtherError
    found = [_value(word.parts) for word in commands[0].words if isinstance(word, Word)]
    return [word for word in found if word is not None]


@pytest.mark.parametrize("dialect", Dialect)
def test_what_words_mean(dialect: Dialect) -> None:
    _mean(dialect, SEED, TEXTS)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", Dialect)
def test_what_many_words_mean(dialect: Dialect) -> None:
    _mean(dialect, SEED, 3 * TEXTS)


def _mean(dialect: Dialect, seed: int, count: int) -> None:
    shell = Shell(dialect)
    before = b"setopt noglob noequals nobadpattern\n" if dialect is Dialect.ZSH else b"set -f\n"
    lines: list[tuple[bytes, bytes]] = []
    for number in range(count):
        line = _line(seed + number)
        script = _ours(line, dialect)
        if script is None or script.broken:
            continue
        try:
            words = _words(script)
        except _OtherError:
            continue
        lines.append((line, b"".join(b"<%b>" % word for word in words[2:]) or b"<>"))
    assert len(lines) > count / 3
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda line: shell.run(before + line[0], **VARIABLES).stdout, lines)
        wrong = [(line, told, meant) for (line, meant), told in zip(lines, answers, strict=True) if told != meant]
    assert not wrong
