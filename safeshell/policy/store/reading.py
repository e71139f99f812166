"""Reading of table files: by child processes, into memory files that they seal."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from typing import Any

from safeshell.errors import TableError
from safeshell.policy.store.child import ReaderChild, in_child
from safeshell.policy.store.file_checks import check_file
from safeshell.policy.store.locks import turn
from safeshell.policy.store.memory import SealedSections, create, fill
from safeshell.policy.store.records import Current
from safeshell.policy.table import Table

Found = dict[str, tuple[Current, SealedSections]]
"""What rules files were compiled to, by their paths."""


class Reading:
    """The tables that stand for some rules files, being read by another process while this one does something else."""

    __slots__ = ("_child", "_failure", "_memory")

    def __init__(self, path: str, rules: Iterable[str]) -> None:
        self._memory: dict[str, int] = {}
        self._child: ReaderChild | None = None
        self._failure: TableError | None = None
        try:
            with turn(path, fcntl.LOCK_SH):  # which the child has inherited, and keeps until it ends
                check_file(path)
                self._memory = _create(rules)
                self._child = ReaderChild(lambda: _read(path, self._memory), path)
        except TableError as error:
            self._failure = error

    def result(self) -> tuple[Found, dict[str, Any]]:
        """The tables by rules file, where there are some, and the settings stored beside them; to be asked for once.

        Raises:
            TableError: the file, or a table in it, can't be trusted.
        """
        memory, self._memory = self._memory, {}
        try:
            if self._child is None:
                raise self._failure or TableError("nothing was read")
            answer = json.loads(self._child.answer())
            found = {}
            for rules in answer["found"]:
                sections = SealedSections(memory.pop(rules))
                found[rules] = (Current.from_json(sections.header), sections)
            return found, answer["settings"]
        finally:
            for descriptor in memory.values():
                os.close(descriptor)


def _create(rules: Iterable[str]) -> dict[str, int]:
    made: dict[str, int] = {}
    try:
        for name in rules:
            made[name] = create()
    except OSError as error:
        for descriptor in made.values():
            os.close(descriptor)
        raise TableError(f"no memory for tables: {error.strerror}") from error
    return made


def _read(path: str, memory: dict[str, int]) -> bytes:
    from safeshell.policy.store import database  # noqa: PLC0415 # in the child only

    with database.opened(path, write=False) as environment, environment.begin() as transaction:
        index = database.read_index(transaction, path)
        records = {rules: index["rules"][rules] for rules in memory if rules in index["rules"]}
        for rules, record in records.items():
            header = {**record, "rules": rules, "settings": index["settings"]}
            fill(memory[rules], header, database.read_sections(transaction, record["digest"], path))
    return json.dumps({"found": list(records), "settings": index["settings"]}).encode()


class Inherited:
    """The tables that another daemon had in force, from it."""

    __slots__ = ("_descriptors",)

    def __init__(self, descriptors: Iterable[int]) -> None:
        self._descriptors = list(descriptors)

    def result(self) -> tuple[Found, dict[str, Any]]:
        """As `Reading.result`.

        Raises:
            TableError: one isn't what it should be.
        """
        found: Found = {}
        settings: dict[str, Any] = {}
        while self._descriptors:
            sections = SealedSections(self._descriptors.pop())
            try:
                if not sections.header.get("stands_in"):
                    current = Current.from_json(sections.header)
                    if sections.header.get("error"):  # it was said to those who asked: that is to be found out again
                        current = current._replace(watch={})
                    found[sections.header["rules"]] = (current, sections)
                settings = sections.header["settings"] or settings
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                raise TableError("the daemon of before handed over something else than a table") from error
        return found, settings


def read_current(path: str, rules: Iterable[str]) -> tuple[Found, dict[str, Any]]:
    """Reads tables and waits for them: `Reading.result`."""
    return Reading(path, rules).result()


def read_dispatch(path: str) -> tuple[dict[str, tuple[list[str], list[str]]], dict[str, Any]]:
    """Names, and patterns of names, that each rules file's table dispatches on, and the settings.

    Raises:
        TableError: the file, or a table in it, can't be trusted.
    """

    def work() -> bytes:
        from safeshell.policy.store import database  # noqa: PLC0415 # in the child only

        found = {}
        with database.opened(path, write=False) as environment, environment.begin() as transaction:
            index = database.read_index(transaction, path)
            for rules, record in index["rules"].items():
                table = Table(database.read_sections(transaction, record["digest"], path), "", record["digest"])
                found[rules] = [list(table.exact), [glob for glob, _ in table.globs]]
        return json.dumps([found, index["settings"]]).encode()

    with turn(path, fcntl.LOCK_SH):
        check_file(path)
        found, settings = json.loads(in_child(work, path))
    return {rules: (exact, globs) for rules, (exact, globs) in found.items()}, settings


def read_file(path: str) -> SealedSections:
    """The one table of a file written by `compile -o`.

    Raises:
        TableError: it holds none or several, or it can't be trusted.
    """
    check_file(path)
    descriptor = _create([path])[path]

    def work() -> bytes:
        from safeshell.policy.store import database  # noqa: PLC0415 # in the child only

        with database.opened(path, write=False) as environment, environment.begin() as transaction:
            digest = transaction.get(database.ONLY)
            if digest is None:
                raise TableError(f"{path} is no table file written by `safeshell compile -o`")
            fill(descriptor, {}, database.read_sections(transaction, bytes(digest).decode(), path))
        return b""

    try:
        in_child(work, path)
    except TableError:
        os.close(descriptor)
        raise
    return SealedSections(descriptor)
