"""tables.lmdb: compiled tables under their digests, and which of them each rules file stands for now.

LMDB reads through a mapping, so a file that is cut short or damaged kills its reader (SIGBUS, SIGSEGV). Every access
therefore happens in a child process that hands the bytes back; a child that dies is a refusal with a reason, and the
daemon and the command line never map the file themselves.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import stat
import struct
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from safeshell.errors import SafeShellError, TableError
from safeshell.policy.table import SECTIONS, table_digest

MAP_SIZE = 1 << 30
"""Address space for the mapping, bytes; the file stays as small as its contents."""

CHILD_S = 60
"""Seconds that a child may take for what takes milliseconds."""

ANSWER_BYTES = 1 << 20
"""Room for a child's answer, so that it has ended before somebody asks for it."""

_INDEX = b"index"
_COMPILE = "run `safeshell compile`"
_META_MAGIC = 0xBEEFC0DE
_META_BYTES = 152
Signature = tuple[int, int, int, int] | None
"""What tells two states of a file apart: device, inode, size, mtime in ns; None where it does not exist."""


class Current(NamedTuple):
    """What a rules file was compiled to.

    Attributes:
        digest: the table's digest.
        root: the directory that the table's paths are relative to.
        watch: every path whose change asks for a new compilation, with its signature when it was read.
        said: what `safeshell compile` said of it and on what grounds, as JSON has it (`safeshell_compiler.publish`);
            None where nothing is known, as after a compilation without lint.
    """

    digest: str
    root: str
    watch: dict[str, Signature]
    said: dict[str, Any] | None = None

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Current:
        """As tables.lmdb holds it."""
        return cls(record["digest"], record["root"], watched(record["watch"]), record.get("said"))


def signature(path: str) -> Signature:
    """The state of a file or directory now."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


class DamagedError(TableError):
    """A table file whose contents can't be what was written to it. All of it can be compiled again."""


class _Child:
    """A forked child that works on a table file, while this process may do something else."""

    __slots__ = ("_path", "_pid", "_reader")

    def __init__(self, work: Callable[[], bytes], path: str) -> None:
        reader, writer = os.pipe()
        with contextlib.suppress(OSError):
            fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, ANSWER_BYTES)
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(reader)
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(CHILD_S)  # pages that point in a circle
                with os.fdopen(writer, "wb") as stream:
                    stream.write(_answer(work, path))
                status = 0
            finally:
                os._exit(status)
        os.close(writer)
        self._path, self._pid, self._reader = path, pid, reader

    def answer(self) -> bytes:
        """The bytes that its work returned, once it has ended.

        Raises:
            DamagedError: the child was killed by the file, or says that it is damaged.
            TableError: the child says what else is wrong.
        """
        with os.fdopen(self._reader, "rb") as stream:
            answer = stream.read()
        status = os.waitpid(self._pid, 0)[1]
        if status or not answer:
            name = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"status {status >> 8}"
            raise DamagedError(f"{self._path} is damaged: its reader ended by {name}", hint=_COMPILE)
        if answer[:1] == b"-":
            message, hint, damaged = json.loads(answer[1:])
            raise (DamagedError if damaged else TableError)(message, hint=hint)
        return answer[1:]


def _in_child(work: Callable[[], bytes], path: str) -> bytes:
    """Runs `work` in a forked child and returns its bytes; raises what `_Child.answer` does."""
    return _Child(work, path).answer()


def _answer(work: Callable[[], bytes], path: str) -> bytes:
    try:
        return b"+" + work()
    except SafeShellError as error:
        failure = (error.message, error.hint, isinstance(error, DamagedError))
    except _damage() as error:
        failure = (f"{path} is damaged: {error}", _COMPILE, True)
    except BaseException as error:  # noqa: BLE001 # whatever it is, the parent says it
        # LMDB calls a write that a full disk cut short an input/output error.
        hint = "is the disk full?" if "Input/output error" in str(error) else ""
        failure = (f"can't use {path}: {error}", hint, False)
    return b"-" + json.dumps(failure).encode()


