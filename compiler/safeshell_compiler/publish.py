"""Layers: the machine's, a user's and a repository's rules, each compiled and put in force by itself."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from safeshell.errors import SafeShellError, TableError
from safeshell.home import build_fingerprint
from safeshell.home.agents_seen import begin_without_agents
from safeshell.home.client_conf import write_client_conf
from safeshell.home.machine import REMEDY, Machine, PublishedReading, as_seen, compiled_at
from safeshell.home.paths import SYSTEM_RULES, SYSTEM_TABLES, Home
from safeshell.home.settings import Settings
from safeshell.policy.store.file_checks import check_owner
from safeshell.policy.store.reading import read_current
from safeshell.policy.store.records import Current, Signature
from safeshell.policy.store.writing import write_published, write_tables
from safeshell.policy.table import Sections, canonical_json
from safeshell_compiler import edits
from safeshell_compiler.edits import InForce, published
from safeshell_compiler.findings.report import Finding, sort_findings
from safeshell_compiler.pipeline import Compilation, compile_rules
from safeshell_compiler.reading.config import read_config
from safeshell_compiler.reading.rule_model import Kind
from safeshell_compiler.reading.sources import Source
from safeshell_compiler.stand_in import stand_in

LAST_GOOD = "the last good rules stay in force"

UNTRUSTED = "SS107"
"""The finding of a repository's rules that others may have written: they don't count, nor do those of before."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """One layer, compiled: the machine's rules, a user's with the settings, or a repository's file.

    Attributes:
        rules: the rules file or directory.
        compilation: what came of it.
        settings: the home's; None for what is not a user's, or where they have errors.
        findings: of the rules and of the settings.
        watch: what has to stay as it is for this to stay true.
        grounds: the same down to the contents and with who compiled (`build_fingerprint`); None where that is not
            certain, or where the findings are not all that lint has to say.
        config: the digest of the file that the settings are from; None where there is none.
    """

    rules: str
    compilation: Compilation
    settings: Settings | None
    findings: tuple[Finding, ...]
    watch: dict[str, Signature]
    grounds: dict[str, Any] | None = None
    config: str | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stand in the way."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def current(self) -> tuple[Current, dict[str, bytes]]:
        """What `write_tables` takes; only without errors."""
        assert self.compilation.table is not None
        assert self.compilation.digest is not None
        root = self.rules if os.path.isdir(self.rules) else os.path.dirname(self.rules)
        return Current(self.compilation.digest, root, self.watch, self._said()), self.compilation.table

    @property
    def fingerprint(self) -> str:
        """What tells it, rules and settings, from all else that might be put in force."""
        told = None if self.settings is None else self.settings.to_json()
        return hashlib.sha256(canonical_json([self.compilation.digest, told])).hexdigest()

    @property
    def settings_record(self) -> dict[str, Any] | None:
        """The settings as tables.lmdb holds them, with the digest of their file; None where there are none."""
        return None if self.settings is None else {**self.settings.to_json(), "config": self.config}

    def _said(self) -> dict[str, Any] | None:
        """What `safeshell compile` says of it, for as long as its grounds stay."""
        if self.grounds is None:
            return None
        return {**self.grounds, "findings": [asdict(finding) for finding in self.findings]}


def compile_home(home: Home, *, lint: bool = False) -> Compiled:
    """Compiles a user's rules, and reads the settings."""
    since = build_fingerprint.now()
    config = read_config(home.config)
    compilation = compile_rules(home.rules, lint=lint)
    watched = [*compilation.sources, *config.sources]
    return Compiled(
        home.rules,
        compilation,
        config.settings,
        sort_findings([*compilation.findings, *config.findings]),
        _watch(watched),
        _grounds(home.rules, watched, since) if lint else None,
        next((source.sha256 for source in config.sources if source.path == home.config), None),
    )


def compile_machine(*, lint: bool = False) -> Compiled | None:
    """Compiles the machine's rules; None where there are none."""
    return _compile(SYSTEM_RULES, "system", lint=lint) if os.path.isdir(SYSTEM_RULES) else None


def compile_repository(rules: str, *, lint: bool = False) -> Compiled:
    """Compiles a repository's rules file."""
    return _compile(rules, "repository", lint=lint)


def _compile(rules: str, kind: Kind, *, lint: bool) -> Compiled:
    since = build_fingerprint.now()
    compilation = compile_rules(rules, kind, lint=lint)
    grounds = _grounds(rules, compilation.sources, since) if lint else None
    return Compiled(rules, compilation, None, compilation.findings, _watch(compilation.sources), grounds)


