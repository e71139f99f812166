"""Edits as they are recorded and shown: what changed, which commands ran meanwhile, what came of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from safeshell.daemon.core.loop import Loop
from safeshell.daemon.observe.client_conf_watch import ClientConfWatch
from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.observe.recent import Recent
from safeshell.daemon.observe.subscribers import Monitors
from safeshell.daemon.request import Request
from safeshell.daemon.sources.edits import AGAIN_S
from safeshell.daemon.sources.origin import Origin
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.paths import Home

NAMES_MAX = 50
"""Rules named of a file that is gone."""


class EditRecords:
    """Hears of edits.

    Args:
        home: whose.
        policies: find them.
        journal: records them.
        monitors: show them.
        recent: remembers commands.
        loop: tells when to remind people again.
        running: the commands that the daemon runs now.
    """

    def __init__(
        self,
        home: Home,
        policies: Policies,
        journal: Journal,
        monitors: Monitors,
        recent: Recent,
        loop: Loop,
        running: Callable[[], Iterable[Request]],
    ) -> None:
        self._policies = policies
        self._journal = journal
        self._monitors = monitors
        self._recent = recent
        self._loop = loop
        self._running = running
        self._reminds = False
        policies.edits.on_edit = self._hear
        self._client_conf = ClientConfWatch(home, lambda: policies.settings, self._hear_of_client_conf)

    def look(self) -> None:
        """Looks at what no command asks for: the clients' file, and repositories' rules that are gone."""
        if self._policies.policy(()) is not None and self._policies.user.job is None:  # which may be about to change it
            self._client_conf.look()
        for origin in self._policies.take_gone():
            assert origin.table is not None
            table = origin.table.table
            names = [table.rules[index]["name"] for index in range(min(len(table.rules), NAMES_MAX))]
            old = next((source["sha256"] for source in table.meta["sources"]), None)
            edit = {"files": [{"path": origin.rules, "old": old, "new": None}], "removed": names}
            self._hear(origin, edit, "in force", {})

    def _hear_of_client_conf(self, path: str, edit: Mapping[str, Any], state: str) -> None:
        self._hear(Origin("client", path), edit, state, {})

    def _hear(self, origin: Origin, edit: Mapping[str, Any], state: str, by: Mapping[str, Any]) -> None:
        more: dict[str, Any] = {"layer": origin.kind, "source": origin.rules, "edit": {"state": state, **edit}}
        if by:
            more["by"] = dict(by)
        else:
            commands = [one for moment in _moments(edit) for one in self._recent.during(moment, self._running())]
            unique = list({(one["pid"], *one["argv"]): one for one in commands}.values())
            more["during"] = unique or "unknown"
        if state == "broken":
            more["edit"]["problem"] = origin.error
        self._journal.edit(more)
        self._monitors.publish("held", {"held": self._held})
        if state == "held" and not self._reminds:
            self._reminds = True
            self._loop.call_later(AGAIN_S, self._remind)

    @property
    def _held(self) -> dict[str, Any] | None:
        held = self._policies.edits.held
        return None if held is None else held.describe()

    def _remind(self) -> None:
        """Who is answered from memory isn't reminded: it forgets, so that the next commands come by."""
        self._reminds = self._policies.edits.held is not None
        if self._reminds:
            self._policies.on_change()
            self._loop.call_later(AGAIN_S, self._remind)


def _moments(edit: Mapping[str, Any]) -> set[float]:
    """When the files were changed, by their times; of one that is gone, by its directory's."""
    found = set()
    for file in edit["files"]:
        for path in (file["path"], os.path.dirname(file["path"])):
            with contextlib.suppress(OSError):
                found.add(os.stat(path).st_ctime)
                break
    return found
