"""tables.lmdb: compiled tables under their digests, and which of them each rules file stands for now.

LMDB reads through a mapping, so a file that is cut short or damaged kills its reader (SIGBUS, SIGSEGV). Every access
therefore happens in a child process that hands the bytes back; a child that dies is a refusal with a reason, and the
daemon and the command line never map the file themselves.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from safeshell.errors import SafeShellError, TableError
from safeshell.table import SECTIONS, table_digest

MAP_SIZE = 1 << 30
"""Address space for the mapping, bytes; the file stays as small as its contents."""

_META_MAGIC = 0xBEEFC0DE
Signature = tuple[int, int, int, int] | None
"""What tells two states of a file apart: device, inode, size, mtime in ns; None where it does not exist."""


@dataclass(frozen=True, slots=True)
class Current:
    """What a rules file was compiled to.

    Attributes:
        digest: the table's digest.
        root: the directory that the table's paths are relative to.
        watch: every path whose change asks for a new compilation, with its signature when it was read.
    """

    digest: str
    root: str
    watch: dict[str, Signature] = field(default_factory=dict)


def signature(path: str) -> Signature:
    """The state of a file or directory now."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _in_child(work: Callable[[], bytes], path: str) -> bytes:
    """Runs `work` in a forked child and returns its bytes.

    Raises:
        TableError: the child was killed by the damaged file, or said what is wrong.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reader)
            try:
                answer = b"+" + work()
            except SafeShellError as error:
                answer = b"-" + json.dumps([error.message, error.hint]).encode()
            except BaseException as error:  # noqa: BLE001 # whatever it is, the parent says it
                answer = b"-" + json.dumps([f"can't use {path}: {error}", ""]).encode()
            with os.fdopen(writer, "wb") as stream:
                stream.write(answer)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        answer = stream.read()
    status = os.waitpid(pid, 0)[1]
    if status or not answer:
        name = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"status {status >> 8}"
        raise TableError(f"{path} is damaged: its reader ended by {name}", hint="run `safeshell compile`")
    if answer[:1] == b"-":
        message, hint = json.loads(answer[1:])
        raise TableError(message, hint=hint)
    return answer[1:]


def check_file(path: str) -> None:
    """Checks a table file before anything maps it: owner, mode, magic, and the size that its own pages need.

    Raises:
        TableError: it is missing, another user's, writable by others, not a table, or cut short.
    """
    try:
        with open(path, "rb") as stream:
            status = os.fstat(stream.fileno())
            head = stream.read(152)
            page = struct.unpack_from("<I", head, 40)[0] if len(head) == 152 else 0
            second = b""
            if page:
                stream.seek(page)
                second = stream.read(152)
    except OSError as error:
        raise TableError(f"can't read {path}: {error.strerror}", hint="run `safeshell compile`") from error
    if status.st_uid not in (os.geteuid(), 0):
        raise TableError(f"{path} belongs to uid {status.st_uid}, not to you")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise TableError(f"{path} is writable by others", hint=f"chmod go-w {path}")
    # struct MDB_meta behind a 16-byte page header: magic, version, address, map size, two databases of 48 bytes
    # (the first's first word is the page size), last page, transaction.
    metas = [
        meta for meta in (head, second) if len(meta) == 152 and struct.unpack_from("<I", meta, 16)[0] == _META_MAGIC
    ]
    if not metas:
        raise TableError(f"{path} is not a table file", hint="run `safeshell compile`")
    needed = max(page * (struct.unpack_from("<Q", meta, 136)[0] + 1) for meta in metas)
    if status.st_size < needed:
        raise TableError(f"{path} is cut short: {status.st_size} of {needed} bytes", hint="run `safeshell compile`")


def _open(path: str, *, write: bool) -> Any:
    import lmdb  # noqa: PLC0415 # only the children need it

    return lmdb.open(
        path,
        subdir=False,
        readonly=not write,
        create=write,
        mode=0o600,
        map_size=MAP_SIZE,
        max_dbs=0,
        # A table file outside the home may stand where no lock file can be made; the digest tells a torn read.
        lock=write or os.access(f"{path}-lock", os.W_OK),
    )


def _section_key(digest: str, name: str) -> bytes:
    return f"table/{digest}/{name}".encode()


def _current_key(rules: str) -> bytes:
    # LMDB takes keys up to 511 bytes, paths are longer.
    import hashlib  # noqa: PLC0415 # only the children need it

    return b"current/" + hashlib.sha256(os.fsencode(rules)).hexdigest().encode()


def encode_bundle(header: Mapping[str, Any], sections: Mapping[str, bytes]) -> bytes:
    """A table and what goes with it as one run of bytes, from a child process to its parent."""
    full = {**header, "sections": {name: len(data) for name, data in sections.items()}}
    encoded = json.dumps(full).encode()
    return struct.pack("<I", len(encoded)) + encoded + b"".join(sections.values())


def decode_bundle(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The reverse of `encode_bundle`.

    Raises:
        TableError: the bytes end early.
    """
    try:
        (length,) = struct.unpack_from("<I", data)
        header = json.loads(data[4 : 4 + length])
        position = 4 + length
        sections = {}
        for name, size in header.pop("sections").items():
            sections[name] = data[position : position + size]
            position += size
    except (struct.error, ValueError, KeyError) as error:
        raise TableError("the other process ended early") from error
    if position != len(data):
        raise TableError("the other process ended early")
    return header, sections


