"""Step `refresh`: the tables are as their sources, or the request waits for a compilation."""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Callable, Sequence

from safeshell.daemon.core.aside import Aside
from safeshell.daemon.fastpath.reads import read_sources
from safeshell.daemon.request import Request
from safeshell.daemon.sources.mount_watch import MountWatch
from safeshell.daemon.sources.origin import Origin
from safeshell.daemon.sources.policy_source import Policies, Rules
from safeshell.daemon.steps import GO_ON, WAIT
from safeshell.daemon.steps.look import touch
from safeshell.errors import DistantError, UndecidedError
from safeshell.home.person import agents_process
from safeshell.host.distant_mounts import Mounts
from safeshell.text import text


class Refresh:
    """Holds the tables against their sources, and says what is wrong with them.

    Args:
        policies: the tables.
        watch: knows which mounts may not answer.
        aside: asks those.
        resume: goes on with a request that waited, at a step.
    """

    def __init__(
        self, policies: Policies, watch: MountWatch, aside: Aside, resume: Callable[[Request, str], None]
    ) -> None:
        self._watch = watch
        self._aside = aside
        self._policies = policies
        self._edits = policies.edits
        self._resume = resume

    def run(self, request: Request) -> str:
        """Looks at every source, each time: an edit counts from the next command on."""
        spared = ""
        if self._watch.mounts.points and request.patient:
            spared = self._spare(request, self._watch.mounts)
            if spared == WAIT:
                return WAIT
        policies, rules = self._policies, request.rules
        if request.rules_of:
            rules = tuple(dict.fromkeys(path for its in request.rules_of for path in its))
        if not request.patient:
            request.patient, request.reads = True, None  # who waits for a person meanwhile waits for rules again
        elif rules or not request.fresh:
            stale = policies.stale(rules)
            if stale:
                self._wait(request, stale)
                return WAIT
        if policies.troubled:
            self._complain(request, rules)
        if spared:
            request.reads = None
        elif request.reads is not None:
            read_sources(request.reads, policies.watched(request.rules))
        return GO_ON

    def _spare(self, request: Request, mounts: Mounts) -> str:
        """Where there are mounts that may not answer, and a source on one: another process looks there first.

        Where there is no answer, the tables stay as they are.

        Returns:
            WAIT where it is being looked, "spared" where it has been, and "" where there is no such source.
        """
        looked, request.looked = request.looked, None
        every = dict.fromkeys(each for rules in request.rules_of or (request.rules,) for each in rules)
        paths = [os.fsencode(path) for path, _ in self._policies.watched(tuple(every))]
        points = [point for path in paths if (point := _leads_to(path, mounts)) is not None]
        if not points:
            return ""
        request.fresh = False

        def answer(_found: object, answered: bool) -> None:
            request.looked = answered
            self._resume(request, "refresh")

        if looked is None and self._aside.ask(points[0], functools.partial(touch, paths), answer):
            return WAIT
        if not looked:
            request.patient = False
            request.connection.notice(
                f"safeshell: {text(points[0])} doesn't answer; the rules that lie there stay as they were"
            )
        return "spared"

    def _complain(self, request: Request, rules: Rules) -> None:
        """Says what is wrong, to whoever is judged by it; such an answer is never kept."""
        broken, lines = self._policies.complaints(rules, functools.partial(_on_terminal, request))
        if broken:
            request.reads = None
        for line in lines:
            _say(request, line)
        if self._edits.held is not None and self._edits.reminds and _on_terminal(request):
            _say(request, self._edits.reminder())

    def _wait(self, request: Request, stale: Sequence[Origin]) -> None:
        request.tell_waiting()
        if self._edits.unseen and (request.is_ai or agents_process(request.connection.pid, request.facts.context)):
            self._edits.see_agent()  # before its edit is judged

        def go_on(ended: bool) -> None:
            if request.connection.closed:
                return
            for origin in stale:
                if origin.job is not None:
                    _say(request, f"safeshell: {origin.rules} is still being compiled; the last rules stay")
                elif origin.notice and not origin.persists:  # else it is said when the request is here again
                    _say(request, origin.notice)
            request.patient = ended
            self._resume(request, "borrow")

        self._policies.compile(stale, go_on)


def _say(request: Request, line: str) -> None:
    """Says a line, once a request."""
    if line not in request.said:
        request.said = (*request.said, line)
        request.connection.notice(line)


def _on_terminal(request: Request) -> bool:
    """Whether what a client says is read by who sits at a terminal, as far as that can be told."""
    descriptors = request.connection.descriptors
    if len(descriptors) > 2:
        return os.isatty(descriptors[2])
    path = f"/proc/{request.connection.pid}/fd/2"
    try:
        if not stat.S_ISCHR(os.stat(path).st_mode):
            return False
        descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.isatty(descriptor)
    finally:
        os.close(descriptor)


def _leads_to(path: bytes, mounts: Mounts) -> bytes | None:
    """The mount that may not answer on which a path lies, links followed, or None."""
    try:
        mounts.check(path)
    except DistantError as error:
        return error.point
    except UndecidedError:
        pass
    return None
