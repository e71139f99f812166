"""Tables in force in a directory, for commands that need no daemon."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from safeshell.cli.output import warn
from safeshell.errors import SafeShellError
from safeshell.home.paths import SYSTEM_RULES, Home
from safeshell.home.repository_rules import find_rules
from safeshell.home.settings import Settings
from safeshell.policy.store.reading import read_current, read_file
from safeshell.policy.store.records import Current, signature
from safeshell.policy.table import Table


def tables_in_force(home: Home, directory: bytes, file: str | None) -> tuple[list[Table], Settings]:
    """The tables in force in a directory, compiled again where their sources have changed; or the one of a file."""
    if file is not None:
        return [Table(read_file(file), "")], Settings()
    home.check_rules()
    asked = (SYSTEM_RULES, home.rules)
    found, record = read_current(home.tables, asked) if os.path.exists(home.tables) else ({}, {})
    entry = found.get(home.rules)
    if entry is None or any(signature(path) != state for path, state in entry[0].watch.items()):
        from safeshell_compiler.publish import compile_home, publish  # noqa: PLC0415 # only where something changed

        compiled = compile_home(home)
        if compiled.errors:
            first = compiled.errors[0]
            message = f"{first.file}:{first.line}:{first.column}: {first.code} {first.message}"
            if entry is None:
                raise SafeShellError(message, hint="run `safeshell compile`")
            warn(f"{message}; the last good rules stay in force")
        else:
            publish(home, compiled)
            found, record = read_current(home.tables, asked)
    tables = tables_of(found, asked)
    repository = find_rules(directory, os.fsencode(home.root))
    if repository is not None:
        tables += _repository(os.fsdecode(repository))
    return tables, Settings.from_json(record)


def _repository(rules: str) -> list[Table]:
    from safeshell_compiler.publish import compile_repository  # noqa: PLC0415 # only inside such a repository

    compiled = compile_repository(rules)
    if compiled.errors:
        first = compiled.errors[0]
        where = f"{first.file}:{first.line}:{first.column}: {first.code} {first.message}"
        warn(f"{where}; this repository's rules are skipped")
        return []
    return [Table(sections, current.root) for current, sections in compiled.current().values()]


def tables_of(found: Mapping[str, tuple[Current, Mapping[str, bytes]]], asked: Sequence[str]) -> list[Table]:
    """What `read_current` found, as tables in the order that was asked for."""
    return [Table(found[rules][1], found[rules][0].root) for rules in asked if rules in found]
