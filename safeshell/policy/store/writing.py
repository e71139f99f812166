"""Writing of table files, by child processes: what was in force stays where it fails."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Container, Mapping
from typing import Any

from safeshell.errors import TableError
from safeshell.policy.store import database
from safeshell.policy.store.child import in_child
from safeshell.policy.store.file_checks import DamagedError, check_file
from safeshell.policy.store.locks import turn
from safeshell.policy.store.records import Current
from safeshell.policy.table import SECTIONS


def write_tables(
    path: str,
    tables: Mapping[str, tuple[Current, Mapping[str, bytes]]],
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Puts tables in force, all in one transaction; those of others' rules files that are gone are dropped.

    A damaged file is set aside as `<path>.damaged` and begun anew: everything in it can be compiled again.

    Args:
        path: tables.lmdb.
        tables: what each rules file (absolute path) was compiled to.
        settings: the settings of the home, where they were read.

    Raises:
        TableError: the file can't be written; what was in force stays.
    """

    def work(file: str) -> None:
        in_child(lambda: _write(file, tables, settings), file)
        # LMDB trusts its pages, so damage in the file may only show in what was just written.
        in_child(lambda: _verify(file, tables), file)

    with turn(path, fcntl.LOCK_EX):
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
) -> bytes:
    new = not os.path.lexists(path)
    with database.opened(path, write=True) as environment, environment.begin(write=True) as transaction:
        index = {"settings": {}, "rules": {}} if new else database.read_index(transaction, path)
        for rules, (current, sections) in tables.items():
            for name in SECTIONS:
                transaction.put(database.section_key(current.digest, name), sections[name])
            index["rules"][rules] = current._asdict()
        home = os.path.dirname(path)
        index["rules"] = {
            rules: record
            for rules, record in index["rules"].items()
            if os.path.lexists(rules) or os.path.dirname(rules) == home  # a user's that are taken away stay in force
        }
        if settings is not None:
            index["settings"] = settings
        transaction.put(database.INDEX, database.seal(index))
        _drop_unused(transaction, {record["digest"] for record in index["rules"].values()})
    return b""


def _drop_unused(transaction: Any, used: Container[str]) -> None:
    with transaction.cursor() as cursor:
        keys = [bytes(key) for key in cursor.iternext(keys=True, values=False) if key.startswith(b"table/")]
    for key in keys:
        if key.split(b"/")[1].decode() not in used:
            transaction.delete(key)


def _verify(path: str, tables: Mapping[str, tuple[Current, Mapping[str, bytes]]]) -> bytes:
    with database.opened(path, write=False) as environment, environment.begin() as transaction:
        present = database.read_index(transaction, path)["rules"]
        for rules, (current, _) in tables.items():
            if rules in present:
                database.read_sections(transaction, current.digest, path)
    return b""


def write_published(path: str, rules: str, current: Current, sections: Mapping[str, bytes]) -> None:
    """Writes a file that everybody may read and only its owner writes: built aside, synced and renamed.

    Whoever reads it meanwhile reads the one of before, whole, so that no lock is needed.

    Args:
        path: the file; its directory is there.
        rules: the rules file or directory.
        current: what it was compiled to.
        sections: the table.

    Raises:
        TableError: it can't be written; what was there stays.
    """
    aside = f"{path}.new-{os.getpid()}"
    tables = {rules: (current, sections)}
    try:
        in_child(lambda: _write(aside, tables, {}), aside)
        in_child(lambda: _verify(aside, tables), aside)
        os.chmod(aside, 0o644)
        _sync(aside)
        os.replace(aside, path)
        _sync(os.path.dirname(path))
    except OSError as error:
        raise TableError(f"can't write {path}: {error.strerror}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_file(path: str, digest: str, sections: Mapping[str, bytes]) -> None:
    """Writes one table as a file of its own, built aside, synced and renamed, so that it is there whole or not at all.

    Raises:
        TableError: it can't be written.
    """
    aside = f"{path}.new-{os.getpid()}"

    def work() -> bytes:
        with database.opened(aside, write=True) as environment:
            with environment.begin(write=True) as transaction:
                transaction.put(database.ONLY, digest.encode())
                for name in SECTIONS:
                    transaction.put(database.section_key(digest, name), sections[name])
            environment.sync(True)
        return b""

    try:
        in_child(work, aside)
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
