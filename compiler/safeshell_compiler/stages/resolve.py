"""Stage 2, resolve: files to one policy. Order of precedence, overrides, what a repository may say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from safeshell_compiler.findings.report import FindingPlace, Report, suggest
from safeshell_compiler.reading.rule_model import Condition, Kind, Override, RuleModel
from safeshell_compiler.reading.sources import Source
from safeshell_compiler.reading.tree import Node, key_place, locate
from safeshell_compiler.stages.load import Loaded, LoadedFile


@dataclass(frozen=True, slots=True)
class Exemption:
    """An override's `unless`: the rule is lifted where all of these hold."""

    conditions: tuple[Condition, ...]
    file: str
    node: Node


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """A rule in force, overrides applied.

    Attributes:
        rule: what it says.
        unless: what lifts it, one of an override each.
        file: the path of the file it stands in, absolute.
        label: the same as the table names it.
        pack: the pack's name, or "".
        node: its place and its parts' places.
        replaced: the keys that an override has replaced.
    """

    rule: RuleModel
    unless: tuple[Exemption, ...]
    file: str
    label: str
    pack: str
    node: Node
    replaced: frozenset[str] = frozenset()

    @property
    def place(self) -> FindingPlace:
        """Where the rule starts."""
        return self.node.place(self.file)

    @property
    def restricts(self) -> bool:
        """Whether the action is anything but `allow`."""
        return self.rule.action != "allow"


@dataclass(frozen=True, slots=True)
class ResolvedPolicy:
    """All rules in force, in order of precedence: packs, includes depth first, the file's own.

    Attributes:
        kind: whose rules they are.
        root: the directory that labels are relative to.
        rules: in order.
        sources: what was read or looked for.
        labels: each file that was read: its path and its label.
        malformed: rules that had to be left out, by their file; their patterns are looked at all the same.
        texts: each file that was read: its path and its text, to point inside of it.
    """

    kind: Kind
    root: str
    rules: tuple[PolicyRule, ...]
    sources: tuple[Source, ...]
    labels: dict[str, str]
    texts: dict[str, str]
    malformed: tuple[tuple[str, Node], ...]


Rules = dict[str, list[PolicyRule | None]]
"""By file identity; None where an override has disabled one."""


def resolve(loaded: Loaded, report: Report) -> ResolvedPolicy:
    """Applies overrides from the inside out and puts the rules in order."""
    by_identity = {os.path.realpath(file.path): file for file in loaded.files}
    rules: Rules = {identity: list(_own_rules(file, report)) for identity, file in by_identity.items()}
    for identity, file in by_identity.items():
        reach = _reach(identity, by_identity)
        if loaded.kind == "repository" and not file.pack:
            _refuse_overrides(file, report)
        else:
            _override(file, reach, by_identity, rules, report)
    if loaded.kind == "repository":
        for identity, file in by_identity.items():
            _check_tightening(file, rules[identity], report)
    order = sorted(by_identity, key=lambda identity: not by_identity[identity].pack)  # stable: packs first
    in_force = tuple(rule for identity in order for rule in rules[identity] if rule is not None)
    labels = {file.path: file.label for file in loaded.files}
    malformed = tuple((file.path, node) for file in loaded.files for node in file.document.malformed)
    texts = {file.path: file.text for file in loaded.files}
    return ResolvedPolicy(loaded.kind, loaded.root, in_force, loaded.sources, labels, texts, malformed)


def _own_rules(file: LoadedFile, report: Report) -> Iterator[PolicyRule]:
    first: dict[str, int] = {}
    for rule, node in zip(file.document.model.rules, file.document.rules, strict=True):
        name_node = locate(node, ("name",))
        if rule.name in first:
            report.add("SS301", name_node.place(file.path), rule.name, name=rule.name, first=first[rule.name])
        else:
            first[rule.name] = name_node.line + 1
        yield PolicyRule(rule, (), file.path, file.label, file.pack, node)


def _reach(identity: str, files: dict[str, LoadedFile]) -> list[str]:
    """The files that a file includes, directly or not, in order."""
    found: dict[str, None] = {}
    waiting = list(reversed(files[identity].includes))
    while waiting:
        name = waiting.pop()
        if name not in found and name in files:
            found[name] = None
            waiting.extend(reversed(files[name].includes))
    return list(found)


