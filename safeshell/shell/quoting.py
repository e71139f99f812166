"""Quotes, braces, tilde and patterns as bash has them: from the source of a word to its parts.

The parser says where a word and the expansions in it begin and end; what stands between is read here by bash's rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from safeshell.shell.words import Literal, Part, Unknown, Word

WORDS_MAX = 256
"""Words that one brace expansion may become; more are left for the run."""

Piece = tuple[str, bool] | Unknown
"""One character and whether it is quoted; or an expansion."""

Expansions = Mapping[int, tuple[int, Callable[[bool], Unknown]]]
"""By offset: where an expansion ends, and how it is made inside (True) or outside of double quotes."""

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}
_ANSI = re.compile(
    rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|c(.)|(.))", re.DOTALL
)
_SEQUENCE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?")
_EXTENDED = "?*+@!"


def decode(data: bytes) -> str:
    """Bytes as text, those that are not UTF-8 as surrogates."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Text as the bytes that it came from; lone surrogates that stand for no byte in three bytes of their own."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def read_pieces(data: bytes, start: int, end: int, expansions: Expansions) -> list[Piece]:
    """A word's characters and expansions, its quotes taken off."""
    pieces: list[Piece] = []
    at = start
    double = False
    while at < end:
        if at in expansions:
            at, make = expansions[at]
            pieces.append(make(double))
            continue
        char = data[at : at + 1]
        if char == b'"':
            double = not double
            pieces.append(("", True))
            at += 1
        elif char == b"\\":
            at = _escape(data, at, end, pieces, double=double)
        elif double:
            at = _run(data, at, end, expansions, pieces, quoted=True)
        elif char == b"'":
            close = data.find(b"'", at + 1, end)
            close = end if close < 0 else close
            pieces += [("", True), *[(one, True) for one in decode(data[at + 1 : close])]]
            at = close + 1
        elif char == b"$" and data[at + 1 : at + 2] == b"'":
            at = _ansi(data, at + 2, end, pieces)
        elif char == b"$" and data[at + 1 : at + 2] == b'"':
            at += 1
        else:
            at = _run(data, at, end, expansions, pieces, quoted=False)
    return pieces


def _run(data: bytes, at: int, end: int, expansions: Expansions, pieces: list[Piece], *, quoted: bool) -> int:
    """Takes the characters up to the next one that means something; at least one."""
    stop = at + 1
    while stop < end and data[stop] not in b"\"'\\$" and stop not in expansions:
        stop += 1
    pieces += [(one, quoted) for one in decode(data[at:stop])]
    return stop


def _escape(data: bytes, at: int, end: int, pieces: list[Piece], *, double: bool) -> int:
    if at + 1 >= end:
        pieces.append(("\\", True))
        return end
    following = data[at + 1 : at + 2]
    if following == b"\n":
        return at + 2
    if double and following not in (b"$", b"`", b'"', b"\\"):
        pieces.append(("\\", True))
        return at + 1
    width = 1
    while at + 1 + width < end and data[at + 1] >= 0xC0 and data[at + 1 + width] & 0xC0 == 0x80:
        width += 1
    pieces += [(one, True) for one in decode(data[at + 1 : at + 1 + width])]
    return at + 1 + width


def _ansi(data: bytes, at: int, end: int, pieces: list[Piece]) -> int:
    close = at
    while close < end and data[close : close + 1] != b"'":
        close += 2 if data[close : close + 1] == b"\\" else 1
    text = _ANSI.sub(_ansi_char, data[at : min(close, end)]).split(b"\0")[0]  # bash ends it at a NUL
    pieces += [("", True), *[(one, True) for one in decode(text)]]
    return min(close, end) + 1


def _ansi_char(found: re.Match[bytes]) -> bytes:
    octal, hexadecimal, short, long, control, char = found.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    if short is not None or long is not None:
        code = int(short or long, 16)
        return chr(code).encode("utf-8", "surrogatepass") if code <= 0x10FFFF else b""
    if control is not None:
        return bytes([control[0] & 0x1F])
    known = _ESCAPES.get(char.decode("latin-1"))
    if known is not None:
        return known.encode()
    return bytes(char) if char in b"\\'\"?" else b"\\" + char


_SIMPLE = re.compile(rb"""'([^']*)'|"([^"\\$`]*)"|([\w./:=,@%+\x80-\xff-]+)""")


def simple_word(data: bytes) -> Word | None:
    """A word that is quoted as a whole and holds nothing but text, or needs no quotes; None of all others.

    Most words are of this kind, and long ones nearly always: the text of a file, a script.
    """
    found = _SIMPLE.fullmatch(data)
    if found is None:
        return None
    plain = found[3] is not None
    return Word((Literal(decode(found[found.lastindex or 0]), quoted=not plain),), decode(data))


