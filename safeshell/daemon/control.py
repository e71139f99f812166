"""Control requests: what the daemon is asked about itself, and told to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from safeshell.daemon.approvals.confirmations import Confirmations
from safeshell.daemon.approvals.permits import Permits
from safeshell.daemon.approvals.queue import Approvals
from safeshell.daemon.core.connection import Connection
from safeshell.daemon.lifecycle import Lifecycle
from safeshell.daemon.observe.statistics import Statistics
from safeshell.daemon.observe.subscribers import encode
from safeshell.daemon.observe.timings import Timings
from safeshell.daemon.request import NEEDS_APPROVAL, Request
from safeshell.daemon.sources.policy_source import Policies
from safeshell.protocol import ControlRequest, Event, Query, Type

RESET = 1
"""The argument of STATS that has everything counted from nothing afterwards."""


class Control:
    """Answers control requests.

    Args:
        policies: the tables and settings.
        approvals: what waits for people.
        permits: what agents' processes may do that takes a person.
        confirmations: put in force what a person has confirmed.
        timings: durations.
        lifecycle: stops the daemon, or hands it over.
        status: what `daemon status` shows.
    """

    def __init__(
        self,
        policies: Policies,
        approvals: Approvals,
        permits: Permits,
        confirmations: Confirmations,
        timings: Timings,
        lifecycle: Lifecycle,
        status: Callable[[], dict[str, Any]],
    ) -> None:
        self._policies = policies
        self._approvals = approvals
        self._permits = permits
        self._confirmations = confirmations
        self._statistics = Statistics(timings)
        self._lifecycle = lifecycle
        self._status = status

    def handle(self, request: Request, event: Event) -> None:
        """Answers a request that is no command."""
        connection = request.connection
        if isinstance(event, Query):
            self._query(request, event)
        elif isinstance(event, ControlRequest):
            self._control(connection, event)

    def _query(self, request: Request, event: Query) -> None:
        connection = request.connection
        if event.kind == Type.MONITOR:
            request.watches = True
            self._approvals.watch(connection, event.value)
        elif event.value.get("do") == "permit":
            self._permits.ask(connection, event.value, connection.result)
        elif event.value.get("do") == "confirm":
            self._confirmations.ask(connection, event.value, connection.result)
        elif request.watches:
            self._approvals.answer(connection, event.value, lambda found: connection.send(encode("answered", found)))
        else:
            self._approvals.answer(connection, event.value, connection.result)

    def _control(self, connection: Connection, event: ControlRequest) -> None:
        if event.kind == Type.STATUS:
            connection.result(self._status())
        elif event.kind == Type.RELOAD:
            self._policies.compile(None, lambda _ended: connection.result(self._status()))
        elif missing := self._takes_person(connection, event.kind):
            connection.refuse(NEEDS_APPROVAL, f"safeshell: {missing}")
        elif event.kind == Type.HANDOVER:
            self._lifecycle.hand_over(connection, event.argument, self._status)
        elif event.kind == Type.STATS:
            self._tell_statistics(connection, reset=event.argument == RESET)
        else:
            self._lifecycle.stop(event.argument)  # before the answer: who reads it may start the next daemon
            connection.result(self._status())

    def _takes_person(self, connection: Connection, kind: int) -> str:
        """Why this isn't done for who asks: it takes the guard away, and an agent asks; or ""."""
        if kind == Type.STOP:
            return self._permits.missing(connection, "stop the daemon")
        if kind == Type.HANDOVER and self._lifecycle.heir_is_another:
            return self._permits.missing(connection, "put another installation's daemon in its place")
        return ""

    def _tell_statistics(self, connection: Connection, *, reset: bool) -> None:
        status = self._status()
        policy = self._policies.policy(())
        connection.result(
            self._statistics.describe(
                status,
                rule_count=sum(len(loaded.table.rules) for loaded in policy.tables) if policy else 0,
                timed=self._policies.settings.stats,
            )
        )
        if reset:
            self._statistics.reset(status)
