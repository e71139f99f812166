"""Step `finish`: the answer. After it nothing touches the command."""

from __future__ import annotations

import time

from safeshell.daemon.hook_call import AgentsCall
from safeshell.daemon.request import Request
from safeshell.daemon.steps import GO_ON
from safeshell.hooks.agent import Written
from safeshell.protocol import Type


def finish(request: Request) -> str:
    """Says how it ended: refused, answered, to be run in place, or run."""
    connection = request.connection
    if request.hook is not None:
        connection.answer(*_told(request.hook, request))
    elif request.refusal is not None:
        connection.refuse(*request.refusal)
    elif request.child is not None:
        child, request.child = request.child, None
        request.duration_s = (time.perf_counter_ns() - request.spawned_ns) / 1e9
        if request.streams is not None:
            request.streams.drain()
        if child.already_notified:
            connection.close()
        else:
            assert request.wait_status is not None
            connection.exited(request.wait_status, timed_out=request.timed_out)
    elif request.placement:
        command = request.command
        assert command is not None
        assert request.program is not None or request.held is not None
        # The line form has words for its arguments only where they are another command's.
        same = request.redirected is None and (request.arguments is command.arguments or command.lines)
        connection.execute(request.program or b"", request.decision.timeout_ms, b"" if same else request.arguments)
    elif request.asked.kind == Type.SHELL:
        connection.execute(request.asked.name, 0)
    elif request.result is None:
        connection.allow()
    else:
        connection.result(request.result)
    return GO_ON


def _told(hook: AgentsCall, request: Request) -> Written:
    """What an agent is told; of an approval that may still come, how a person gives it."""
    if request.prompt:
        return hook.ask(request.prompt)
    if request.refusal is None:
        return hook.allow()
    reason, asked = request.refusal[1], request.approval or {}
    if asked.get("answer") == "expired":
        by = f"`safeshell approvals approve {asked['id']}` in a terminal of their own"
        reason += f" A person can still approve it within 10 minutes, by {by}. Run the same line again once they have."
    return hook.deny(reason)