def to_words(pieces: list[Piece], source: str, home: str | None, *, assignment: bool = False) -> list[Word]:
    """The words that a word becomes before any of its expansions: braces, tilde, patterns.

    Args:
        pieces: its characters.
        source: how it is written.
        home: what `~` stands for, or None where only the run can tell.
        assignment: it is a variable's value: no braces, no patterns.
    """
    if assignment:
        return [Word(_parts(_tilde(pieces, home), patterns=False), source)]
    try:
        variants = _braces(pieces, WORDS_MAX)
    except OverflowError:
        return [Word((Unknown(source, quoted=False),), source)]
    # Bash drops a word that is empty and not quoted, as the first of `{,rm}`.
    return [Word(_parts(_tilde(variant, home), patterns=True), source) for variant in variants if variant]


def _tilde(pieces: list[Piece], home: str | None) -> list[Piece]:
    if not pieces or pieces[0] != ("~", False):
        return pieces
    length = next((index for index, piece in enumerate(pieces) if piece == ("/", False)), len(pieces))
    prefix = pieces[:length]
    if any(isinstance(piece, Unknown) or piece[1] for piece in prefix):
        return pieces
    if length == 1 and home is not None:
        return [("", True), *[(char, True) for char in home], *pieces[1:]]
    name = "".join([piece[0] for piece in prefix if not isinstance(piece, Unknown)])
    return [Unknown(name, quoted=True, several=False), *pieces[length:]]


def _parts(pieces: Sequence[Piece], *, patterns: bool) -> tuple[Part, ...]:
    closes = max((index for index, piece in enumerate(pieces) if piece == ("]", False)), default=-1)
    parts: list[Part] = []
    text: list[str] = []  # of the part that goes on
    text_quoted = False
    for index, piece in enumerate(pieces):
        if isinstance(piece, Unknown):
            part = piece
        else:
            char, quoted = piece
            if not (patterns and not quoted and _is_pattern(pieces, index, closes)):
                if text and quoted != text_quoted:
                    parts.append(Literal("".join(text), text_quoted))
                    text = []
                text.append(char)
                text_quoted = quoted
                continue
            part = Unknown(char, quoted=False)
        if text:
            parts.append(Literal("".join(text), text_quoted))
            text = []
        parts.append(part)
    if text:
        parts.append(Literal("".join(text), text_quoted))
    return tuple(parts)


def _is_pattern(pieces: Sequence[Piece], index: int, closes: int) -> bool:
    """Whether an unquoted character makes a pattern; `closes` is where the last unquoted bracket closes."""
    piece = pieces[index]
    if piece == ("(", False):
        return index > 0 and pieces[index - 1] in [(one, False) for one in _EXTENDED]
    return piece in (("*", False), ("?", False)) or (piece == ("[", False) and index < closes)


def _braces(pieces: list[Piece], most: int) -> list[list[Piece]]:
    """What the braces of a word make of it, as bash does before everything else.

    Raises:
        OverflowError: more words than `most`.
    """
    for start, piece in enumerate(pieces):
        if piece != ("{", False) or (start == 0 and pieces[1:2] == [("}", False)]):
            continue
        found = _group(pieces, start)
        if found is None:
            continue
        choices, end = found
        heads = [pieces[:start]]
        tails = _braces(pieces[end:], most)
        middles = [one for choice in choices for one in _braces(choice, most)]
        if len(middles) * len(tails) > most:
            raise OverflowError
        return [[*head, *middle, *tail] for head in heads for middle in middles for tail in tails]
    return [pieces]


def _group(pieces: list[Piece], start: int) -> tuple[list[list[Piece]], int] | None:
    """The choices of the brace that opens at `start`, and where it ends; None where it is none."""
    choices: list[list[Piece]] = [[]]
    depth = 0
    for index in range(start + 1, len(pieces)):
        piece = pieces[index]
        if piece == ("}", False) and depth == 0:
            if len(choices) > 1:
                return choices, index + 1
            sequence = _sequence(choices[0])
            if sequence is not None:
                return sequence, index + 1
            choices[-1].append(piece)  # it closes nothing: in `{a},b}`, bash takes the next
            continue
        if piece == (",", False) and depth == 0:
            choices.append([])
            continue
        depth += (piece == ("{", False)) - (piece == ("}", False))
        choices[-1].append(piece)
    return None


def _sequence(pieces: list[Piece]) -> list[list[Piece]] | None:
    if any(isinstance(piece, Unknown) or piece[1] for piece in pieces):
        return None
    found = _SEQUENCE.fullmatch("".join([piece[0] for piece in pieces if not isinstance(piece, Unknown)]))
    if found is None:
        return None
    first, last, step = found.groups()
    letters = first.isalpha() and last.isalpha()
    if not letters and (first.isalpha() or last.isalpha()):
        return None
    low, high = (ord(first), ord(last)) if letters else (int(first), int(last))
    stride = abs(int(step)) if step and int(step) else 1
    if abs(high - low) // stride > WORDS_MAX:
        raise OverflowError
    numbers = range(low, high + 1, stride) if low <= high else range(low, high - 1, -stride)
    padded = not letters and any(re.fullmatch(r"-?0\d+", one) for one in (first, last))
    width = max(len(first), len(last)) if padded else 0
    texts = [chr(number) if letters else f"{number:0{width}d}" for number in numbers]
    return [[(char, True) for char in text] for text in texts]
