"""Tables in force in a directory, for commands that need no daemon."""

from __future__ import annotations

import os
from collections.abc import Sequence

from safeshell.cli.output import warn
from safeshell.errors import SafeShellError
from safeshell.home.paths import SYSTEM_RULES, Home
from safeshell.home.repository_rules import find_rules
from safeshell.home.settings import Settings
from safeshell.policy.store.reading import Found, read_current, read_file
from safeshell.policy.store.records import Current
from safeshell.policy.table import Table


def tables_in_force(home: Home, directory: bytes, file: str | None) -> tuple[list[Table], Settings]:
    """The tables in force in a directory, compiled again where their sources have changed; or the one of a file."""
    if file is not None:
        return [Table(read_file(file), "")], Settings()
    home.check_rules()
    asked = (SYSTEM_RULES, home.rules)
    found, record = read_current(home.tables, asked) if os.path.exists(home.tables) else ({}, {})
    renewed = [_renew(home, rules, found[rules][0] if rules in found else None) for rules in asked]
    if any(renewed):
        found, record = read_current(home.tables, asked)
    tables = tables_of(found, asked)
    for rules in find_rules(directory, os.fsencode(home.root)):
        tables += _repository(os.fsdecode(rules))
    return tables, Settings.from_json(record)


def _renew(home: Home, rules: str, current: Current | None) -> bool:
    """Compiles and publishes a layer whose sources have changed; returns whether it did."""
    if not os.path.lexists(rules) if current is None else current.is_unchanged():
        return False
    from safeshell_compiler.publish import compile_home, compile_machine, publish  # noqa: PLC0415 # seldom needed

    compiled = compile_home(home) if rules == home.rules else compile_machine()
    if compiled is None:
        publish(home)  # which drops what is gone
        return True
    if not compiled.errors:
        publish(home, compiled)
        return True
    first = compiled.errors[0]
    message = f"{first.file}:{first.line}:{first.column}: {first.code} {first.message}"
    if current is None and rules == home.rules:
        raise SafeShellError(message, hint="run `safeshell compile`")
    stays = "the machine's rules are skipped" if current is None else "the last good rules stay in force"
    warn(f"{message}; {stays}")
    return False


def _repository(rules: str) -> list[Table]:
    from safeshell_compiler.publish import compile_repository  # noqa: PLC0415 # only inside such a repository

    compiled = compile_repository(rules)
    if compiled.errors:
        first = compiled.errors[0]
        where = f"{first.file}:{first.line}:{first.column}: {first.code} {first.message}"
        warn(f"{where}; this repository's rules are skipped")
        return []
    current, sections = compiled.current()
    return [Table(sections, current.root)]


def tables_of(found: Found, asked: Sequence[str]) -> list[Table]:
    """What `read_current` found, as tables in the order that was asked for."""
    return [Table(found[rules][1], found[rules][0].root) for rules in asked if rules in found]
