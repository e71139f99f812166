"""The tables in force, kept as fresh as their sources: validated by stat on each request, compiled in another process.

A broken edit leaves the last good table in force. The daemon itself never reads YAML and never maps the table file.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterable
from typing import Any

from safeshell.daemon.core.loop import Loop
from safeshell.errors import TableError
from safeshell.home.in_force import begin_reading
from safeshell.home.paths import SYSTEM_RULES, Home
from safeshell.home.repository_rules import find_rules
from safeshell.home.settings import Settings
from safeshell.policy.decision_cache import Policy
from safeshell.policy.evaluator import LoadedTable
from safeshell.policy.store.bundle import decode_bundle
from safeshell.policy.store.reading import Reading
from safeshell.policy.store.records import Signature, signature, watched
from safeshell.policy.table import SECTIONS, Table

WAIT_S = 2.0
"""How long a command waits for an edit to be compiled."""

POLICIES_MAX = 256
"""Compositions of tables kept; one a repository in use."""

Rules = tuple[bytes, ...]
"""The repository rules files that apply somewhere."""

Waiter = Callable[[bool], None]
"""Called once: whether the compilation ended in time."""


class Origin:
    """The rules of one place (the user's with the machine's, or a repository's), and what they are now."""

    __slots__ = ("error", "job", "notice", "rules", "tables", "watch")

    def __init__(self, rules: str) -> None:
        self.rules = rules
        self.tables: list[LoadedTable] = []
        self.watch: dict[str, Signature] = {}
        self.error = ""
        self.notice = ""
        self.job: Job | None = None

    def fresh(self) -> bool:
        """Whether every source is as it was when it was compiled."""
        for path, state in self.watch.items():
            # Asked for each command: for what isn't there, access is half the price of a failing stat.
            if os.access(path, os.F_OK) if state is None else signature(path) != state:
                return False
        return bool(self.watch)


class Job:
    """A compilation under way."""

    __slots__ = ("data", "origin", "pipe", "waiters")

    def __init__(self, origin: Origin, pipe: int) -> None:
        self.origin = origin
        self.pipe = pipe
        self.data: list[bytes] = []
        self.waiters: list[Waiter] = []


class Policies:
    """Hands out the policy for a directory.

    Attributes:
        settings: the settings now.
        on_settings: called when they change.
        on_change: called once rules or settings may have changed.
    """

    def __init__(self, home: Home, loop: Loop) -> None:
        self._home = home
        self._home_bytes = os.fsencode(home.root)
        self._loop = loop
        self._user = Origin(home.rules)
        self._repositories: dict[bytes, Origin] = {}
        self._composed: dict[tuple[tuple[str, str], ...], Policy] = {}
        self.settings = Settings()
        self.on_settings: Callable[[], None] = lambda: None
        self.on_change: Callable[[], None] = lambda: None
        self.reloads = 0

    def load(self, reading: Reading | None = None) -> None:
        """Takes up what was last published; a table that can't be trusted is compiled again on the first request.

        Args:
            reading: of these tables, where it has begun already.
        """
        try:
            found, settings = (reading or begin_reading(self._home)).result()
            tables = []
            for rules in (SYSTEM_RULES, self._home.rules):
                if rules in found:
                    current, sections = found[rules]
                    tables.append(LoadedTable(Table(sections, current.root, current.digest)))
            if self._home.rules in found:
                self._user.tables = tables
                self._user.watch = found[self._home.rules][0].watch
            self.settings = Settings.from_json(settings)
        except TableError as error:
            self._user.error = error.message

    def repository(self, directory: bytes | None, *, prefix: bytes = b"") -> Rules:
        """The repository rules files that apply in a directory."""
        found = None if directory is None or prefix else find_rules(directory, self._home_bytes)
        return () if found is None else (found,)

    def stale(self, rules: Rules) -> Origin | None:
        """What has to be compiled before a command can be judged by the rules as they are now; None: nothing."""
        if not self._user.fresh():
            return self._user
        for repository in rules:
            origin = self._repositories.get(repository)
            if origin is None:
                if len(self._repositories) >= POLICIES_MAX:
                    self._repositories.clear()
                origin = self._repositories[repository] = Origin(os.fsdecode(repository))
            if not origin.fresh():
                return origin
        return None

    def watched(self, rules: Rules) -> Iterable[tuple[str, Signature]]:
        """The files that the rules in force come from, each as it was when they were compiled."""
        origins = [self._user, *[self._repositories[repository] for repository in rules]]
        return [entry for origin in origins for entry in origin.watch.items()]

    def policy(self, rules: Rules) -> Policy | None:
        """The policy in force, or None where no rules ever compiled."""
        if not self._user.tables:
            return None
        tables = self._user.tables
        for repository in rules:
            if repository in self._repositories:
                tables = tables + self._repositories[repository].tables
        # Equal rules in two repositories have one digest, and two places to name in a message.
        key = tuple([(loaded.table.digest, loaded.table.root) for loaded in tables])
        policy = self._composed.get(key)
        if policy is None:
            if len(self._composed) >= POLICIES_MAX:
                self._composed.clear()
            policy = self._composed[key] = Policy(tables)
        return policy

    @property
    def error(self) -> str:
        """What is wrong with the user's rules, or ""."""
        return self._user.error

    def compile(self, origin: Origin | None, waiter: Waiter) -> None:
        """Compiles in another process (once, however many wait) and calls back, at the latest after `WAIT_S`."""
        origin = origin or self._user
        try:
            job = origin.job or self._start(origin)
        except OSError as error:  # out of processes or descriptors: the next command tries again
            origin.error = f"{origin.rules}: the compiler can't be started: {error.strerror}"
            waiter(False)
            return
        called = False

        def once(ended: bool) -> None:
            nonlocal called
            if not called:
                called = True
                timer.cancel()
                waiter(ended)

        timer = self._loop.call_later(WAIT_S, lambda: once(False))
        job.waiters.append(once)

    def _start(self, origin: Origin) -> Job:
        reader, writer = os.pipe2(os.O_CLOEXEC)
        kind = "user" if origin is self._user else "repository"
        try:
            os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-m", "safeshell_compiler", kind, self._home.root, origin.rules],
                {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": os.path.expanduser("~")},
                file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)],
            )
        except OSError:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        os.set_blocking(reader, False)
        origin.job = Job(origin, reader)
        self._loop.register(reader, select.EPOLLIN, lambda _events: self._receive(origin))
        return origin.job

    def _receive(self, origin: Origin) -> None:
        job = origin.job
        assert job is not None
        data = os.read(job.pipe, 1 << 20)
        if data:
            job.data.append(data)
            return
        self._loop.unregister(job.pipe)
        os.close(job.pipe)
        origin.job = None
        self._take(origin, b"".join(job.data))
        self.on_change()
        for waiter in job.waiters:
            waiter(True)

    def _take(self, origin: Origin, data: bytes) -> None:
        """Puts what was compiled in force; a failure leaves what is in force."""
        self.reloads += 1
        try:
            header, sections = decode_bundle(data)
        except TableError:
            origin.error = f"{origin.rules}: the compiler ended without an answer"
            origin.notice = f"safeshell: {origin.error}; the rules in force stay"
            origin.watch = {origin.rules: signature(origin.rules)}
            return
        origin.watch = watched(header["watch"])
        origin.error = header["error"]
        origin.notice = header["notice"]
        if header["tables"] is not None:
            origin.tables = [
                LoadedTable(Table({name: sections[f"{entry['digest']}/{name}"] for name in SECTIONS}, entry["root"]))
                for entry in header["tables"]
            ]
        if header["settings"] is not None:
            settings = Settings.from_json(header["settings"])
            if settings != self.settings:
                self.settings = settings
                self.on_settings()

    def describe(self) -> dict[str, Any]:
        """For `daemon status`."""
        return {
            "rules": self._user.rules,
            "table": "+".join([loaded.table.digest for loaded in self._user.tables]) or None,
            "error": self._user.error or None,
            "repositories": [
                {"rules": origin.rules, "error": origin.error or None} for origin in self._repositories.values()
            ],
            "reloads": self.reloads,
        }

    def cache(self) -> dict[str, int]:
        """Decision cache lookups over all policies."""
        policies = self._composed.values()
        return {"hits": sum(p.hits for p in policies), "misses": sum(p.misses for p in policies)}
