"""Edits of the user's own rules and settings: whether an agent has run since, what waits for a person, who is told.

The process that compiles judges an edit (`safeshell_compiler.edits`); here is what it has to know, and what came of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from safeshell.home.agents_seen import agent_seen, begin_without_agents, note_agent
from safeshell.home.paths import Home
from safeshell.policy.context import Context
from safeshell.policy.decision_cache import Policy
from safeshell.policy.units import LoadedTable

if TYPE_CHECKING:
    from safeshell.daemon.sources.origin import Origin

AGAIN_S = 60.0
"""From one reminder of an edit that waits to the next."""


class Held(NamedTuple):
    """An edit that waits for a person.

    Attributes:
        fingerprint: what tells it from others.
        edit: what it changes, as the audit log has it.
        table: what it would put in force; None where that isn't at hand.
        markers: the variables that tell agents under its settings; None where its settings are the same.
        since: when it was found, seconds since the epoch.
    """

    fingerprint: str
    edit: Mapping[str, Any]
    table: LoadedTable | None
    markers: tuple[str, ...] | None
    since: float

    @property
    def files(self) -> str:
        """The names of the files that were changed, for people."""
        files = [file for file in self.edit["files"] if file["new"]] or self.edit["files"]  # not what is read no more
        names = [os.path.basename(file["path"]) for file in files]
        return ", ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} more"

    @property
    def would_lift(self) -> str:
        """Said with a denial that it would lift."""
        return f"an edit of {self.files} that would lift this waits for a person: safeshell compile"

    def describe(self) -> dict[str, Any]:
        """For `daemon status` and monitors."""
        return {"since": round(self.since, 3), **self.edit}


NOBODY: Mapping[str, Any] = {}
"""Who confirms, where nobody does."""

OnEdit = Callable[["Origin", Mapping[str, Any], str, Mapping[str, Any]], None]
"""Hears of an edit: of which layer, what it changes, what came of it (`in force`, `held`, `confirmed`, `withdrawn` or
`broken`), and who confirmed it."""


class Edits:
    """What is known of agents, and the edit that waits, if one does.

    Args:
        home: whose.

    Attributes:
        unseen: whether no agent has been seen since a person put the rules in force.
        held: the edit that waits.
        on_edit: hears of edits.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self.unseen = not agent_seen(home)
        self.held: Held | None = None
        self.on_edit: OnEdit = lambda _origin, _edit, _state, _by: None
        self._confirmed = ""
        self._by = NOBODY
        self._nobody_asks = False
        self._told = -AGAIN_S

    def see_agent(self) -> None:
        """An agent runs: what loosens from now on is its deed until a person says otherwise."""
        self.unseen = False
        note_agent(self._home)

    def confirm(self, fingerprint: str, by: Mapping[str, Any]) -> None:
        """A person wants this, and nothing else, in force: it counts for the next compilation.

        Args:
            fingerprint: of what is to be in force.
            by: who says so, for the record; with `agent` where the process is one's, and has given the PIN.
        """
        self._confirmed, self._by = fingerprint, by

    def nobody_asks(self) -> None:
        """The next compilation is no command's: who made the edit may be an agent that has asked for nothing yet.

        What loosens is left to the next command, which tells who asks.
        """
        self._nobody_asks = True

    def guard(self) -> str:
        """What the process that compiles is told."""
        confirmed, self._confirmed = self._confirmed, ""
        nobody_asks, self._nobody_asks = self._nobody_asks, False
        if confirmed:
            return f"confirmed:{confirmed}"
        if self.unseen:
            return "nobody" if nobody_asks else "unseen"
        return "seen"

    def take(self, origin: Origin, header: Mapping[str, Any], table: LoadedTable | None, guard: str) -> None:
        """Takes up what came of a compilation of the user's rules, or another layer's."""
        edit, held = header.get("edit"), header.get("held")
        if held is not None and guard == "nobody":
            origin.watch = {}
            return
        before = self.held
        if origin.kind == "user":
            self.held = None
        confirmed = guard.startswith("confirmed:") and not header["last_good"]
        if confirmed and "agent" not in self._by:
            begin_without_agents(self._home)
            self.unseen = True
        if held is not None and edit is not None:
            markers = None if held["settings"] is None else tuple(held["settings"]["markers"])
            self.held = Held(held["fingerprint"], edit, table, markers, time.time())
            if before is not None and before.fingerprint == held["fingerprint"]:
                self.held = self.held._replace(since=before.since)
                return  # it was touched
            self._told = -AGAIN_S
        if edit is not None:
            state = _state(header, confirmed=confirmed)
            self.on_edit(origin, edit, state, self._by if confirmed else NOBODY)
        elif before is not None and origin.kind == "user" and not header["last_good"]:
            self.on_edit(origin, before.edit, "withdrawn", NOBODY)

    # Who is told

    @property
    def reminds(self) -> bool:
        """Whether it is time to say again that an edit waits."""
        return time.monotonic() - self._told >= AGAIN_S

    def reminder(self) -> str:
        """What a person is told of the edit that waits, a minute before it is told again."""
        self._told = time.monotonic()
        return f"safeshell: {self.notice}"

    @property
    def notice(self) -> str:
        """That an edit waits, and what ends that."""
        files = "" if self.held is None else self.held.files
        return (
            f"an edit of {files} loosens and is not in force: an agent has run since; `safeshell compile` confirms it"
        )

    def policy(self, tables: Sequence[LoadedTable], user: LoadedTable | None) -> Policy | None:
        """What would be in force with the edit that waits; None where none does.

        Args:
            tables: those in force.
            user: the user's among them.
        """
        if self.held is None or self.held.table is None:
            return None
        held = self.held.table
        return Policy([held if table is user else table for table in tables])

    def context(self, otherwise: Context) -> Context:
        """What would tell agents then."""
        return otherwise if self.held is None or self.held.markers is None else Context(self.held.markers)


def _state(header: Mapping[str, Any], *, confirmed: bool) -> str:
    """What came of an edit."""
    if header.get("held") is not None:
        return "held"
    if header["last_good"]:
        return "broken"
    return "confirmed" if confirmed else "in force"
