"""Reading of table files, by child processes."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable
from typing import Any

from safeshell.errors import TableError
from safeshell.policy.store.bundle import decode_bundle, encode_bundle
from safeshell.policy.store.child import Child, in_child
from safeshell.policy.store.file_checks import check_file
from safeshell.policy.store.locks import turn
from safeshell.policy.store.records import Current
from safeshell.policy.table import SECTIONS


class Reading:
    """The tables that stand for some rules files, being read by another process while this one does something else."""

    __slots__ = ("_child", "_failure")

    def __init__(self, path: str, rules: Iterable[str]) -> None:
        asked = list(rules)

        def work() -> bytes:
            from safeshell.policy.store import database  # noqa: PLC0415 # in the child only

            with database.opened(path, write=False) as environment, environment.begin() as transaction:
                index = database.read_index(transaction, path)
                records = {name: index["rules"][name] for name in asked if name in index["rules"]}
                sections = {
                    f"{record['digest']}/{section}": data
                    for record in records.values()
                    for section, data in database.read_sections(transaction, record["digest"], path).items()
                }
            return encode_bundle({"records": records, "settings": index["settings"]}, sections)

        self._child: Child | None = None
        self._failure: TableError | None = None
        try:
            with turn(path, fcntl.LOCK_SH):  # which the child has inherited, and keeps until it ends
                check_file(path)
                self._child = Child(work, path)
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


def read_file(path: str) -> dict[str, bytes]:
    """The one table of a file written by `compile -o`.

    Raises:
        TableError: it holds none or several, or it can't be trusted.
    """
    check_file(path)

    def work() -> bytes:
        from safeshell.policy.store import database  # noqa: PLC0415 # in the child only

        with database.opened(path, write=False) as environment, environment.begin() as transaction:
            digest = transaction.get(database.ONLY)
            if digest is None:
                raise TableError(f"{path} is no table file written by `safeshell compile -o`")
            return encode_bundle({}, database.read_sections(transaction, bytes(digest).decode(), path))

    return decode_bundle(in_child(work, path))[1]