def _damage() -> tuple[type[Exception], ...]:
    """What LMDB raises over a file's contents; all else (a full disk, no memory) is not the file's fault."""
    import lmdb  # noqa: PLC0415 # only the children need it

    return (
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


@contextlib.contextmanager
def _turn(path: str, operation: int) -> Iterator[None]:
    """Holds a table file for a reader (LOCK_SH) or a publisher (LOCK_EX).

    LMDB's own locks order transactions, but not a file's beginning, nor its exchange for a new one; and they are in a
    mapped file that a full disk turns into SIGBUS. So they are off. A table file without a lock file is read as it is.
    """
    publishing = operation == fcntl.LOCK_EX
    flags = os.O_RDWR | os.O_CREAT if publishing else os.O_RDONLY
    try:
        descriptor = os.open(f"{path}-lock", flags | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    except OSError as error:
        if publishing:
            raise TableError(f"can't write {path}: {error.strerror}") from error
        yield
        return
    try:
        fcntl.flock(descriptor, operation)
        yield
    finally:
        os.close(descriptor)


def check_file(path: str) -> None:
    """Checks a table file before anything maps it: owner, mode, magic, and the size that its own pages need.

    Raises:
        DamagedError: it is another user's, writable by others, not a table, or cut short.
        TableError: it is missing or can't be read.
    """
    try:
        # Without O_NONBLOCK a named pipe would hold the reader until somebody writes.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise TableError(f"can't read {path}: {error.strerror}", hint=_COMPILE) from error
    try:
        _check_status(path, os.fstat(descriptor))
        with open(descriptor, "rb", closefd=False) as stream:
            head = stream.read(_META_BYTES)
            page = struct.unpack_from("<I", head, 40)[0] if len(head) == _META_BYTES else 0
            second = b""
            if page:
                stream.seek(page)
                second = stream.read(_META_BYTES)
            # The size after the pages, for a file that grows has its pages first.
            size = os.fstat(descriptor).st_size
    except OSError as error:
        raise TableError(f"can't read {path}: {error.strerror}", hint=_COMPILE) from error
    finally:
        os.close(descriptor)
    # struct MDB_meta behind a 16-byte page header: magic, version, address, map size, two databases of 48 bytes
    # (the first's first word is the page size), last page, transaction.
    metas = [
        meta
        for meta in (head, second)
        if len(meta) == _META_BYTES and struct.unpack_from("<I", meta, 16)[0] == _META_MAGIC
    ]
    if not metas:
        raise DamagedError(f"{path} is not a table file", hint=_COMPILE)
    needed = max(page * (struct.unpack_from("<Q", meta, 136)[0] + 1) for meta in metas)
    if size < needed:
        raise DamagedError(f"{path} is cut short: {size} of {needed} bytes", hint=_COMPILE)


def _check_status(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise DamagedError(f"{path} is not a table file", hint=_COMPILE)
    if status.st_uid not in (os.geteuid(), 0):
        raise DamagedError(f"{path} belongs to uid {status.st_uid}, not to you")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise DamagedError(f"{path} is writable by others", hint=f"chmod go-w {path}")


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
        lock=False,  # see _turn
    )


def _section_key(digest: str, name: str) -> bytes:
    return f"table/{digest}/{name}".encode()


def _seal(value: Any) -> bytes:
    import hashlib  # noqa: PLC0415 # as in `_read_index`

    data = json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(data).digest() + data


def _read_index(transaction: Any, path: str) -> dict[str, Any]:
    """The one record that says what is in force; sealed, for LMDB has no checksums."""
    import hashlib  # noqa: PLC0415 # loads OpenSSL: only the children need it

    sealed = transaction.get(_INDEX)
    data = b"" if sealed is None else bytes(sealed)
    if hashlib.sha256(data[32:]).digest() != data[:32]:
        raise DamagedError(f"{path} is damaged: it does not say what is in force", hint=_COMPILE)
    index: dict[str, Any] = json.loads(data[32:])
    return index


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
            raise DamagedError(f"{path} holds no table {digest[:12]}", hint=_COMPILE)
        sections[name] = bytes(value)
    if table_digest(sections) != digest:
        raise DamagedError(f"{path} is damaged: the table's bytes do not give its digest", hint=_COMPILE)
    return sections


class Reading:
    """The tables that stand for some rules files, being read by another process while this one does something else."""

    __slots__ = ("_child", "_failure")

    def __init__(self, path: str, rules: Iterable[str]) -> None:
        asked = list(rules)

        def work() -> bytes:
            with _open(path, write=False) as environment, environment.begin() as transaction:
                index = _read_index(transaction, path)
                records = {name: index["rules"][name] for name in asked if name in index["rules"]}
                sections = {
                    f"{record['digest']}/{section}": data
                    for record in records.values()
                    for section, data in _read_sections(transaction, record["digest"], path).items()
                }
            return encode_bundle({"records": records, "settings": index["settings"]}, sections)

        self._child: _Child | None = None
        self._failure: TableError | None = None
        try:
            with _turn(path, fcntl.LOCK_SH):  # which the child has inherited, and keeps until it ends
                check_file(path)
                self._child = _Child(work, path)
        except TableError as error:
            self._failure = error

    def result(self) -> tuple[dict[str, tuple[Current, dict[str, bytes]]], dict[str, Any]]:
        """The tables by rules file, where there are some, and the settings stored beside them; to be asked for once.

        Raises:
            TableError: the file, or a table in it, can't be trusted.
        """
        if self._child is None:
            raise self._failure or TableError("nothing was read")
        header, sections = decode_bundle(self._child.answer())
        found = {}
        for name, record in header["records"].items():
            digest = record["digest"]
            found[name] = (
                Current.from_json(record),
                {section: sections[f"{digest}/{section}"] for section in SECTIONS},
            )
        return found, header["settings"]


def read_current(path: str, rules: Iterable[str]) -> tuple[dict[str, tuple[Current, dict[str, bytes]]], dict[str, Any]]:
    """Reads tables and waits for them: `Reading.result`."""
    return Reading(path, rules).result()


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
        TableError: the file can't be written; what was in force stays.
    """

    def work(file: str) -> None:
        _in_child(lambda: _write(file, tables, settings, gone), file)
        # LMDB trusts its pages, so damage in the file may only show in what was just written.
        _in_child(lambda: _verify(file, tables), file)

    with _turn(path, fcntl.LOCK_EX):
        if os.path.lexists(path):
            try:
                check_file(path)
                work(path)
            except DamagedError:
                pass
            else:
                return
        _begin_anew(path, work)


def _begin_anew(path: str, work: Callable[[str], None]) -> None:
    aside = f"{path}.new-{os.getpid()}"
    try:
        work(aside)
        if os.path.lexists(path):
            os.replace(path, f"{path}.damaged")
        os.replace(aside, path)
    except OSError as error:
        raise TableError(f"can't write {path}: {error.strerror}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)


def _write(
    path: str,
    tables: Mapping[str, tuple[Current, Mapping[str, bytes]]],
    settings: Mapping[str, Any] | None,
    gone: tuple[str, ...],
) -> bytes:
    new = not os.path.lexists(path)
    with _open(path, write=True) as environment, environment.begin(write=True) as transaction:
        index = {"settings": {}, "rules": {}} if new else _read_index(transaction, path)
        for rules, (current, sections) in tables.items():
            for name in SECTIONS:
                transaction.put(_section_key(current.digest, name), sections[name])
            index["rules"][rules] = current._asdict()
        index["rules"] = {
            rules: record for rules, record in index["rules"].items() if rules not in gone and os.path.lexists(rules)
        }
        if settings is not None:
            index["settings"] = settings
        transaction.put(_INDEX, _seal(index))
        _drop_unused(transaction, {record["digest"] for record in index["rules"].values()})
    return b""


def _drop_unused(transaction: Any, used: Container[str]) -> None:
    with transaction.cursor() as cursor:
        keys = [bytes(key) for key in cursor.iternext(keys=True, values=False) if key.startswith(b"table/")]
    for key in keys:
        if key.split(b"/")[1].decode() not in used:
            transaction.delete(key)


def _verify(path: str, tables: Mapping[str, tuple[Current, Mapping[str, bytes]]]) -> bytes:
    with _open(path, write=False) as environment, environment.begin() as transaction:
        present = _read_index(transaction, path)["rules"]
        for rules, (current, _) in tables.items():
            if rules in present:
                _read_sections(transaction, current.digest, path)
    return b""


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
        return b""

    try:
        _in_child(work, aside)
        os.chmod(aside, 0o644 & ~_umask())
        os.replace(aside, path)
    except OSError as error:
        raise TableError(f"can't write {path}: {error.strerror}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