def publish(home: Home, *compiled: Compiled, by_person: bool = True) -> None:
    """Puts what was compiled in force, all of it in one transaction; nothing of it has errors.

    Args:
        home: whose.
        compiled: a layer each.
        by_person: whether somebody answers for it: then the agents that ran until now count no longer.

    Raises:
        SafeShellError: the tables or client.conf can't be written.
    """
    user = next((one for one in compiled if one.settings is not None), None)
    tables = {one.rules: one.current() for one in compiled}
    write_tables(home.tables, tables, None if user is None else user.settings_record)
    if user is not None and user.settings is not None:
        write_client_conf(home, user.settings)
        if by_person:
            begin_without_agents(home)


ForDaemon = tuple[dict[str, Any], Sections]
"""A header, which says what came of a compilation, and the table's sections, if there is a table."""


def compile_for_daemon(home: Home, kind: str, rules: str, guard: str = "", before: InForce | None = None) -> ForDaemon:
    """What a daemon is told by the process that compiles for it (`safeshell.daemon.sources.policy_source`).

    Args:
        home: whose.
        kind: whose rules: system, user or repository.
        rules: the rules file or directory.
        guard: what the daemon says of an edit (`safeshell_compiler.edits`), "" for one that says nothing.
        before: what it has in force, where it has handed that over.
    """
    if kind == "system":
        return machine_for_daemon(home)
    return for_daemon(home, compile_home(home) if kind == "user" else compile_repository(rules), guard, before)


def for_daemon(home: Home, compiled: Compiled, guard: str = "", handed_over: InForce | None = None) -> ForDaemon:
    """Publishes a layer, and says what came of it; of one with errors, its last good table; or has an edit wait."""
    before = handed_over or published(home, compiled.rules)
    edit = None
    if before is not None:
        config = (home.config, compiled.config)
        edit = edits.describe(before, compiled.compilation, compiled.settings, config)
    if compiled.compilation.table is None:
        header, last = stay(home, compiled)
        return {**header, "edit": edit}, last
    header = {**_header(compiled.rules, compiled.watch, _first(compiled.errors)), "edit": edit}
    loosens = compiled.rules == home.rules and edit is not None and "loosens" in edit
    if before is not None and loosens and edits.waits(home, guard, compiled.fingerprint):
        return _held(home, compiled, header, before, handed_over=handed_over is not None)
    current, table = compiled.current()
    if header["error"]:  # of the settings: the rules count all the same
        header["notice"] = f"safeshell: {header['error']}; the last good settings stay in force"
    try:
        publish(home, compiled, by_person=False)
    except SafeShellError as error:  # a full disk: the daemon has the table all the same
        header["error"] = error.message
        header["notice"] = f"safeshell: {error.message}; the rules are in force until the daemon ends"
    return {**header, "settings": compiled.settings_record, "digest": current.digest, "root": current.root}, table


def machine_for_daemon(home: Home) -> ForDaemon:
    """As `compile_for_daemon`, of the machine's rules.

    What root published is in force where it is what the sources say; else they are compiled for the time being.
    """
    reading = PublishedReading(SYSTEM_RULES)
    published, refused = None, ""
    try:
        published = reading.result()
    except TableError as error:
        refused = f"what was published of the machine's rules is refused: {error.message}"
    seen = None if published is None else as_seen(published)
    if seen is not None:
        return _as_published(seen, "")
    try:
        os.lstat(SYSTEM_RULES)
    except (FileNotFoundError, NotADirectoryError):
        if published is not None:
            gone = published._replace(current=published.current._replace(watch={SYSTEM_RULES: None, **reading.watch}))
            return _as_published(gone, f"{SYSTEM_RULES} is gone: what root published of it stays in force; {REMEDY}")
        with contextlib.suppress(SafeShellError):  # the next one to publish drops it
            publish(home)
        header = _header(SYSTEM_RULES, {SYSTEM_RULES: None, **reading.watch}, refused)
        return {**header, "notice": refused and f"safeshell: {refused}; there are none in {SYSTEM_RULES}"}, {}
    except OSError:
        pass  # which the compiler finds, too
    compiled = _compile(SYSTEM_RULES, "system", lint=False)
    compiled = replace(compiled, watch={**compiled.watch, **reading.watch})
    if compiled.compilation.table is None:
        return stay(home, compiled, published)
    header, table = for_daemon(home, compiled)
    if refused:
        header |= {"error": refused, "notice": f"safeshell: {refused}; {SYSTEM_RULES} is compiled here in its place"}
    elif published is not None and not header["error"]:
        newer = f"{SYSTEM_RULES} is newer than what was published: it is in force as compiled here for the time being"
        header["notice"] = f"safeshell: {newer}; {REMEDY}"
    return header, table


def _as_published(machine: Machine, complaint: str) -> ForDaemon:
    header = _header(SYSTEM_RULES, machine.current.watch)
    header |= {"digest": machine.current.digest, "root": machine.current.root, "published": True}
    header["notice"] = complaint and f"safeshell: {complaint}"
    return header, dict(machine.sections)


