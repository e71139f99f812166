r"""Places that parts of words stand in, each with what means itself there and what ends it.

A backslash-newline means nothing and stands in runs of plain bytes, whoever takes one leaves it out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place.

    Attributes:
        plain: a run of bytes that mean themselves.
        ends: bytes that end it.
        opens: what opens a pair, in which nothing ends the place; or nothing.
        closes: what closes it.
        quoted: whether it is as in double quotes: only `$`, backticks and some escapes count.
        escapes: a run of escapes; where quoted, of those bytes that a backslash takes the meaning of.
        hides: whether a single quote, which quotes nothing there, still hides what would end the place.
        loose: whether a pair holds nothing but itself: what else ends the place does so inside of one, too.
        groups: whether a parenthesis may begin a group of zsh's patterns.
    """

    plain: re.Pattern[bytes]
    ends: bytes
    opens: bytes
    closes: int
    quoted: bool
    escapes: re.Pattern[bytes]
    hides: bool = False
    loose: bool = False
    groups: bool = False


_CLOSES = {b"(": 0x29, b"[": 0x5D, b"{": 0x7D}
_ANY_ESCAPE = re.compile(rb"(?:\\[^\n][\x80-\xbf]*)+", re.DOTALL)


def _bare(
    ends: bytes,
    opens: bytes = b"",
    special: bytes = b"",
    more: bytes = b"",
    *,
    loose: bool = False,
    groups: bool = False,
) -> Place:
    """A place outside of quotes."""
    stops = re.escape(ends + opens + special)
    plain = re.compile(rb"(?:[^'\"\\$`" + stops + rb"]+|\\\n" + more + rb")+")
    closes = _CLOSES.get(opens, 0)
    return Place(plain, ends, opens, closes, quoted=False, escapes=_ANY_ESCAPE, loose=loose, groups=groups)


def _quoted(
    ends: bytes, escaped: bytes, special: bytes = b"", opens: bytes = b"", *, hides: bool = False, loose: bool = False
) -> Place:
    """A place in double quotes, or one as they are."""
    stops = re.escape(ends + opens + special) + (b"'" if hides else b"")
    escape = re.escape(escaped)
    more = rb"|\\'" if hides else b""  # it hides nothing
    plain = re.compile(rb"(?:[^\\$`" + stops + rb"]+|\\\n" + more + rb"|\\(?![\n" + escape + rb"]))+")
    escapes = re.compile(rb"(?:\\[" + escape + rb"])+")
    return Place(plain, ends, opens, _CLOSES.get(opens, 0), quoted=True, escapes=escapes, hides=hides, loose=loose)


WORD = _bare(b" \t\n;&|<>()")
DASH_DELIMITER = replace(WORD, plain=re.compile(rb"(?:[^'\"\\ \t\n;&|<>()]+|\\\n)+"))
"""Where dash expands nothing, not even to find the end of a word."""

GROUP = _bare(b")", opens=b"(")
BRACES = _bare(b"}", special=b"<>", more=rb"|[<>](?!\()")
SUBSCRIPT = _bare(b"]", opens=b"[")
DOUBLE = _quoted(b'"', b'$`"\\')
DOCUMENT = _quoted(b"", b"$`\\")
TEXT = _quoted(b"", b'$`"\\')
QUOTED_BRACES = _quoted(b"}", b'$`"\\}', special=b'"')
HIDING_BRACES = _quoted(b"}", b'$`"\\}', special=b'"', hides=True)
PARENTHESES = _quoted(b")", b'$`"\\', special=b'"', opens=b"(", hides=True)
BRACKETS = _quoted(b"]", b'$`"\\', special=b'"', opens=b"[", hides=True)
PLAIN_PARENTHESES = _quoted(b")", b'$`"\\', opens=b"(")
PLAIN_BRACKETS = _quoted(b"]", b'$`"\\', opens=b"[")
"""Arithmetic of dash and zsh, where quotes are nothing special."""

EXPRESSION = _bare(b" \t\n;&<>)", opens=b"(")
ZSH_WORD = _bare(b" \t\n;&|<>()}", opens=b"{", loose=True, groups=True)
ZSH_VALUE = _bare(b" \t\n;&|<>()", groups=True)
ZSH_GROUP = _bare(b");&<>}", opens=b"(", special=b"{", loose=True)
ZSH_GROUP_BRACES = _bare(b");&<>}", opens=b"{", loose=True)
ZSH_BRACES = _bare(b"}", opens=b"{")
ZSH_QUOTED_SUBSCRIPT = _quoted(b']"\n', b'$`"\\', opens=b"[", loose=True)
ZSH_SUBSCRIPT = _bare(b" \t\n;&|<>()}]", opens=b"[", loose=True)
