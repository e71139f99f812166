"""Stage 7, emit: the sections of docs/table.md as bytes. Same sources, same bytes."""

from __future__ import annotations

from typing import Any

import safeshell
from safeshell.policy.table import FORMAT, canonical_json, pack_records
from safeshell.text import printable
from safeshell_compiler.findings.report import Report
from safeshell_compiler.stages.index import DispatchUnit, Indexed
from safeshell_compiler.stages.lower import LoweredRule


def emit(indexed: Indexed, _report: Report) -> dict[str, bytes]:
    """The table."""
    return {
        "meta": canonical_json(_meta(indexed)),
        "atoms": pack_records(indexed.atoms),
        "rows": pack_records([row.rule, row.required, row.forbidden] for row in indexed.rows),
        "rules": pack_records(_rule(rule) for rule in indexed.rules),
        "units": pack_records(_unit(unit) for unit in indexed.units),
        "dispatch": canonical_json(_dispatch(indexed)),
    }


def _unit(unit: DispatchUnit) -> dict[str, Any]:
    record: dict[str, Any] = {"rows": unit.rows, "shards": unit.shards}
    if unit.grams is not None:
        record["grams"] = unit.grams
    if any(unit.needs):
        record["needs"] = unit.needs
    return record


def _dispatch(indexed: Indexed) -> dict[str, Any]:
    dispatch: dict[str, Any] = {"exact": indexed.exact, "globs": indexed.globs, "any": indexed.every}
    if indexed.grammars:
        dispatch["grammars"] = indexed.grammars
    if indexed.splits:
        dispatch["splits"] = indexed.splits
    return dispatch


def _meta(indexed: Indexed) -> dict[str, Any]:
    labels = indexed.policy.labels
    sources = [
        {"path": labels[source.path], "sha256": source.sha256}
        for source in indexed.policy.sources
        if source.path in labels
    ]
    return {
        "format": FORMAT,
        "compiler": safeshell.__version__,
        "kind": indexed.policy.kind,
        "sources": sorted(sources, key=lambda source: str(source["path"])),
        "counts": {name: len(getattr(indexed, name)) for name in ("rules", "rows", "atoms", "units")},
    }


def _rule(lowered: LoweredRule) -> dict[str, Any]:
    source, effects = lowered.source, lowered.effects
    record: dict[str, Any] = {
        "name": source.rule.name,
        "action": source.rule.action,
        "message": printable(source.rule.message.strip()),  # shown as one line, wherever that is
        "file": source.label,
        "line": source.place.line,
    }
    if effects.timeout_ms is not None:
        record["timeout_ms"] = effects.timeout_ms
    if source.rule.execution is not None:
        record["execution"] = source.rule.execution
    if effects.outside:
        record["approval"] = "outside"
    if effects.redirect_to is not None:
        record["redirect_to"] = effects.redirect_to
    if source.rule.observe:
        record["observe"] = True
    return record
