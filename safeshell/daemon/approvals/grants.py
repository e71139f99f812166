"""Approvals that hold for more than one command: for a while, for a session, and inside what was approved."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from safeshell.command.command_line import unblock
from safeshell.command.unwrap import Spelling
from safeshell.daemon.request import Request
from safeshell.host.path_resolution import RELATIONS
from safeshell.host.process import ancestry
from safeshell.policy.decision import Action, Decision

GRANTS_MAX = 1024
"""Remembered approvals; beyond them the oldest are forgotten, and asked for again."""


class _Scope(NamedTuple):
    """What an approval was given for: another rule, directory, fact or table makes it another request."""

    rules: frozenset[tuple[str, str]]
    directory: bytes | None
    facts: frozenset[tuple[object, object]]
    tables: tuple[str, ...]
    is_agents: bool

    @classmethod
    def of(cls, request: Request, *, loose: bool) -> _Scope:
        """A request's; `loose` leaves out what only its operands tell."""
        decisions = [decision for decision in request.decisions if decision.action is Action.REQUIRE_APPROVAL]
        return cls(
            frozenset(asking(decisions)),
            request.directory,
            frozenset(
                (key, value)
                for decision in request.decisions
                for key, value in decision.facts
                if not (loose and key[0] in RELATIONS)
            ),
            request.decision.tables,
            request.is_agents,
        )


class Grant(NamedTuple):
    """What a person has allowed.

    Attributes:
        words: the command's words, or the first of them.
        is_prefix: whether others may follow them.
        scope: for what it was given.
        same_view: whether who asked saw the file system as the daemon does.
        expires: until when it may be used, monotonic, s.
        session: whose requests alone it covers, by its leader; None for any.
        once: whether it is used up by the first request that it covers.
    """

    words: tuple[bytes, ...]
    is_prefix: bool
    scope: _Scope
    same_view: bool
    expires: float = float("inf")
    session: tuple[int, int] | None = None
    once: bool = False

    @classmethod
    def of(cls, request: Request, prefix: int = 0) -> Grant:
        """For this request, or for all that begin with so many of its words."""
        words = tuple(unblock(request.asked.arguments))
        scope = _Scope.of(request, loose=bool(prefix))
        return cls(words[:prefix] if prefix else words, bool(prefix), scope, request.same_view)

    def covers(self, request: Request) -> bool:
        """Whether a request is what it was given for, on the same grounds."""
        words = tuple(unblock(request.asked.arguments))
        same = words[: len(self.words)] == self.words if self.is_prefix else words == self.words
        return same and self.same_view == request.same_view and _Scope.of(request, loose=self.is_prefix) == self.scope


class _Part(NamedTuple):
    """A command, or one inside it, that needs approval."""

    name: str
    operands: bytes
    """What follows argv[0], which is the wrapper's to choose."""
    directory: bytes | None
    rules: frozenset[tuple[str, str]]


class _Inside:
    """What an approved command may run without being asked about again.

    Attributes:
        root: its pid and when it was started.
        parts: what needed approval inside it; each may run once.
        is_open: whether more operands may follow, and it may run more than once: what xargs does.
        tables: what it was decided by.
    """

    __slots__ = ("is_open", "parts", "root", "tables")

    def __init__(self, root: tuple[int, int], parts: list[_Part], *, is_open: bool, tables: tuple[str, ...]) -> None:
        self.root = root
        self.parts = parts
        self.is_open = is_open
        self.tables = tables

    def admits(self, part: _Part) -> bool:
        """Whether a part is one of these."""
        if not self.is_open:
            return part in self.parts
        return any(
            part._replace(operands=own.operands) == own and part.operands.startswith(own.operands) for own in self.parts
        )


def shortest_prefix(request: Request) -> int:
    """How many words a prefix has to have: the program's name, wrapped or not, and one that says what it does."""
    words = len(unblock(request.asked.arguments))
    return 2 + max((words - len(unblock(spelling.arguments)) for spelling in request.spellings), default=0)


