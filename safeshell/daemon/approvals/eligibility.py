"""Who may answer a request for approval: not who makes it. Told from the kernel's facts, never from the message.

An agent can leave its session and take a terminal of its own (`script`, `tmux new-window`), so this alone does not keep
it from approving its own command: what an agent asks for takes a PIN besides (`safeshell.daemon.approvals.pin`).
"""

from __future__ import annotations

from collections.abc import Sequence

from safeshell.home.person import agents_process, what_shows
from safeshell.host.process import ancestry
from safeshell.host.process.confinement import inspect
from safeshell.host.process.own import Own
from safeshell.policy.context import Context


def why_not_eligible(pid: int, pidfd: int, requester: ancestry.Process | None, own: Own, markers: Sequence[str]) -> str:
    """Why a process may not answer, or "".

    Args:
        pid: who answers.
        pidfd: a descriptor of it.
        requester: who asked, as it was then; None where the question is whether it may answer at all.
        own: the daemon's own state.
        markers: variables that tell an agent.
    """
    ancestors = list(ancestry.lineage(pid))
    if not ancestors:
        return "who answers is gone"
    if not ancestors[0].terminal:
        return "who answers has no terminal"
    confined = inspect(pid, own, pidfd).confined
    if confined and confined != "another user":  # root may answer for the user
        return f"who answers is confined: {confined}"
    context = Context(markers)
    agent = agents_process(pid, context)
    if agent:
        return f"who answers runs inside an agent: process {agent} {what_shows(agent, context)}"
    if requester is not None:
        for ancestor in ancestors:
            if ancestor.session == requester.session:
                return "who answers is in the session of who asked"
            if (ancestor.pid, ancestor.started) == (requester.pid, requester.started):
                return "who answers was started by who asked"
    return ""
