"""Step `record`: the journal, and what the fast path keeps. Whoever asked has its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safeshell.daemon.observe.journal import Journal
from safeshell.daemon.observe.recent import Recent
from safeshell.daemon.observe.tally import Tally
from safeshell.daemon.request import Request
from safeshell.daemon.sources.edits import Edits
from safeshell.daemon.sources.shim_upkeep import ShimUpkeep
from safeshell.daemon.steps import END
from safeshell.protocol import Type

if TYPE_CHECKING:
    from safeshell.daemon.fastpath.answer_replay import AnswerReplay
    from safeshell.daemon.fastpath.binding import Answered


class Record:
    """Takes note of what became of requests.

    Args:
        journal: records.
        tally: counts.
        shims: hear of each PATH; one that the fast path answers for was here before.
        recent: remembers the last commands.
        edits: want to know of the first agent.

    Attributes:
        replay: keeps answers, where the fast path was compiled.
    """

    def __init__(self, journal: Journal, tally: Tally, shims: ShimUpkeep, recent: Recent, edits: Edits) -> None:
        self._journal = journal
        self._tally = tally
        self._shims = shims
        self._recent = recent
        self._edits = edits
        self.replay: AnswerReplay | None = None

    def run(self, request: Request) -> str:
        """Records what is worth it, and keeps the answer where the same may come again."""
        if request.taken:  # who asks, and by which PATH, was heard of when its answer was kept
            self._journal.command(request)
            self._recent.note(request)
            return END
        if request.hook is not None and request.line is None:
            if request.error:
                self._journal.not_understood(request)
            return END
        command = request.asked
        if self._edits.unseen and hasattr(request, "facts") and request.is_ai and not request.canary:
            self._edits.see_agent()
        if request.line is not None:
            if not request.canary:
                self._journal.line(request)
        elif command.kind == Type.EXECUTE:
            if request.decisions:
                self._journal.command(request)
                if request.refusal is None:
                    self._recent.note(request)
                if request.frame and self.replay is not None:
                    self.replay.keep(request)
                path = request.facts.variable(b"PATH")
                if path and request.same_view:
                    self._shims.see(path)
            elif request.error:
                self._journal.failed(request)
        return END

    def replayed(self, request: Request, by: Answered) -> None:
        """The fast path has given this request's answer again, to somebody else."""
        request.policy.hits += 1
        self._tally.decided(request.decision)
        if request.placement:
            self._tally.placements[request.placement, request.reason] += 1
        self._journal.command(request, by=by)
        if request.refusal is None:
            self._recent.note(request, by)
