"""The compiler from top to bottom: its stages as data, each a function of the one before and the report."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import safeshell
from safeshell.policy.table import table_digest
from safeshell_compiler.findings.report import Finding, Report
from safeshell_compiler.lint import check
from safeshell_compiler.reading.rule_model import Kind
from safeshell_compiler.reading.sources import Source
from safeshell_compiler.stages.emit import emit
from safeshell_compiler.stages.flatten import flatten
from safeshell_compiler.stages.index import index
from safeshell_compiler.stages.load import CompileRequest, load
from safeshell_compiler.stages.lower import lower
from safeshell_compiler.stages.prune import prune
from safeshell_compiler.stages.resolve import ResolvedPolicy, resolve

STAGES: tuple[tuple[str, Callable[[Any, Report], Any]], ...] = (
    ("load", load),  # the only one that reads files
    ("resolve", resolve),  # before lower: an override changes conditions and actions
    ("lower", lower),  # before flatten: rows are made of atoms
    ("flatten", flatten),  # before prune: absorption is a relation of rows
    ("prune", prune),  # before index: a row that is gone needs no dispatch, its atoms no automaton
    ("index", index),  # before emit: the last that can find an error
    ("emit", emit),  # only without errors
)

PACKS = os.path.join(os.path.dirname(os.path.abspath(safeshell.__file__)), "packs")
"""Where `include: [pack:NAME]` looks."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """What came of compiling one layer's rules.

    Attributes:
        table: the sections, or None where there is an error.
        digest: the table's content digest, hex, or None.
        findings: errors and warnings, by place.
        sources: every file and directory read or looked for.
        policy: the rules in force before they were lowered, as far as they are valid.
        timings: seconds of each stage, and of the lint.
    """

    table: dict[str, bytes] | None
    digest: str | None
    findings: tuple[Finding, ...]
    sources: tuple[Source, ...]
    policy: ResolvedPolicy
    timings: tuple[tuple[str, float], ...]


def compile_rules(path: str, kind: Kind = "user", *, packs: str = PACKS, lint: bool = False) -> Compilation:
    """Compiles a rules file, or a directory of them (`*.yaml` by name), with all that it includes.

    Args:
        path: the rules file or directory; relative to the working directory.
        kind: whose rules they are; a repository's may only tighten.
        packs: the directory of the packs.
        lint: look also for what is well formed and means something else than it seems; warnings only, the table is
            the same. For people: a daemon that compiles has a command waiting.

    Returns:
        The table or the reasons why there is none. What is wrong with the rules is never raised.
    """
    report = Report()
    value: Any = CompileRequest(os.path.abspath(path), kind, packs)
    made: dict[str, Any] = {}
    timings: list[tuple[str, float]] = []
    with _no_collection():
        for name, stage in STAGES:
            if name == "emit" and report.errors:
                break
            started = time.perf_counter()
            value = made[name] = stage(value, report)
            timings.append((name, time.perf_counter() - started))
        if lint:
            started = time.perf_counter()
            check(made["prune"], report)
            timings.append(("lint", time.perf_counter() - started))
    table: dict[str, bytes] | None = made.get("emit")
    policy: ResolvedPolicy = made["resolve"]
    digest = None if table is None else table_digest(table)
    return Compilation(table, digest, report.sorted(), policy.sources, policy, tuple(timings))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Turns the cycle collector off: a compilation makes a million objects and no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
