"""Confirmations: a person puts an edit in force that loosens the user's own rules or settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from safeshell.daemon.approvals.permits import Permits
from safeshell.daemon.core.connection import Connection
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.person import agents_process
from safeshell.host.process import ancestry
from safeshell.policy.context import Context

CHANGED = "the files were changed again meanwhile: run it again"


class Confirmations:
    """Answers `safeshell compile`, which asks to put what it has compiled in force.

    Args:
        policies: compile it again, from the files.
        permits: know which agent's process gave the PIN.
    """

    def __init__(self, policies: Policies, permits: Permits) -> None:
        self._policies = policies
        self._permits = permits

    def ask(self, connection: Connection, value: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
        """Puts the files as they are in force: all of it for a person, for others what loosens nothing.

        Args:
            connection: who asks.
            value: `fingerprint`, of what was compiled there.
            say: takes the answer, once: `ok`; where it is false `reason`, and `needs_person` where one is missing.
        """
        edits = self._policies.edits
        pid = connection.pid
        agent = agents_process(pid, Context(self._policies.settings.markers))
        process = ancestry.read(pid)
        at_terminal = process is not None and process.terminal != 0

        def answer(ended: bool) -> None:
            error = self._policies.user.error
            if error or not ended:
                say({"ok": False, "reason": error})
            elif edits.held is None:
                say({"ok": True})
            elif known:
                say({"ok": False, "reason": CHANGED})
            else:
                say({"ok": False, "reason": edits.notice, "needs_person": True})

        known = (at_terminal and not agent) or self._permits.has(connection.pid)
        if known:
            by = {"pid": pid, "uid": connection.uid, **({"agent": agent} if agent else {})}
            self._policies.compile_user(answer, str(value.get("fingerprint")), by)
            return
        if agent:
            edits.see_agent()
        self._policies.compile_user(answer)
