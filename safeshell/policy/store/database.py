"""The LMDB database of a table file: its keys, and what is in force. Imported by children only (`child`)."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import lmdb

from safeshell.policy.store.file_checks import COMPILE, DamagedError
from safeshell.policy.table import SECTIONS, table_digest

MAP_SIZE = 1 << 30
"""Address space for the mapping, bytes; the file stays as small as its contents."""

INDEX = b"index"
"""The key of the one record that says what is in force."""

ONLY = b"only"
"""The key of the one table's digest in a file written by `compile -o`."""

_DAMAGE = (
    lmdb.BadTxnError,
    lmdb.CorruptedError,
    lmdb.CursorFullError,
    lmdb.IncompatibleError,
    lmdb.InvalidError,
    lmdb.PageFullError,
    lmdb.PageNotFoundError,
    lmdb.PanicError,
    lmdb.VersionMismatchError,
)
"""What LMDB raises over a file's contents; all else (a full disk, no memory) is not the file's fault."""


@contextlib.contextmanager
def opened(path: str, *, write: bool) -> Iterator[Any]:
    """The file's environment.

    Raises:
        DamagedError: LMDB finds damage in it, then or while it is used.
    """
    try:
        with lmdb.open(
            path,
            subdir=False,
            readonly=not write,
            create=write,
            mode=0o600,
            map_size=MAP_SIZE,
            max_dbs=0,
            lock=False,  # see `safeshell.policy.store.locks`
        ) as environment:
            yield environment
    except _DAMAGE as error:
        raise DamagedError(f"{path} is damaged: {error}", hint=COMPILE) from error


def section_key(digest: str, name: str) -> bytes:
    """The key of a section of a table."""
    return f"table/{digest}/{name}".encode()


def seal(value: Any) -> bytes:
    """JSON after its own digest, as `read_index` expects it."""
    data = json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(data).digest() + data


def read_index(transaction: Any, path: str) -> dict[str, Any]:
    """The one record that says what is in force; sealed, for LMDB has no checksums.

    Raises:
        DamagedError: it isn't there, or isn't what was written.
    """
    sealed = transaction.get(INDEX)
    data = b"" if sealed is None else bytes(sealed)
    if hashlib.sha256(data[32:]).digest() != data[:32]:
        raise DamagedError(f"{path} is damaged: it does not say what is in force", hint=COMPILE)
    index: dict[str, Any] = json.loads(data[32:])
    return index


def read_sections(transaction: Any, digest: str, path: str) -> dict[str, bytes]:
    """A table's sections, which give its digest.

    Raises:
        DamagedError: one is missing, or they don't.
    """
    sections = {}
    for name in SECTIONS:
        value = transaction.get(section_key(digest, name))
        if value is None:
            raise DamagedError(f"{path} holds no table {digest[:12]}", hint=COMPILE)
        sections[name] = bytes(value)
    if table_digest(sections) != digest:
        raise DamagedError(f"{path} is damaged: the table's bytes do not give its digest", hint=COMPILE)
    return sections
