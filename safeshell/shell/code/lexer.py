"""Lexer of code: names, strings with their holes, operators; of each language as far as strings go."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from safeshell.shell.words import Literal, Part, Unknown

CODE_MAX = 32 * 1024
"""Characters of code that are read; there is nothing longer that somebody wrote into a line."""


class Token(NamedTuple):
    """A token.

    Attributes:
        kind: "name", "text", "shell" (a string that a shell runs), "op" or "line" (the end of one).
        text: as it is written.
        parts: of a string, what it is made of.
        start: where it begins.
        words: of a string, whether it is a list of words (perl's qw).
    """

    kind: str
    text: str
    start: int
    parts: tuple[Part, ...] = ()
    words: bool = False

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


class Quote(NamedTuple):
    """A form of strings.

    Attributes:
        opening: a pattern of what begins it; the group `open` is the bracket or quote that ends it.
        holes: a pattern of what the run puts in, or "".
        raw: whether a backslash is itself.
        kind: of its token.
        words: whether it is a list of words.
    """

    opening: str
    holes: str = ""
    raw: bool = False
    kind: str = "text"
    words: bool = False


class Syntax(NamedTuple):
    """How a language writes comments, names and strings.

    Attributes:
        comments: a pattern of them.
        quotes: forms of strings, the first that fits.
        name: a pattern of names.
        regexes: whether a slash where a value is expected begins a pattern.
        doubled: whether doubled braces in a string with holes are one.
    """

    comments: str
    quotes: tuple[Quote, ...]
    name: str = r"[A-Za-z_]\w*[!?]?"
    regexes: bool = False
    doubled: bool = False


_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_SPACE = re.compile(r"[ \t\r\f\v]+|\\\n")
_OPERATOR = re.compile(r"->|=>|::|\?\.|\.\.|:=|[=!<>]=+|[-+*/|&.]=|\|\||&&|\|>|\d[\w.]*|.", re.DOTALL)
_REGEX = re.compile(r"/(?![*/\s])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_BEFORE_REGEX = ("return", "split", "if", "and", "or", "not", "when", "unless", "grep", "typeof", "case", "in", "while")


_PREFIX_MAX = 2
"""Letters before a string that say of which form it is."""


def tokens(code: str, syntax: Syntax) -> list[Token]:
    """The tokens of a code.

    Args:
        code: it; what is behind its first 32 KiB isn't read.
        syntax: its language's.
    """
    code = code[:CODE_MAX]
    openings, names = _compiled(syntax)
    found: list[Token] = []
    at = 0
    while at < len(code):
        if code[at] == "\n":
            found.append(Token("line", "\n", at))
            at += 1
            continue
        skipped = _SPACE.match(code, at)
        if skipped is not None:
            at = skipped.end()
            continue
        name = names.match(code, at)
        if name is not None and name.end() - at > _PREFIX_MAX:
            found.append(Token("name", name[0], at))
            at = name.end()
            continue
        begun = openings.match(code, at)
        if begun is not None and begun.lastgroup == "comment" and begun.end() > at:
            at = begun.end()
            continue
        token = _string(code, begun, syntax) if begun is not None and begun.end() > at else None
        token = token or _pattern(code, at, syntax, found)
        if token is None:
            shown = name[0] if name is not None else (_OPERATOR.match(code, at) or [code[at]])[0]
            token = Token("op" if name is None else "name", shown, at)
        found.append(token)
        at = max(token.end, at + 1)
    return found


@functools.cache
def _compiled(syntax: Syntax) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of what begins a string or is a comment, and of names."""
    openings = [quote.opening.replace("?P<open>", f"?P<open{number}>") for number, quote in enumerate(syntax.quotes)]
    return re.compile("|".join([f"(?P<comment>{syntax.comments})", *openings])), re.compile(syntax.name)


def _pattern(code: str, at: int, syntax: Syntax, before: Sequence[Token]) -> Token | None:
    """A pattern between slashes, where a value is expected."""
    if not syntax.regexes or code[at] != "/":
        return None
    last = before[-1] if before else None
    if last is not None and (last.kind == "text" or last.text in (")", "]", "}")):
        return None
    if last is not None and last.kind == "name" and last.text not in _BEFORE_REGEX:
        return None
    found = _REGEX.match(code, at)
    return None if found is None else Token("op", found[0], at)


def _string(code: str, begun: re.Match[str], syntax: Syntax) -> Token | None:
    group = begun.lastgroup or ""
    if not group.startswith("open"):
        return None
    quote = syntax.quotes[int(group.removeprefix("open"))]
    opened = begun[group]
    closing = _CLOSING.get(opened) or "".join([_CLOSING.get(char, char) for char in reversed(opened)])
    end, inner = _until(code, begun.end(), opened, closing, raw=quote.raw)
    return Token(quote.kind, code[begun.start() : end], begun.start(), _parts(inner, quote, syntax), quote.words)


def _until(code: str, at: int, opened: str, closing: str, *, raw: bool) -> tuple[int, str]:
    """Where a string ends, and what is in it; brackets nest in it."""
    start = at
    depth = 0
    while at < len(code):
        if code[at] == "\\" and not (raw and len(opened) > 1):
            at += 2
        elif code.startswith(closing, at):
            if not depth:
                return at + len(closing), code[start:at]
            depth -= 1
            at += 1
        else:
            depth += opened != closing and len(opened) == 1 and code[at] == opened
            at += 1
    return len(code), code[start:]


_ESCAPE = re.compile(
    r"\\(?:x\{(?P<braced>[0-9A-Fa-f]+)\}|x(?P<hex>[0-9A-Fa-f]{1,2})|u\{(?P<point>[0-9A-Fa-f]+)\}|u(?P<four>[0-9A-Fa-f]{4})"
    r"|U(?P<eight>[0-9A-Fa-f]{8})|(?P<octal>[0-7]{1,3})|(?P<line>\n)|(?P<char>.))",
    re.DOTALL,
)
_CHARS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}
_RANGE = 0x110000


def _unescaped(found: re.Match[str]) -> str:
    for name, base in (("braced", 16), ("hex", 16), ("point", 16), ("four", 16), ("eight", 16), ("octal", 8)):
        if found[name]:
            number = int(found[name][:8], base)
            return chr(number) if number < _RANGE else ""
    return "" if found["line"] else _CHARS.get(found["char"], found["char"])


def _parts(inner: str, quote: Quote, syntax: Syntax) -> tuple[Part, ...]:
    """What a string is made of."""
    holes = re.compile(quote.holes) if quote.holes else None
    parts: list[Part] = []
    text: list[str] = []
    at = 0
    while at < len(inner):
        escape = _ESCAPE.match(inner, at) if inner[at] == "\\" and not quote.raw else None
        hole = holes.match(inner, at) if holes is not None and escape is None else None
        if escape is not None:
            text.append(_unescaped(escape))
            at = escape.end()
        elif hole is not None and syntax.doubled and hole[0] in ("{{", "}}"):
            text.append(hole[0][0])
            at = hole.end()
        elif hole is not None and hole.end() > at:
            if text:
                parts.append(Literal("".join(text), quoted=True))
            text = []
            parts.append(Unknown(hole[0], quoted=True, several=False))
            at = hole.end()
        else:
            text.append(inner[at])
            at += 1
    if text:
        parts.append(Literal("".join(text), quoted=True))
    return tuple(parts)
