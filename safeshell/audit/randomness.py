"""Whether a text looks as if a machine had drawn it: what tells a token from a name that people gave."""

from __future__ import annotations

import re
from collections import Counter
from math import log2

_RUNS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+")
_HEX = re.compile(r"g?[0-9a-f]*|[0-9A-F]*")  # `git describe` puts a g in front
_PARTS = re.compile(r"[A-Za-z0-9]+")

_MIXED, _ONE_CASE = 0.33, 0.24
"""Changes between small letters, capitals and digits, a character: drawn of all three there are 0.6, of two 0.4, in
names as people write them (`SpringBootApplication2`) 0.2 or less."""

_ENTROPY = 0.72
"""Of what so many characters can have at most, in bits; drawn ones have nine tenths of it, words three quarters."""

_IDENTIFIERS = (
    "acct asst batch build ch chatcmpl chunk cm cs cus evt file img in index msg pi pm price prod req resp run sha "
    "sha1 sha256 sha384 sha512 md5 blake3 h1 sub thread toolu txn v1 v2 vs"
)

IDENTIFIERS = frozenset(_IDENTIFIERS.split())
"""What stands before public names, digests and numbers of objects, which are as random as tokens."""


def looks_random(text: str, least: int = 16) -> bool:
    """Whether a text has a run of letters and digits that looks drawn.

    Args:
        text: what a token may be, without its prefix.
        least: characters that the run has at least.
    """
    return any(len(part) >= least and _is_random(part) for part in _PARTS.findall(text))


def is_token(text: str) -> bool:
    """Whether a name with a short prefix (`acme_live_…`) looks like a token: 20 characters or more, and drawn."""
    prefix, *parts = re.split("[-_]", text)
    body = max(parts, key=len)
    if prefix.lower() in IDENTIFIERS or (len(parts) == 1 and len(body) < 20):
        return False
    return len(body) >= 16 and sum(map(len, parts)) >= 20 and _is_random(body)


def _is_random(part: str) -> bool:
    """Digests and identifiers in hexadecimals don't count: they name what is public far more often than a secret."""
    if _HEX.fullmatch(part) or part.isalpha() or part.isdigit():
        return False
    changes = len(_RUNS.findall(part)) - 1
    mixed = part != part.lower() and part != part.upper()
    if changes < (_MIXED if mixed else _ONE_CASE) * (len(part) - 1):
        return False
    size = len(part)
    entropy = -sum(count / size * log2(count / size) for count in Counter(part).values())
    return entropy >= _ENTROPY * log2(min(size, 62 if mixed else 36))