def _read_sections(transaction: Any, digest: str, path: str) -> dict[str, bytes]:
    sections = {}
    for name in SECTIONS:
        value = transaction.get(_section_key(digest, name))
        if value is None:
            raise TableError(f"{path} holds no table {digest[:12]}", hint="run `safeshell compile`")
        sections[name] = bytes(value)
    if table_digest(sections) != digest:
        raise TableError(f"{path} is damaged: the table's bytes do not give its digest", hint="run `safeshell compile`")
    return sections


def read_current(path: str, rules: Iterable[str]) -> tuple[dict[str, tuple[Current, dict[str, bytes]]], dict[str, Any]]:
    """The tables that stand for these rules files, where there are some, and the settings stored beside them.

    Raises:
        TableError: the file, or a table in it, can't be trusted.
    """
    check_file(path)
    asked = list(rules)

    def work() -> bytes:
        records: dict[str, Any] = {}
        sections: dict[str, bytes] = {}
        with _open(path, write=False) as environment, environment.begin() as transaction:
            for name in asked:
                record = transaction.get(_current_key(name))
                if record is not None:
                    records[name] = json.loads(record)
                    digest = records[name]["digest"]
                    for section, data in _read_sections(transaction, digest, path).items():
                        sections[f"{digest}/{section}"] = data
            settings = json.loads(transaction.get(b"settings") or b"{}")
        return encode_bundle({"records": records, "settings": settings}, sections)

    header, sections = decode_bundle(_in_child(work, path))
    found = {}
    for name, record in header["records"].items():
        digest = record["digest"]
        found[name] = (
            Current(digest, record["root"], watched(record["watch"])),
            {section: sections[f"{digest}/{section}"] for section in SECTIONS},
        )
    return found, header["settings"]


def watched(record: Mapping[str, list[int] | None]) -> dict[str, Signature]:
    """A watch list as JSON holds it."""
    return {name: (state[0], state[1], state[2], state[3]) if state else None for name, state in record.items()}


def read_file(path: str) -> dict[str, bytes]:
    """The one table of a file written by `compile -o`.

    Raises:
        TableError: it holds none or several, or it can't be trusted.
    """
    check_file(path)

    def work() -> bytes:
        with _open(path, write=False) as environment, environment.begin() as transaction:
            digest = transaction.get(b"only")
            if digest is None:
                raise TableError(f"{path} is no table file written by `safeshell compile -o`")
            return encode_bundle({}, _read_sections(transaction, bytes(digest).decode(), path))

    return decode_bundle(_in_child(work, path))[1]


def publish(
    path: str,
    tables: Mapping[str, tuple[Current, Mapping[str, bytes]]],
    settings: Mapping[str, Any] | None = None,
    *,
    gone: tuple[str, ...] = (),
) -> None:
    """Puts tables in force, all in one transaction; tables that no rules file stands for any more are dropped.

    A damaged file is set aside as `<path>.damaged` and begun anew: everything in it can be compiled again.

    Args:
        path: tables.lmdb.
        tables: what each rules file (absolute path) was compiled to.
        settings: the settings of the home, where they were read.
        gone: rules files that have no table any more.

    Raises:
        TableError: the file can't be written.
    """

    def work() -> bytes:
        with _open(path, write=True) as environment, environment.begin(write=True) as transaction:
            for rules, (current, sections) in tables.items():
                for name in SECTIONS:
                    transaction.put(_section_key(current.digest, name), sections[name])
                record = {"digest": current.digest, "root": current.root, "watch": current.watch, "rules": rules}
                transaction.put(_current_key(rules), json.dumps(record, sort_keys=True).encode())
            for rules in gone:
                transaction.delete(_current_key(rules))
            if settings is not None:
                transaction.put(b"settings", json.dumps(settings, sort_keys=True).encode())
            _drop_unused(transaction)
        return b"+"

    if os.path.exists(path):
        try:
            check_file(path)
            _in_child(work, path)
        except TableError:
            os.replace(path, f"{path}.damaged")
        else:
            return
    _in_child(work, path)


def _drop_unused(transaction: Any) -> None:
    used = set()
    unused = []
    with transaction.cursor() as cursor:
        for key, value in cursor:
            if key.startswith(b"current/"):
                record = json.loads(value)
                if os.path.lexists(record["rules"]):
                    used.add(record["digest"].encode())
                else:
                    unused.append(bytes(key))
        unused += [
            bytes(key) for key, _ in cursor.iternext() if key.startswith(b"table/") and key.split(b"/")[1] not in used
        ]
    for key in unused:
        transaction.delete(key)


def write_file(path: str, digest: str, sections: Mapping[str, bytes]) -> None:
    """Writes one table as a file of its own, built aside, synced and renamed, so that it is there whole or not at all.

    Raises:
        TableError: it can't be written.
    """
    aside = f"{path}.new-{os.getpid()}"

    def work() -> bytes:
        with _open(aside, write=True) as environment:
            with environment.begin(write=True) as transaction:
                transaction.put(b"only", digest.encode())
                for name in SECTIONS:
                    transaction.put(_section_key(digest, name), sections[name])
            environment.sync(True)
        return b"+"

    try:
        _in_child(work, aside)
        os.chmod(aside, 0o644 & ~_umask())
        os.replace(aside, path)
    except OSError as error:
        raise TableError(f"can't write {path}: {error.strerror}") from error
    finally:
        for leftover in (aside, f"{aside}-lock"):
            if os.path.lexists(leftover):
                os.unlink(leftover)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
