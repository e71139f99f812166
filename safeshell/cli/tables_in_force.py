"""Tables in force in a directory, for commands that need no daemon."""

from __future__ import annotations

import os
from collections.abc import Sequence

from safeshell.cli.output import warn
from safeshell.command.unwrap import FileWorld, Spelling
from safeshell.errors import SafeShellError
from safeshell.home.in_force import begin_reading
from safeshell.home.paths import SYSTEM_RULES, SYSTEM_TABLES, Home
from safeshell.home.repository_rules import find_rules
from safeshell.home.settings import Settings
from safeshell.policy.store.reading import Found, read_file
from safeshell.policy.store.records import Current
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable


class TablesInForce:
    """The tables in force in a home, compiled again where their sources have changed; or the one of a file.

    Args:
        home: whose.
        file: a table to go by in their place.

    Attributes:
        settings: the settings beside them.

    Raises:
        SafeShellError: there are no rules, or they never compiled.
    """

    def __init__(self, home: Home, file: str | None) -> None:
        self._asked_home = home
        self._home = None if file is not None else os.fsencode(home.root)
        self._repositories: dict[bytes, list[Table]] = {}
        self._loaded: dict[int, LoadedTable] = {}
        if file is not None:
            self._tables, self.settings = [Table(read_file(file), "")], Settings()
            return
        home.check_rules()
        found, record = begin_reading(home).result() if os.path.exists(home.tables) else ({}, {})
        machine = _machine(home, found)
        if _renew(home, found[home.rules][0] if home.rules in found else None):
            found, record = begin_reading(home).result()
        self._tables = [*machine, *tables_of(found, (home.rules,))]
        self.settings = Settings.from_json(record)

    def at(self, *directories: bytes | None) -> list[Table]:
        """The tables in force in these directories together, those of their repositories the last."""
        rules = [
            each
            for directory in directories
            if directory is not None and self._home is not None
            for each in find_rules(directory, self._home)
        ]
        return [*self._tables, *[table for each in dict.fromkeys(rules) for table in self._repository(each)]]

    def of(self, spelling: Spelling) -> list[LoadedTable]:
        """The tables that a spelling is judged by: those of its own directory."""
        tables = self.at(*FileWorld().places(spelling))
        return [self._loaded.setdefault(id(table), LoadedTable(table)) for table in tables]

    def _repository(self, rules: bytes) -> list[Table]:
        known = self._repositories.get(rules)
        if known is None:
            known = self._repositories[rules] = _repository(self._asked_home, os.fsdecode(rules))
        return known


def _machine(home: Home, found: Found) -> list[Table]:
    """The table of the machine's rules, if there are some; compiled where their sources have changed."""
    if SYSTEM_RULES in found:
        current, sections = found[SYSTEM_RULES]
        if current.watch and current.is_unchanged():
            return [Table(sections, current.root)]
    elif not (os.path.lexists(SYSTEM_RULES) or os.path.lexists(SYSTEM_TABLES)):
        return []
    from safeshell_compiler.publish import machine_for_daemon  # noqa: PLC0415 # seldom needed

    header, compiled = machine_for_daemon(home)
    if header["notice"]:
        warn(header["notice"].removeprefix("safeshell: "))
    return [Table(compiled, header["root"])] if compiled else []


def _renew(home: Home, current: Current | None) -> bool:
    """Compiles and publishes the user's rules where their sources have changed; returns whether it did."""
    if current is not None and current.is_unchanged():
        return False
    from safeshell_compiler.publish import compile_home, publish  # noqa: PLC0415 # seldom needed

    compiled = compile_home(home)
    usable = compiled.compilation.table is not None
    if usable:
        publish(home, compiled)
    if not compiled.errors:
        return True
    first = compiled.errors[0]
    message = f"{first.file}:{first.line}:{first.column}: {first.code} {first.message}"
    if current is None and not usable:
        raise SafeShellError(message, hint="run `safeshell compile`")
    warn(f"{message}; the last good {'settings' if usable else 'rules'} stay in force")
    return usable


def _repository(home: Home, rules: str) -> list[Table]:
    from safeshell_compiler.publish import compile_repository, stay  # noqa: PLC0415 # only inside such a repository

    compiled = compile_repository(rules)
    if compiled.errors:  # as a daemon goes on
        header, last = stay(home, compiled)
        warn(header["notice"].removeprefix("safeshell: "))
        return [Table(last, header["root"])] if last else []
    current, sections = compiled.current()
    return [Table(sections, current.root)]


def tables_of(found: Found, asked: Sequence[str]) -> list[Table]:
    """What `read_current` found, as tables in the order that was asked for."""
    return [Table(found[rules][1], found[rules][0].root) for rules in asked if rules in found]
