"""Edits: what was compiled, held against what is in force; one that loosens may have to wait for a person."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from safeshell.errors import TableError
from safeshell.home.agents_seen import agent_seen
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.policy.store.memory import SealedSections
from safeshell.policy.store.reading import read_current
from safeshell.policy.store.records import Current
from safeshell.policy.table import Sections, Table
from safeshell_compiler.pipeline import Compilation

SEEN, UNSEEN, NOBODY, CONFIRMED = "seen", "unseen", "nobody", "confirmed:"
"""What a daemon says of an edit: an agent has run, none has, none has and nobody asks yet, or a person has confirmed
what follows."""


class InForce(NamedTuple):
    """A layer as it is in force.

    Attributes:
        current: its record.
        sections: the table's.
        settings: the settings beside it, with the digest of their file; empty where they are not known.
    """

    current: Current
    sections: Sections
    settings: Mapping[str, Any]

    @property
    def table(self) -> Table:
        """The table.

        Raises:
            TableError: it is damaged, or another version's.
        """
        return Table(self.sections, self.current.root, self.current.digest)


def inherited(descriptor: int) -> InForce | None:
    """What a daemon has in force, from the memory file that it has it in, which nobody can change."""
    try:
        sections = SealedSections(descriptor)
        return InForce(Current.from_json(sections.header), sections, sections.header["settings"] or {})
    except (TableError, LookupError, TypeError):
        return None


def published(home: Home, rules: str) -> InForce | None:
    """What was published last; None where nothing was, or it can't be read."""
    try:
        found, settings = read_current(home.tables, [rules])
        current, sections = found[rules]
    except (TableError, KeyError):
        return None
    return InForce(current, sections, settings)


def waits(home: Home, guard: str, what: str) -> bool:
    """Whether an edit that loosens has to wait for a person.

    Args:
        home: whose.
        guard: what is known of agents and people (above); "" where nobody says.
        what: the fingerprint of what would be in force.
    """
    if guard.startswith(CONFIRMED):
        return guard != CONFIRMED + what
    return guard in (SEEN, NOBODY) or (guard != UNSEEN and agent_seen(home))


def describe(
    before: InForce, compilation: Compilation, settings: Settings | None, config: tuple[str, str | None]
) -> dict[str, Any] | None:
    """What an edit changes, as JSON has it; None where that is nothing, not even a comment.

    Args:
        before: what is in force.
        compilation: what came of it.
        settings: the new settings; None where the layer has none, or they have errors.
        config: the path of the settings, and the digest of what it holds.
    """
    from safeshell_compiler.loosening import Edit, compare  # noqa: PLC0415 # most compilations change nothing

    try:
        table = before.table
    except TableError:
        return None  # another version's: what it said can't be told
    old_files = dict(_files(before.current.root, table.meta["sources"]))
    labels = compilation.policy.labels
    new_files: dict[str, str | None] = {
        labels[source.path] if labels.get(source.path, "").startswith("pack:") else source.path: source.sha256
        for source in compilation.sources
        if source.sha256 is not None
    }
    if "config" in before.settings:  # an older version's says nothing of it
        old_files[config[0]], new_files[config[0]] = before.settings.get("config"), config[1]
    files = tuple(
        (path, old_files.get(path), new_files.get(path))
        for path in sorted(old_files.keys() | new_files.keys())
        if old_files.get(path) != new_files.get(path)
    )
    edit = Edit()
    if compilation.table is not None:
        root = compilation.policy.root
        known = _settings(before)
        new = Table(compilation.table, root, compilation.digest or "")
        edit = compare(table, new, known, settings, _as_installed(compilation))
    if not files and not edit.means_something:
        return None
    return replace(edit, files=files).to_json()


def _settings(before: InForce) -> Settings | None:
    try:
        return Settings.from_json(before.settings) if before.settings else None
    except TableError:
        return None  # no version's


def _as_installed(compilation: Compilation) -> Callable[[str, str], bool]:
    """Tells whether a rule of a pack is as the pack has it: unchanged, or missing there too."""
    policy = compilation.policy
    texts = {label: policy.texts[path] for path, label in policy.labels.items() if label.startswith("pack:")}
    rules = {(rule.label, rule.rule.name): rule for rule in policy.rules if rule.pack}

    def as_installed(pack: str, name: str) -> bool:
        rule = rules.get((pack, name))
        if rule is None:
            return re.search(rf"\bname:\s*{re.escape(name)}(?![\w-])", texts.get(pack, "")) is None
        return not (rule.replaced or rule.unless or rule.rule.observe)

    return as_installed


def _files(root: str, sources: list[dict[str, Any]]) -> Iterator[tuple[str, str | None]]:
    """The files of a table, by their paths; a pack keeps its name."""
    for source in sources:
        label = source["path"]
        path = label if label.startswith(("/", "pack:")) else os.path.normpath(os.path.join(root, label))
        yield path, source["sha256"]