def publish_machine(compiled: Compiled) -> None:
    """Puts the machine's rules in force for everybody; they have no errors.

    Raises:
        SafeShellError: they can't be written, or somebody else could write there.
    """
    directory = os.path.dirname(SYSTEM_TABLES)
    try:
        if not os.path.isdir(directory):
            os.mkdir(directory)
            os.chmod(directory, 0o755)  # noqa: S103 # whatever the umask: everybody reads there
    except OSError as error:
        raise SafeShellError(f"can't make {directory}: {error.strerror}") from error
    check_owner(directory)
    write_published(SYSTEM_TABLES, compiled.rules, *compiled.current())


def stay(home: Home, compiled: Compiled, published: Machine | None = None) -> ForDaemon:
    """What is in force of a layer with errors: its last good table, unless others may have written its rules.

    Args:
        home: where it would be.
        compiled: what has errors.
        published: of the machine's rules, what root published last.
    """
    header = _header(compiled.rules, compiled.watch, _first(compiled.errors))
    if UNTRUSTED not in {finding.code for finding in compiled.errors}:
        header["last_good"] = True
        last = _last_good(home, compiled.rules, published)
        if last is not None:
            current, table, settings = last
            header |= {"digest": current.digest, "root": current.root, "settings": settings}
            header["notice"] = f"safeshell: {header['error']}; {LAST_GOOD}"
            return header, table
    stays, asking = LAST_GOOD, None
    if compiled.rules != home.rules:
        stays = f"{'the machine' if compiled.rules == SYSTEM_RULES else 'this repository'}'s rules are skipped"
        asking = None if compiled.rules == SYSTEM_RULES else stand_in(compiled.rules, header["error"])
    if asking is not None:
        header |= {"digest": asking[0], "root": os.path.dirname(compiled.rules), "stands_in": True}
        stays = f"agents are asked for approval of what they could restrict, else {stays}"
    header["notice"] = f"safeshell: {header['error']}; {stays}"
    return header, {} if asking is None else asking[1]


def _last_good(home: Home, rules: str, published: Machine | None) -> tuple[Current, Sections, Any] | None:
    """Of the machine's rules the later of what root published and what was compiled here."""
    own = None
    with contextlib.suppress(TableError):
        found, settings = read_current(home.tables, [rules])
        own = (*found[rules], settings) if rules in found else None
    if published is None or (
        own is not None and compiled_at(Machine(own[0], own[1], published=False)) > compiled_at(published)
    ):
        return own
    return published.current, published.sections, None


def _held(home: Home, compiled: Compiled, header: dict[str, Any], before: InForce, *, handed_over: bool) -> ForDaemon:
    """What is in force stays, on the disk too; a daemon that has it is given what waits, and so what that lifts."""
    settings = None if compiled.settings is None else compiled.settings.to_json()
    header["held"] = {"fingerprint": compiled.fingerprint, "settings": settings}
    header["last_good"] = True
    header["notice"] = f"safeshell: an edit of {compiled.rules} waits for a person: safeshell compile"
    if not handed_over:
        known = {"digest": before.current.digest, "root": before.current.root, "settings": before.settings or None}
        return header | known, before.sections
    kept = published(home, compiled.rules)
    if kept is None or kept.current.digest != before.current.digest:
        with contextlib.suppress(SafeShellError):  # somebody took it away: the next daemon would find nothing to hold
            sections = {name: bytes(data) for name, data in before.sections.items()}
            write_tables(home.tables, {compiled.rules: (before.current, sections)}, before.settings or None)
    current, table = compiled.current()
    return header | {"digest": current.digest, "root": current.root}, table


def _first(errors: Sequence[Finding]) -> str:
    """The first of a layer's errors, as one line."""
    if not errors:
        return ""
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{first.file}:{first.line}:{first.column}: {first.code} {first.message}{more}"


def _header(rules: str, watch: Mapping[str, Signature], error: str = "") -> dict[str, Any]:
    return {
        "rules": rules,
        "watch": watch,
        "error": error,
        "notice": "",
        "settings": None,
        "digest": "",
        "root": "",
        "last_good": False,
        "stands_in": False,
        "published": False,
        "edit": None,
        "held": None,
    }


def _watch(sources: Iterable[Source]) -> dict[str, Signature]:
    return {source.path: source.state for source in sorted(sources, key=lambda source: source.path)}


def _grounds(rules: str, sources: Iterable[Source], since: int) -> dict[str, Any] | None:
    read: dict[str, str | None] = {}
    for source in sources:
        read[source.path] = read.get(source.path) or source.sha256
    states = build_fingerprint.describe(read, since)
    return None if states is None else {"sources": states, "circumstances": build_fingerprint.circumstances(rules)}
