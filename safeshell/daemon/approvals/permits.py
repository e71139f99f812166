"""What takes the guard away takes a person: an agent's processes that gave the PIN, and may do so for a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from safeshell.daemon.approvals.pin import Pins
from safeshell.daemon.core.connection import Connection
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.person import agents_process, what_shows
from safeshell.host.process import ancestry
from safeshell.policy.context import Context

LASTS_S = 30.0
"""How long a process may use what it was permitted: as long as its own command takes."""

DEED_MAX = 200
"""Characters of what is to be done, as it is recorded."""


class Permits:
    """Permits of processes, by their number and when they were started."""

    def __init__(self, policies: Policies, pins: Pins, journal: Journal) -> None:
        self._policies = policies
        self._pins = pins
        self._journal = journal
        self._until: dict[tuple[int, int], float] = {}

    def ask(self, connection: Connection, value: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
        """Permits a process to do what takes a person, for the PIN; recorded either way.

        Args:
            connection: whose process.
            value: `deed`, what it wants to do, and `pin`.
            say: takes the answer, once: `ok`, and `reason` where it is false.
        """
        deed = value.get("deed")
        if not isinstance(deed, str) or not 0 < len(deed) <= DEED_MAX:
            say({"ok": False, "reason": f"`deed` is a text of at most {DEED_MAX} characters"})
            return
        process = ancestry.read(connection.pid)

        def take(problem: str) -> None:
            if not problem and process is not None:
                now = time.monotonic()
                self._until = {key: until for key, until in self._until.items() if until > now}
                self._until[process.pid, process.started] = now + LASTS_S
            self._journal.permit(connection, deed, problem)
            say({"ok": not problem, "reason": problem, "note": "" if problem else self._pins.note})

        self._pins.check(value.get("pin"), take)

    def has(self, pid: int) -> bool:
        """Whether a process was permitted to do what takes a person."""
        process = ancestry.read(pid)
        return process is not None and time.monotonic() < self._until.get((process.pid, process.started), 0.0)

    def missing(self, connection: Connection, deed: str) -> str:
        """Why a connection's process may not do what takes a person, or ""; recorded, where it may not.

        A person's may, and an agent's that gave the PIN.
        """
        context = Context(self._policies.settings.markers)
        agent = agents_process(connection.pid, context)
        if not agent:
            return ""
        if self.has(connection.pid):
            return ""
        problem = f"to {deed} takes a person, and process {agent} {what_shows(agent, context)}"
        self._journal.refused_approver(connection, None, deed, problem)
        return f"{problem}: it takes the PIN, which a person sets by `safeshell approvals enroll`"
