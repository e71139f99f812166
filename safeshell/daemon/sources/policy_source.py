"""Policy source: layers of tables, as fresh as their sources: validated by stat on each request, compiled elsewhere.

A broken edit leaves its layer's last good table in force, and no other layer's is touched. A compilation that ends
without an answer is tried again, and said at each command until there is one.
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

from safeshell.daemon.core.loop import Loop
from safeshell.daemon.sources.edits import NOBODY, Edits
from safeshell.daemon.sources.origin import Job, Origin, Waiter
from safeshell.errors import TableError
from safeshell.home.in_force import LayersReading, begin_reading
from safeshell.home.machine import published_watch
from safeshell.home.paths import SYSTEM_RULES, SYSTEM_TABLES, Home
from safeshell.home.repository_rules import find_rules
from safeshell.home.settings import Settings
from safeshell.policy.decision_cache import Policy
from safeshell.policy.store.memory import SealedSections, create, descriptor_of
from safeshell.policy.store.reading import Inherited
from safeshell.policy.store.records import Signature, watched
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable

WAIT_S = 2.0
"""How long a command waits for an edit to be compiled."""

COMPILE_S = 60.0
"""How long a compilation may take before it counts as one without an answer."""

_IN_FORCE = 3
"""The descriptor by which the compiler is handed what is in force."""

POLICIES_MAX = 256
"""Compositions of tables kept; one a repository in use."""

Rules = tuple[bytes, ...]
"""The repository rules files that apply somewhere."""


class Policies:
    """Hands out the policy for a directory.

    Attributes:
        settings: the settings now.
        edits: what is known of edits of them, and of rules.
        on_settings: called when they change.
        on_change: called once rules or settings may have changed.
        on_notice: called with what is to be said of the machine's rules, which are no user's to mend.
        troubled: whether something is wrong with some layer, so that commands are to be told.
    """

    def __init__(self, home: Home, loop: Loop) -> None:
        self._home = home
        self._home_bytes = os.fsencode(home.root)
        self._loop = loop
        self.edits = Edits(home)
        self._machine = Origin("system", SYSTEM_RULES)
        self._user = Origin("user", home.rules)
        self._repositories: dict[bytes, Origin] = {}
        self._composed: dict[tuple[tuple[str, str], ...], Policy] = {}
        self._current: dict[Rules, Policy] = {}
        self._hits = self._misses = 0  # of policies that are no longer in force
        self.settings = Settings()
        self.on_settings: Callable[[], None] = lambda: None
        self.on_change: Callable[[], None] = lambda: None
        self.on_notice: Callable[[str], None] = lambda _line: None
        self.reloads = 0
        self.troubled = False

    def load(self, reading: LayersReading | Inherited | None = None) -> None:
        """Takes up what was last published; a table that can't be trusted is compiled again on the first request.

        Args:
            reading: of these tables, where it has begun already.
        """
        try:
            found, settings = (reading or begin_reading(self._home)).result()
            self.settings = Settings.from_json(settings)
        except TableError as error:
            self._user.error = error.message
            self.troubled = True
            return
        if SYSTEM_RULES not in found and None in published_watch().values():
            self._machine.watch = {SYSTEM_RULES: None}
        for rules, (current, sections) in found.items():
            origin = self._origin(rules)
            try:
                origin.table = LoadedTable(Table(sections, current.root, current.digest))
                origin.watch = current.watch
                origin.published = current.watch.get(SYSTEM_TABLES) is not None
            except TableError as error:
                origin.error = error.message

    def _origin(self, rules: str, kept: Container[bytes] = ()) -> Origin:
        for origin in (self._machine, self._user):
            if origin.rules == rules:
                return origin
        path = os.fsencode(rules)
        found = self._repositories.get(path)
        if found is None:
            if len(self._repositories) >= POLICIES_MAX:
                # Never one that the same command asks about: its rules would not count, silently.
                others = (each for each in self._repositories if each not in kept)
                self._repositories.pop(next(others, b""), None)
                self._current.clear()
            found = self._repositories[path] = Origin("repository", rules)
        return found

    def dispatched(self) -> frozenset[str]:
        """Names, and patterns of names, that the tables in force dispatch on; nothing where no rules are in force."""
        names: set[str] = set()
        for origin in self._layers(tuple(self._repositories)) if self._user.table is not None else ():
            if origin.table is not None:
                names |= origin.table.table.exact.keys()
                names.update(glob for glob, _ in origin.table.table.globs)
        return frozenset(names)

    def descriptors(self) -> list[int]:
        """The memory files of the tables in force, for an heir."""
        tables = [origin.table for origin in self._layers(tuple(self._repositories)) if origin.table is not None]
        return [descriptor_of(loaded.table.sections) for loaded in tables]

    def repository(self, directory: bytes | None, *, prefix: bytes = b"") -> Rules:
        """The repository rules files that apply in a directory, the outermost first.

        Args:
            directory: absolute; None where there is none, which no rules are about.
            prefix: the root of whoever asks, where it sees other files than the daemon.

        Raises:
            UnseenRulesError: that can't be told.
        """
        return () if directory is None else find_rules(directory, self._home_bytes, prefix)

    def stale(self, rules: Rules) -> Sequence[Origin]:
        """What has to be compiled before a command can be judged by the rules as they are now."""
        stale = [origin for origin in (self._machine, self._user) if not origin.fresh() and origin.may_compile]
        for path in rules:
            origin = self._repositories.get(path) or self._origin(os.fsdecode(path), rules)
            if not origin.fresh() and origin.may_compile:
                stale.append(origin)
        return stale

    def complaints(self, rules: Rules, terminal: Callable[[], bool]) -> tuple[bool, list[str]]:
        """Whether something is wrong with the rules that a command is judged by, and what it is to be told of that.

        Args:
            rules: the repository rules that apply.
            terminal: whether it would be told on a terminal.
        """
        broken = [origin for origin in self._layers(rules) if origin.error]
        return bool(broken), [origin.notice for origin in broken if origin.is_due(terminal)]

    def _layers(self, rules: Rules) -> list[Origin]:
        """In order of precedence."""
        known = self._repositories
        return [self._machine, self._user, *[known[path] for path in rules if path in known]]

    def watched(self, rules: Rules) -> Iterable[tuple[str, Signature]]:
        """The files that the rules in force come from, each as it was when they were compiled."""
        return [entry for origin in self._layers(rules) for entry in origin.watch.items()]

    def policy(self, rules: Rules) -> Policy | None:
        """The policy in force, or None where no rules of the user ever compiled."""
        current = self._current.get(rules)
        if current is not None or self._user.table is None:
            return current
        tables = [origin.table for origin in self._layers(rules) if origin.table is not None]
        key = tuple([_key(loaded) for loaded in tables])
        policy = self._composed.get(key)
        if policy is None:
            if len(self._composed) >= POLICIES_MAX:
                self._drop(next(iter(self._composed)))
            policy = self._composed[key] = Policy(tables)
        if len(self._current) >= POLICIES_MAX:
            self._current.clear()
        self._current[rules] = policy
        return policy

    def compile_user(self, waiter: Waiter, confirmed: str = "", by: Mapping[str, Any] = NOBODY) -> None:
        """Compiles the user's files as they are now, and calls back once that has ended, or can't begin.

        What a person has `confirmed` (a fingerprint, and `by` whom) is in force then, whatever it loosens.
        """
        job = self._user.job
        if job is not None:  # which may have read the files before, and knows of nobody
            job.waiters.append(lambda _ended: self.compile_user(waiter, confirmed, by))
            return
        if confirmed:
            self.edits.confirm(confirmed, by)
        try:
            self._start(self._user).waiters.append(waiter)
        except OSError as error:
            self._user.unanswered(f"the compiler can't be started: {error.strerror}")
            waiter(False)

    @property
    def user(self) -> Origin:
        """The user's own layer."""
        return self._user

    def take_gone(self) -> list[Origin]:
        """Repositories' rules that were in force and whose file is no longer there, each told once."""
        known = self._repositories
        gone = [path for path, one in known.items() if one.table and not one.job and not os.path.lexists(path)]
        if gone:
            self._current.clear()
        return [known.pop(path) for path in gone]

    @property
    def error(self) -> str:
        """What is wrong with the user's or the machine's rules, or ""."""
        return self._user.error or self._machine.error

    def compile(self, origins: Sequence[Origin] | None, waiter: Waiter) -> None:
        """Compiles side by side, each in a process of its own (once, however many wait), and calls back.

        Args:
            origins: what is to be compiled; None: the machine's rules, where there are some, the user's, and those of
                repositories that something is wrong with.
            waiter: called when all has ended, or when one takes longer than `WAIT_S`.
        """
        if origins is None:
            machine = [self._machine] if self._machine.table is not None or not self._machine.fresh() else []
            broken = [origin for origin in self._repositories.values() if origin.error]
            origins = [*machine, self._user, *broken]
        left, all_ended = len(origins), True

        def one(ended: bool) -> None:
            nonlocal left, all_ended
            left -= 1
            all_ended = all_ended and ended
            if not left:
                waiter(all_ended)

        for origin in origins:
            self._wait_for(origin, one)

    def _wait_for(self, origin: Origin, waiter: Waiter) -> None:
        try:
            job = origin.job or self._start(origin)
        except OSError as error:  # out of processes or descriptors
            origin.unanswered(f"the compiler can't be started: {error.strerror}")
            self.troubled = True
            self.on_change()
            self._loop.call_later(0, lambda: waiter(True))  # never from inside: who waits has to be waiting first
            return
        called = False

        def once(ended: bool) -> None:
            nonlocal called
            if not called:
                called = True
                timer.cancel()
                waiter(ended)

        timer = self._loop.call_later(max(0.0, job.began + WAIT_S - time.monotonic()), lambda: once(False))
        job.waiters.append(once)

    def _start(self, origin: Origin) -> Job:
        memory = create()
        guard = self.edits.guard() if origin is self._user else ""
        words = [sys.executable, "-I", "-m", "safeshell_compiler", origin.kind, self._home.root, origin.rules, guard]
        passed = [(os.POSIX_SPAWN_DUP2, memory, 1)]
        if origin.table is not None and origin is not self._machine:  # nobody can change it there
            words.append(str(_IN_FORCE))
            passed.append((os.POSIX_SPAWN_DUP2, descriptor_of(origin.table.table.sections), _IN_FORCE))
        try:
            pid = os.posix_spawn(
                sys.executable,
                words,
                {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": os.path.expanduser("~")},
                file_actions=passed,
            )
            pidfd = os.pidfd_open(pid)
        except OSError:
            os.close(memory)
            raise
        origin.job = Job(pidfd, memory, guard, self._loop.call_later(COMPILE_S, functools.partial(_kill, pidfd)))
        self._loop.register(pidfd, select.EPOLLIN, lambda _events: self._receive(origin))
        return origin.job

    def _receive(self, origin: Origin) -> None:
        """The compiler has ended."""
        job, origin.job = origin.job, None
        assert job is not None
        job.limit.cancel()
        self._loop.unregister(job.pidfd)
        os.close(job.pidfd)
        try:
            self._take(origin, job)
        finally:
            for waiter in job.waiters:  # each by itself: what one raises is no other's affair
                self._loop.call_later(0, functools.partial(waiter, True))
            if origin.kind == "system" and origin.notice:
                self.on_notice(origin.notice)
            layers = (self._machine, self._user, *self._repositories.values())
            self.troubled = self.edits.held is not None or any(each.error for each in layers)
            self.on_change()

    def _take(self, origin: Origin, job: Job) -> None:
        """Puts what was compiled in force; a failure leaves what is in force."""
        self.reloads += 1
        try:
            sections = SealedSections(job.memory)
            header = sections.header
            table = LoadedTable(Table(sections, header["root"], header["digest"])) if header["digest"] else None
            origin.answered(watched(header["watch"]), header["error"], header["notice"])
        except (TableError, LookupError, TypeError, ValueError) as error:
            origin.unanswered(f"the compiler ended without an answer: {error}")
            return
        if header["held"] is not None:
            origin.notice = ""  # people are reminded of it, at a terminal
        in_force = not header["last_good"] or origin.table is None or origin.stands_in
        self.edits.take(origin, header, None if in_force else table, job.guard)
        if not in_force:
            return  # which is no older
        origin.stands_in, origin.published = header["stands_in"], header["published"]
        self._replace(origin, table)
        if header["settings"] is not None:
            settings = Settings.from_json(header["settings"])
            if settings != self.settings:
                self.settings = settings
                self.on_settings()

    def _replace(self, origin: Origin, table: LoadedTable | None) -> None:
        """Puts a table in force; of an equal one the old stays, for what it has read and decided so far."""
        before = origin.table
        if before is not None and table is not None and _key(before) == _key(table):
            before.table.move(table.table.sections)  # with the settings and the sources of now, for an heir
            return
        origin.table = table
        self._current.clear()
        for key, policy in list(self._composed.items()):
            if before in policy.tables:
                self._drop(key)

    def _drop(self, key: tuple[tuple[str, str], ...]) -> None:
        self._current.clear()
        policy = self._composed.pop(key)
        self._hits += policy.hits
        self._misses += policy.misses

    def describe(self) -> dict[str, Any]:
        """For `daemon status`."""
        return {
            "rules": self._user.rules,
            "table": "+".join([one.table.digest for one in (self._machine, self._user) if one.table]) or None,
            "error": self.error or None,
            "held": self.edits.held and self.edits.held.describe(),
            "agents": not self.edits.unseen,
            "layers": [
                {
                    "kind": origin.kind,
                    "rules": origin.rules,
                    "table": origin.table.digest if origin.table else None,
                    "bytes": origin.table.table.size if origin.table else 0,
                    "error": origin.error or None,
                    "published": origin.published,
                    "notice": origin.notice or None,
                }
                for origin in self._layers(tuple(self._repositories))
                if origin.table or origin.error
            ],
            "repositories": [
                {"rules": origin.rules, "error": origin.error or None} for origin in self._repositories.values()
            ],
            "reloads": self.reloads,
        }

    def cache(self) -> dict[str, int]:
        """Decision cache lookups over all policies."""
        policies = self._composed.values()
        return {
            "hits": self._hits + sum(policy.hits for policy in policies),
            "misses": self._misses + sum(policy.misses for policy in policies),
        }


def _key(loaded: LoadedTable) -> tuple[str, str]:
    # Equal rules in two repositories have one digest, and two places to name in a message.
    return loaded.digest, loaded.table.root


def _kill(pidfd: int) -> None:
    """Ends a compiler that takes too long; what it hangs on may not let it go at once."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
