"""Compiling what is in force somewhere, a home or a repository, and putting it there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from safeshell.errors import SafeShellError
from safeshell.home import build_fingerprint
from safeshell.home.client_conf import write_client_conf
from safeshell.home.paths import SYSTEM_RULES, Home
from safeshell.home.settings import Settings
from safeshell.policy.store.bundle import encode_bundle
from safeshell.policy.store.records import Current, Signature, signature
from safeshell.policy.store.writing import write_tables
from safeshell.policy.table import SECTIONS
from safeshell_compiler.findings.report import Finding, sort_findings
from safeshell_compiler.pipeline import Compilation, compile_rules, compile_system
from safeshell_compiler.reading.config import read_config
from safeshell_compiler.reading.sources import Source

_CHANGED: Signature = (0, 0, 0, 0)
"""The signature of a source that was changed while it was compiled: no file has it, so the next look compiles again."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """Everything that is in force together in one place, compiled.

    Attributes:
        layers: each rules file or directory with what came of it, in order of precedence.
        settings: the home's, None for a repository or where they have errors.
        findings: of all layers and of the settings.
        watch: what has to stay as it is for this to stay true.
        grounds: the same down to the contents and with who compiled (`build_fingerprint`); None where that is not
            certain, or where the findings are not all that lint has to say.
    """

    layers: tuple[tuple[str, Compilation], ...]
    settings: Settings | None
    findings: tuple[Finding, ...]
    watch: dict[str, Signature]
    grounds: dict[str, Any] | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stand in the way."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def current(self) -> dict[str, tuple[Current, dict[str, bytes]]]:
        """What `write_tables` takes; only without errors."""
        made = {}
        for rules, compilation in self.layers:
            assert compilation.table is not None
            assert compilation.digest is not None
            root = rules if os.path.isdir(rules) else os.path.dirname(rules)
            said = self._said() if rules == self.layers[-1][0] else None
            made[rules] = (Current(compilation.digest, root, self.watch, said), compilation.table)
        return made

    def _said(self) -> dict[str, Any] | None:
        """What `safeshell compile` says of it, for as long as its grounds stay."""
        if self.grounds is None:
            return None
        return {
            **self.grounds,
            "findings": [asdict(finding) for finding in self.findings],
            "layers": [[rules, compilation.digest] for rules, compilation in self.layers],
        }


def compile_home(home: Home, *, lint: bool = False) -> Compiled:
    """Compiles a user's rules with the machine's, and reads the settings."""
    since = build_fingerprint.now()
    config = read_config(home.config)
    user = compile_rules(home.rules, lint=lint)
    system = compile_system(SYSTEM_RULES, lint=lint)
    layers = [(SYSTEM_RULES, system)] if system is not None else []
    layers.append((home.rules, user))
    sources = [source for _, compilation in layers for source in compilation.sources]
    findings = [finding for _, compilation in layers for finding in compilation.findings]
    watched = [*sources, *config.sources, Source(SYSTEM_RULES, None), Source(home.rules, None)]
    return Compiled(
        layers=tuple(layers),
        settings=config.settings,
        findings=sort_findings([*findings, *config.findings]),
        watch=_watch(watched),
        grounds=_grounds(home.rules, watched, since) if lint else None,
    )


def compile_repository(rules: str, *, lint: bool = False) -> Compiled:
    """Compiles a repository's rules."""
    since = build_fingerprint.now()
    compilation = compile_rules(rules, "repository", lint=lint)
    watched = [*compilation.sources, Source(rules, None)]
    grounds = _grounds(rules, watched, since) if lint else None
    return Compiled(((rules, compilation),), None, compilation.findings, _watch(watched), grounds)


def publish(home: Home, *compiled: Compiled) -> None:
    """Puts what was compiled in force, all of it in one transaction; nothing of it has errors.

    Raises:
        SafeShellError: the tables or client.conf can't be written.
    """
    tables = {rules: entry for one in compiled for rules, entry in one.current().items()}
    settings = next((one.settings for one in compiled if one.settings is not None), None)
    gone = () if SYSTEM_RULES in tables or settings is None else (SYSTEM_RULES,)
    write_tables(home.tables, tables, None if settings is None else settings.to_json(), gone=gone)
    if settings is not None:
        write_client_conf(home, settings)


def for_daemon(home: Home, compiled: Compiled, *, repository: bool) -> bytes:
    """What the daemon is told by the process that compiled for it (`safeshell.daemon.sources.policy_source`)."""
    header: dict[str, Any] = {"watch": compiled.watch, "error": "", "notice": "", "settings": None}
    sections: dict[str, bytes] = {}
    errors = compiled.errors
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        header["error"] = f"{first.file}:{first.line}:{first.column}: {first.code} {first.message}{more}"
        stays = "this repository's rules are skipped" if repository else "the last good rules stay in force"
        header["notice"] = f"safeshell: {header['error']}; {stays}"
        # A user's broken rules leave the last good ones in force, a repository's never block.
        header["tables"] = [] if repository else None
    else:
        try:
            publish(home, compiled)
        except SafeShellError as error:  # a full disk: the daemon has the tables all the same
            header["error"] = error.message
            header["notice"] = f"safeshell: {error.message}; the rules are in force until the daemon ends"
        header["tables"] = []
        for current, table in compiled.current().values():
            header["tables"].append({"digest": current.digest, "root": current.root})
            sections |= {f"{current.digest}/{name}": table[name] for name in SECTIONS}
        if compiled.settings is not None:
            header["settings"] = compiled.settings.to_json()
    return encode_bundle(header, sections)


def _watch(sources: Iterable[Source]) -> dict[str, Signature]:
    watch: dict[str, Signature] = {}
    for source in sources:
        if source.path in watch and source.sha256 is None:
            continue
        before = signature(source.path)
        if source.sha256 is not None and _digest(source.path) != source.sha256:
            before = _CHANGED
        watch[source.path] = before
    return dict(sorted(watch.items()))


def _grounds(rules: str, sources: Iterable[Source], since: int) -> dict[str, Any] | None:
    read: dict[str, str | None] = {}
    for source in sources:
        read[source.path] = read.get(source.path) or source.sha256
    states = build_fingerprint.describe(read, since)
    return None if states is None else {"sources": states, "circumstances": build_fingerprint.circumstances(rules)}


def _digest(path: str) -> str | None:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
