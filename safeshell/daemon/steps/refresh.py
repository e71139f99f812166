"""Step `refresh`: the tables are as their sources, or the request waits for a compilation."""

from __future__ import annotations

from collections.abc import Callable

from safeshell.daemon.fastpath.reads import read_sources
from safeshell.daemon.request import Request
from safeshell.daemon.sources.policy_source import Origin, Policies
from safeshell.daemon.steps import GO_ON, WAIT


class Refresh:
    """Holds the tables against their sources.

    Args:
        policies: the tables.
        resume: goes on with a request that waited, at a step.
    """

    def __init__(self, policies: Policies, resume: Callable[[Request, str], None]) -> None:
        self._policies = policies
        self._resume = resume

    def run(self, request: Request) -> str:
        """Looks at every source, each time: an edit counts from the next command on."""
        if request.patient:
            for rules in request.rules_of or (request.rules,):
                stale = None if request.fresh and not rules else self._policies.stale(rules)
                if stale is not None:
                    self._wait(request, stale)
                    return WAIT
        else:
            request.reads = None
        if request.reads is not None:
            read_sources(request.reads, self._policies.watched(request.rules))
        return GO_ON

    def _wait(self, request: Request, origin: Origin) -> None:
        request.tell_waiting()

        def go_on(ended: bool) -> None:
            connection = request.connection
            if connection.closed:
                return
            if not ended:
                connection.notice(f"safeshell: {origin.rules} is still being compiled; the last rules stay")
            elif origin.notice:
                connection.notice(origin.notice)
            request.patient = ended
            self._resume(request, "borrow")

        self._policies.compile(origin, go_on)