def _override(file: LoadedFile, reach: list[str], files: dict[str, LoadedFile], rules: Rules, report: Report) -> None:
    # A name can't be called unknown while a file that may hold it could not be read.
    complete = file.complete and all(files[name].complete for name in reach)
    # The names are those that the files give, whatever an inner override has disabled.
    named = [(name, index, rule) for name in reach for index, rule in enumerate(files[name].document.model.rules)]
    overridden: dict[tuple[str, int], int] = {}
    for override, node in zip(file.document.model.overrides, file.document.overrides, strict=True):
        name_node = locate(node, ("name",))
        place = name_node.place(file.path)
        qualifier, _, bare = override.name.rpartition("/")
        fits = [
            (name, index) for name, index, rule in named if rule.name == bare and _qualifies(files[name], qualifier)
        ]
        if not fits:
            if complete and not _report_own(override, file, place, report):
                known = {rule.name for _, _, rule in named}
                hint = suggest(bare, sorted(known), "" if known else "nothing is included here")
                report.add("SS302", place, override.name, name=override.name, suggestion=hint)
            continue
        if len({name for name, _ in fits}) > 1:
            candidates = ", ".join(f"{_qualified(files[name])}/{bare}" for name, _ in fits)
            report.add("SS303", place, override.name, name=override.name, candidates=candidates, bare=bare)
            continue
        target = fits[0]
        if target in overridden:
            report.add("SS305", place, override.name, name=override.name, first=overridden[target])
            continue
        overridden[target] = name_node.line + 1
        rule = rules[target[0]][target[1]]
        if rule is not None:
            rules[target[0]][target[1]] = _apply(override, rule, file, node, report)


def _report_own(override: Override, file: LoadedFile, place: FindingPlace, report: Report) -> bool:
    for rule, node in zip(file.document.model.rules, file.document.rules, strict=True):
        if rule.name == override.name:
            report.add("SS304", place, rule.name, name=rule.name, first=node.line + 1)
            return True
    return False


def _qualified(file: LoadedFile) -> str:
    return file.pack or os.path.splitext(file.label)[0]


def _qualifies(file: LoadedFile, qualifier: str) -> bool:
    """Whether a qualifier names this file: its pack, its name, or as much of its path as tells it apart."""
    if not qualifier:
        return True
    if file.pack:
        return qualifier == file.pack
    return ("/" + os.path.splitext(file.path)[0]).endswith("/" + qualifier)


def _apply(override: Override, rule: PolicyRule, file: LoadedFile, node: Node, report: Report) -> PolicyRule | None:
    if override.disabled:
        return None
    changes = {
        key: getattr(override, key)
        for key in ("action", "message", "context", "approval")
        if getattr(override, key) not in (None, getattr(rule.rule, key))
    }
    if not changes and override.unless is None:
        report.add("SS315", node.place(file.path), rule.rule.name, name=rule.rule.name)
        return rule
    if changes.get("action") == "redirect" and rule.rule.redirect_to is None:
        report.add("SS320", locate(node, ("action",)).place(file.path), rule.rule.name, name=rule.rule.name)
        return rule
    unless = rule.unless
    if override.unless is not None:
        unless = (*unless, Exemption(override.unless, file.path, locate(node, ("unless",))))
    changed = rule.rule.model_copy(update=changes)
    return replace(rule, rule=changed, unless=unless, replaced=rule.replaced | changes.keys())


def _refuse_overrides(file: LoadedFile, report: Report) -> None:
    for override, node in zip(file.document.model.overrides, file.document.overrides, strict=True):
        report.add("SS317", node.place(file.path), override.name)


def _check_tightening(file: LoadedFile, rules: list[PolicyRule | None], report: Report) -> None:
    """A repository only tightens: whoever can push to it must not be able to loosen what its users have."""
    for found in rules:
        if found is None:
            continue
        name = found.rule.name
        for key, verb in _loosens(found.rule):
            if file.pack:
                assert file.included_at is not None
                report.add("SS319", file.included_at, name, pack=f"pack:{file.pack}", name=name, verb=verb)
            else:
                report.add("SS316", key_place(found.node, key, file.path), name, verb=verb)


def _loosens(rule: RuleModel) -> Iterator[tuple[str, str]]:
    if rule.action in ("allow", "redirect"):
        yield "action", rule.action
    if rule.timeout is not None:
        yield "timeout", "set a timeout"
    if rule.execution is not None:
        yield "execution", "choose where a command runs"