class Grants:
    """What has been approved beyond the one command that asked."""

    def __init__(self) -> None:
        self._grants: list[Grant] = []
        self._inside: list[_Inside] = []

    def remember(self, request: Request, *, prefix: int, seconds: float | None) -> None:
        """Remembers an approval.

        Args:
            request: what was approved.
            prefix: how many of its words another command has to begin with; 0: it has to be the same.
            seconds: for how long; None: while the session of who asked lasts.
        """
        grant = Grant.of(request, prefix)
        if seconds is None:
            session = _session(request.connection.pid)
            if session is not None:  # else who asked is gone, and its session can't be told
                self._keep(grant._replace(session=session))
        else:
            self._keep(grant._replace(expires=time.monotonic() + seconds))

    def remember_once(self, request: Request, seconds: float) -> None:
        """Remembers, for so long, the approval of a request that ran out of time: for the next equal one."""
        self._keep(Grant.of(request)._replace(expires=time.monotonic() + seconds, once=True))

    def _keep(self, grant: Grant) -> None:
        self._grants = [*self._grants[1 - GRANTS_MAX :], grant]

    def covers(self, request: Request) -> bool:
        """Whether this was approved before."""
        return self._covers_inside(request) or self._covers_again(request)

    def _covers_again(self, request: Request) -> bool:
        if not self._grants:
            return False
        now = time.monotonic()
        self._grants = [grant for grant in self._grants if grant.expires > now and _lasts(grant.session)]
        session = _session(request.connection.pid)
        for grant in self._grants:
            if (grant.session is None or grant.session == session) and grant.covers(request):
                if grant.once:
                    self._grants.remove(grant)
                return True
        return False

    # Inside an approved wrapper

    def open_inside(self, request: Request, pid: int) -> None:
        """Lets a command that was approved, and runs as `pid`, run what it was approved to run."""
        inner = _parts(request)[1 if request.decisions[0].action is Action.REQUIRE_APPROVAL else 0 :]
        root = ancestry.read(pid) if inner else None
        if root is None:
            return
        self._inside = [entry for entry in self._inside[1 - GRANTS_MAX :] if _is_alive(entry.root)]
        is_open = any(spelling.name == "xargs" for spelling in request.spellings)
        self._inside.append(_Inside((root.pid, root.started), inner, is_open=is_open, tables=request.decision.tables))

    def _covers_inside(self, request: Request) -> bool:
        if not self._inside:
            return False
        ancestors = {(process.pid, process.started) for process in ancestry.lineage(request.connection.pid)}
        parts = _parts(request)
        for entry in self._inside:
            if entry.root not in ancestors or entry.tables != request.decision.tables:
                continue
            if all(map(entry.admits, parts)):
                if not entry.is_open:
                    entry.parts = [part for part in entry.parts if part not in parts]
                return True
        return False


def _parts(request: Request) -> list[_Part]:
    """What of a request needs approval, the command itself first."""
    command = request.asked
    spellings = request.spellings or (
        Spelling(request.base, command.arguments, command.environment, request.directory),
    )
    return [
        _Part(spelling.name, spelling.arguments.partition(b"\0")[2], spelling.directory, frozenset(asking([decision])))
        for spelling, decision in zip(spellings, request.decisions, strict=False)
        if decision.action is Action.REQUIRE_APPROVAL
    ]


def asking(decisions: Iterable[Decision]) -> Iterator[tuple[str, str]]:
    """The rules that ask for approval, by name and place."""
    for decision in decisions:
        for match in decision.matched:
            if match.action is Action.REQUIRE_APPROVAL:
                yield match.rule, match.source


def _session(pid: int) -> tuple[int, int] | None:
    process = ancestry.read(pid)
    leader = ancestry.read(process.session) if process is not None else None
    return None if leader is None else (leader.pid, leader.started)


def _lasts(session: tuple[int, int] | None) -> bool:
    return session is None or _is_alive(session)


def _is_alive(named: tuple[int, int]) -> bool:
    process = ancestry.read(named[0])
    return process is not None and process.started == named[1]
