"""Chain of records: each line names the digest of the one before, and ends with its own."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

START = "0" * 64
"""Digest that the first record names as the one before."""

_SEAL = re.compile(rb',"prev":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}\Z')
_SEQ = re.compile(rb'\A\{"seq":([0-9]{1,18}),')
_HASH_BYTES = len(',"hash":""}') + 64

# The encoder itself: `json.dumps` would make one for each record.
_encode = json.JSONEncoder(separators=(",", ":")).encode


class Head(NamedTuple):
    """The last record of a chain."""

    seq: int = 0
    hash: str = START


class Sealed(NamedTuple):
    """A record's place in the chain, as its line says, and whether the line is what was sealed."""

    seq: int
    prev: str
    hash: str
    intact: bool


def seal(record: dict[str, Any], head: Head) -> tuple[bytes, Head]:
    """The line of a record that follows another.

    The digest is that of the line as it is up to `,"hash"`, with its brace: nobody need write JSON the same way again
    to check it.

    Args:
        record: what it says; it has none of the chain's own fields.
        head: the record before.

    Returns:
        The line with its newline, and the new head.
    """
    import hashlib  # noqa: PLC0415 # loads OpenSSL, which the daemon's first answer need not wait for

    body = _encode({"seq": head.seq + 1, **record, "prev": head.hash}).encode("ascii")
    digest = hashlib.sha256(body).hexdigest()
    return body[:-1] + b',"hash":"%s"}\n' % digest.encode(), Head(head.seq + 1, digest)


def unseal(line: bytes) -> Sealed | None:
    """A line's place in the chain; None where it ends early or begins late, so that it is no record.

    Args:
        line: without its newline.
    """
    first, last = _parts(line)
    if first is None or last is None:
        return None
    import hashlib  # noqa: PLC0415 # as in `seal`

    digest = last[2].decode()
    intact = hashlib.sha256(line[:-_HASH_BYTES] + b"}").hexdigest() == digest
    return Sealed(int(first[1]), last[1].decode(), digest, intact)


def head_of(line: bytes) -> Head | None:
    """Place in the chain that a line claims, whether it is as it was sealed or not; None as for `unseal`."""
    first, last = _parts(line)
    return None if first is None or last is None else Head(int(first[1]), last[2].decode())


def _parts(line: bytes) -> tuple[re.Match[bytes] | None, re.Match[bytes] | None]:
    return _SEQ.match(line), _SEAL.search(line[-(_HASH_BYTES + 80) :])
