"""Written words: a word of the tree as the words that it becomes before any expansion but braces and tilde."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from safeshell.shell.braces import Piece, expand_braces
from safeshell.shell.encoding import decode
from safeshell.shell.parameter_operations import OPERATIONS
from safeshell.shell.syntax.tree import Arithmetic, Dialect, Parameter, Part, Script, Simple, Substitution, Text
from safeshell.shell.syntax.tree import Word as Node
from safeshell.shell.words import Literal, Unknown, Word
from safeshell.shell.words import Part as WordPart

_PATTERN = frozenset("*?[")
_SPECIAL = re.compile(rb"[*?\[{~=(]").search
_EXTENDED = frozenset("?*+@!")
_ONE_WORD = frozenset("#?$!-")
"""Parameters whose value holds no blank."""

Home = Callable[[], str | None]
"""What `~` stands for; None where only the run can tell."""


def written_words(node: Node, script: Script, home: Home) -> list[Word]:
    """The words of an argument: braces are expanded, `~` is the home, patterns and expansions stay as they are.

    Args:
        node: the word.
        script: the text that it stands in.
        home: the home.
    """
    written = script.data[node.start : node.end]
    parts = node.parts
    if len(parts) == 1:
        only = parts[0]
        if isinstance(only, Text) and (only.quoted or not _SPECIAL(only.data)):
            make = _known_text if len(written) <= TEXT_MAX else _text
            return [make(written, only.data, only.quoted)]
    source = decode(written)
    if not any(isinstance(part, Text) and not part.quoted and _SPECIAL(part.data) for part in parts):
        return [Word(_parts(_pieces(parts, script, split=False), patterns=False), source)]
    pieces = _pieces(parts, script)
    dialect = script.dialect
    if dialect is Dialect.ZSH and pieces[:1] == [("=", False)] and len(pieces) > 1:
        pieces = pieces[1:]  # `=rm` is the path of rm
    if dialect is Dialect.SH or ("{", False) not in pieces:
        variants: Iterable[Sequence[Piece]] = [pieces]
    else:
        try:
            # A word that is empty and not quoted is dropped, as the first of `{,rm}`.
            variants = [variant for variant in expand_braces(pieces) if variant]
        except OverflowError:
            return [Word((Unknown(source, quoted=False),), source)]
    return [Word(_parts(_tilde(variant, home), patterns=True), source) for variant in variants]


TEXT_MAX = 40
"""Bytes of a word up to which it is kept: options and names come back from command to command, from line to line."""


def _text(written: bytes, data: bytes, quoted: bool) -> Word:
    """A word of nothing but text; how it is written, its text, and whether that is quoted."""
    text = decode(data)
    return Word((Literal(text, quoted),), text if written == data else decode(written))


_known_text = lru_cache(maxsize=2048)(_text)


def written_value(node: Node, script: Script, home: Home) -> Word:
    """The value of an assignment, or of anything else that stays one word: no braces, no patterns."""
    source = decode(script.data[node.start : node.end])
    first = node.parts[0] if node.parts else None
    tilde = isinstance(first, Text) and first.data[:1] == b"~"
    pieces = _pieces(node.parts, script, split=tilde)
    return Word(_parts(_tilde(pieces, home) if tilde else pieces, patterns=False), source)


def _pieces(parts: Sequence[Part], script: Script, *, split: bool = True) -> list[Piece]:
    """Quoted text whole; the rest a character at a time, unless none of its characters means more than itself."""
    pieces: list[Piece] = []
    for part in parts:
        if isinstance(part, Text):
            text = decode(part.data)
            if part.quoted:
                pieces.append((text, True))
            elif not split:
                pieces += [(text, False)] if text else ()
            else:
                pieces += [(char, False) for char in text]
        else:
            pieces.append(opened(part, script))
    return pieces


def opened(part: Parameter | Substitution | Arithmetic, script: Script) -> Unknown:
    """An expansion as what only the run can tell, until it is worked out."""
    source = decode(script.data[part.start : part.end])
    if isinstance(part, Parameter):
        name, operation = decode(part.name), decode(part.operation)
        every = name == "@" or operation.startswith("[@]") or (script.dialect is Dialect.ZSH and "@" in operation)
        several = _splits(part) and (every or not part.quoted)
        if part.argument is not None and part.operation in OPERATIONS:
            operation += decode(script.data[part.argument.start : part.argument.end])
        return Unknown(source, part.quoted, name, operation, several, node=part)
    if isinstance(part, Substitution):
        several = not part.quoted and _splits(part)
        return Unknown(source, part.quoted, several=several, node=part, output=_command_of(part.script))
    return Unknown(source, part.quoted, several=False, node=part)


def _splits(part: object) -> bool:
    """Whether an expansion becomes any number of words where nothing quotes it."""
    if isinstance(part, Parameter):
        return decode(part.name) not in _ONE_WORD
    return isinstance(part, Substitution) and part.kind in ("$(", "`", "${")


def unquoted(part: Unknown) -> Unknown:
    """What a variable was given, where nothing quotes the variable: a shell that splits makes any words of it."""
    splits = part.source[:1] in ("$", "`") and not part.is_number and part.variable != "-"  # its node isn't kept
    return replace(part, quoted=False, several=True) if splits and not part.several else part


def _command_of(script: Script) -> tuple[str, ...]:
    """The words of the one command of a script; none where it has others, or only the run can tell one."""
    items = script.body.items
    if len(items) != 1 or len(items[0].pipelines) != 1 or len(items[0].pipelines[0].commands) != 1:
        return ()
    only = items[0].pipelines[0].commands[0]
    if not isinstance(only, Simple) or only.assignments:
        return ()
    texts: list[str] = []
    for word in only.words:
        if not isinstance(word, Node) or not all(isinstance(part, Text) for part in word.parts):
            return ()
        texts.append("".join([decode(part.data) for part in word.parts if isinstance(part, Text)]))
    return tuple(texts)


def _tilde(pieces: Sequence[Piece], home: Home) -> Sequence[Piece]:
    if not pieces or pieces[0] != ("~", False):
        return pieces
    length = next((index for index, piece in enumerate(pieces) if piece == ("/", False)), len(pieces))
    prefix = pieces[:length]
    if any(isinstance(piece, Unknown) or piece[1] for piece in prefix):
        return pieces
    if length == 1:
        known = home()
        if known is not None:
            return [(known, True), *pieces[1:]]
    name = "".join([piece[0] for piece in prefix if not isinstance(piece, Unknown)])
    return [Unknown(name, quoted=True, several=False), *pieces[length:]]


def _parts(pieces: Sequence[Piece], *, patterns: bool) -> tuple[WordPart, ...]:
    closes = -1
    if patterns:
        closes = max([index for index, piece in enumerate(pieces) if piece == ("]", False)], default=-1)
    parts: list[WordPart] = []
    text: list[str] = []  # of the part that goes on
    text_quoted = False
    single = _single_brackets(pieces, closes) if patterns and closes > 0 else frozenset()
    for index, piece in enumerate(pieces):
        if index in single:
            continue
        if isinstance(piece, Unknown):
            part = piece
        else:
            characters, quoted = piece
            if not (patterns and not quoted and _is_pattern(pieces, index, closes)):
                if text and quoted != text_quoted:
                    parts.append(Literal("".join(text), text_quoted))
                    text = []
                text.append(characters)
                text_quoted = quoted
                continue
            part = Unknown(characters, quoted=False)
        if text:
            parts.append(Literal("".join(text), text_quoted))
            text = []
        parts.append(part)
    if text:
        parts.append(Literal("".join(text), text_quoted))
    return tuple(parts)


def _single_brackets(pieces: Sequence[Piece], closes: int) -> frozenset[int]:
    """The brackets around a single character, as in `r[m]`: a file that fits has that one there."""
    found: set[int] = set()
    for index in range(min(closes, len(pieces) - 2)):
        inside = pieces[index + 1]
        around = pieces[index] == ("[", False) and pieces[index + 2] == ("]", False)
        if around and not isinstance(inside, Unknown) and len(inside[0]) == 1 and inside[0] not in "!^]-":
            found |= {index, index + 2}
    return frozenset(found)


def _is_pattern(pieces: Sequence[Piece], index: int, closes: int) -> bool:
    """Whether an unquoted character makes a pattern; `closes` is where the last unquoted bracket closes."""
    piece = pieces[index]
    if piece == ("(", False):
        return index > 0 and pieces[index - 1] in [(one, False) for one in _EXTENDED]
    return piece in (("*", False), ("?", False)) or (piece == ("[", False) and index < closes)


def with_patterns(text: str) -> tuple[WordPart, ...]:
    """The parts of a text in which patterns count, as in an unquoted expansion."""
    if _PATTERN.isdisjoint(text):
        return (Literal(text, quoted=True),) if text else ()
    return tuple(
        [
            part if isinstance(part, Unknown) else Literal(part.text, quoted=True)
            for part in _parts([(char, False) for char in text], patterns=True)
        ]
    )
