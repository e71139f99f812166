"""A table as text, for golden tests and `git diff`: one line a record, in the order of the table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from safeshell.policy.table import Records, Table, canonical_json


def dump(table: Mapping[str, bytes]) -> str:
    """The table as stable text.

    Raises:
        TableError: a section is missing or damaged.
    """
    return "\n".join(_lines(Table(table, ""))) + "\n"


def _lines(table: Table) -> Iterator[str]:
    yield f"digest {table.digest}"
    for key in sorted(table.meta):
        yield f"meta {key} {_text(table.meta[key])}"
    for name in ("atoms", "rows", "rules", "units"):
        records: Records = getattr(table, name)
        yield ""
        yield f"# {name}"
        for number in range(len(records)):
            yield f"{number} {_record(name, records[number])}"
    yield ""
    yield "# dispatch"
    for name, unit in sorted(table.exact.items()):
        yield f"{json.dumps(name, ensure_ascii=False)} -> {unit}"
    for glob, unit in table.globs:
        yield f"glob {json.dumps(glob, ensure_ascii=False)} -> {unit}"
    if table.any_unit is not None:
        yield f"any -> {table.any_unit}"
    for unit, split in sorted(table.splits.items()):
        yield f"split {unit} -> {split}"
    if table.grammars:
        yield ""
        yield "# grammars"
        for name in sorted(table.grammars):
            yield f"{json.dumps(name, ensure_ascii=False)} {_text(table.grammars[name])}"


def _record(name: str, value: Any) -> str:
    if name != "rows":
        return _text(value)
    rule, required, forbidden = value
    literals = [*(f"+{atom}" for atom in required), *(f"-{atom}" for atom in forbidden)]
    return f"rule {rule}: {' '.join(literals) or 'always'}"


def _text(value: Any) -> str:
    return canonical_json(value).decode()
