"""Stand-in for a repository's rules that don't compile: what one of them could have restricted asks, of agents.

As far as that can be told: a rule that is well formed is asked about where its conditions hold, any other by the names
in its `commands`; of text that is no YAML these are looked for line by line. A rule that names no command, and whose
conditions can't be read, stands for nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from safeshell.policy.table import Sections, table_digest
from safeshell_compiler.findings.report import Report
from safeshell_compiler.pipeline import PACKS, STAGES
from safeshell_compiler.reading.rule_model import RuleModel
from safeshell_compiler.reading.tree import Node
from safeshell_compiler.stages.load import CompileRequest, load
from safeshell_compiler.stages.resolve import PolicyRule, ResolvedPolicy, resolve

ATTEMPTS = 4
"""How often rules that don't compile are left to their commands' names, before nothing stands in."""

_FLOW = re.compile(r"""\bcommands['"]?\s*:\s*\[([^\]\n]*)""")
_BLOCK = re.compile(r"""\bcommands['"]?\s*:\s*(?:#.*)?$""")
_ITEM = re.compile(r"""\s*-\s+(['"]?)([^\s'"#,\]}]+)\1\s*(?:#.*)?$""")
_WORD = re.compile(r"""[^\s'",]+""")


class _Mark(NamedTuple):
    """A place in a text, from 0."""

    line: int
    column: int


def stand_in(rules: str, error: str) -> tuple[str, Sections] | None:
    """The digest and the sections of the table that stands in, or None where nothing can be told.

    Args:
        rules: the repository's rules file; one that belongs to another user stands for nothing.
        error: why it doesn't compile, one line.
    """
    report = Report()
    policy = resolve(load(CompileRequest(rules, "repository", PACKS, trusting=True), report), report)
    said = os.fsencode(error).decode("utf-8", "replace")  # a path may hold bytes that are no text
    message = f"These rules do not compile ({said}), and this one could have restricted it. Have them mended."
    asking = [*_well_formed(policy, message), *_by_names(policy, message)]
    by_name: set[tuple[str, int]] = set()
    for _ in range(ATTEMPTS):
        if not asking:
            return None
        report = Report()
        value: Any = replace(policy, rules=tuple(asking), malformed=())
        for name, stage in STAGES[2:]:
            if name == "emit" and report.errors:
                break
            value = stage(value, report)
        else:
            return table_digest(value), value
        broken = {(finding.file, finding.rule) for finding in report.sorted() if finding.severity == "error"}
        weaker = [_weaker(rule, by_name) if (rule.file, rule.rule.name) in broken else rule for rule in asking]
        asking = [rule for rule in weaker if rule is not None]
    return None


def _well_formed(policy: ResolvedPolicy, message: str) -> Iterator[PolicyRule]:
    for found in policy.rules:
        if found.restricts and found.rule.context != "human_only":
            changes = {"redirect_to": None, "timeout": None, "execution": None, "observe": False}
            asking = {"action": "require_approval", "context": "ai_only", "message": message}
            yield replace(found, rule=found.rule.model_copy(update={**changes, **asking}))


def _by_names(policy: ResolvedPolicy, message: str) -> Iterator[PolicyRule]:
    """Rules that had to be left out, and files that could not be taken apart at all."""
    for file, node in policy.malformed:
        entries = node.value if type(node.value) is dict else {}
        if _text(entries.get("action")) != "allow" and _text(entries.get("context")) != "human_only":
            yield from _bare(policy, file, _text(entries.get("name")), _names(entries), node, message)
    for source in policy.sources:
        if source.path not in policy.texts and source.sha256 is not None:
            for line, names in _scan(_lines(source.path)):
                yield from _bare(policy, source.path, "", names, Node({}, _Mark(line, 0), _Mark(line, 0)), message)


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read().splitlines()
    except OSError:  # it has gone since: the next command finds that out
        return []


def _bare(
    policy: ResolvedPolicy, file: str, name: str, names: Sequence[str], node: Node, message: str
) -> Iterator[PolicyRule]:
    if names:
        name = name if re.fullmatch("[a-z0-9-]+", name) else f"line-{node.line + 1}"
        rule = RuleModel(
            name=name, commands=tuple(names), context="ai_only", action="require_approval", message=message
        )
        label = policy.labels.get(file) or os.path.relpath(file, policy.root)
        yield PolicyRule(rule, (), file, os.fsencode(label).decode("utf-8", "replace"), "", node)


def _names(entries: dict[str, Node]) -> list[str]:
    """The names in a rule's `commands`, or in what was meant to be that."""
    import difflib  # noqa: PLC0415 # only for a mistake

    near = difflib.get_close_matches("commands", entries, n=1, cutoff=0.7)
    if not near:
        return []
    value = entries[near[0]].value
    nodes = value if type(value) is list else [entries[near[0]]]
    return [word for node in nodes for word in (_text(node) or node.raw).split()[:1]]


def _text(node: Node | None) -> str:
    return node.value if node is not None and type(node.value) is str else ""


def _scan(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines with `commands:`, and the names that follow it there or as a list below."""
    for number, line in enumerate(lines):
        flow = _FLOW.search(line)
        if flow:
            yield number, _WORD.findall(flow[1])
        elif _BLOCK.search(line):
            names = []
            for below in lines[number + 1 :]:
                item = _ITEM.match(below)
                if item is None:
                    break
                names.append(item[2])
            yield number, names


def _weaker(rule: PolicyRule, by_name: set[tuple[str, int]]) -> PolicyRule | None:
    """A rule that has errors, by its names alone; None where it is that already, or has none."""
    key = (rule.file, rule.node.line)
    if key in by_name or not rule.rule.commands:
        return None
    by_name.add(key)
    return replace(rule, rule=rule.rule.model_copy(update={"conditions": None, "directory": None}), unless=())
