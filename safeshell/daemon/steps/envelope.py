"""Step `envelope`: what an agent's hook was given becomes a line, or files; another process reads it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

from safeshell.command import canary
from safeshell.daemon.hook_call import AgentsCall
from safeshell.daemon.request import DENIED, FAILED, Request
from safeshell.daemon.sources.guarded_tree import reaches_shims
from safeshell.daemon.sources.line_jobs import EnvelopeJob
from safeshell.daemon.sources.line_service import Lines
from safeshell.daemon.steps import WAIT
from safeshell.home.paths import Home
from safeshell.protocol import Command, Type

NAME = b"safeshell-hook"
"""What a line is asked about by, in the place of a program's name."""

_LINES = (b"HOME", b"USER")
"""Variables of the hook's that are the line's too; all else an agent may give a line otherwise than its hook."""


class ReadEnvelope:
    """Has envelopes read.

    Args:
        lines: the process that reads them.
        home: whose daemon it is.
        resume: goes on with a request that waited, at a step.

    Attributes:
        asked: calls, by agent, but for canaries.
        unknown: why an envelope wasn't understood, the last by agent.
    """

    def __init__(self, lines: Lines, home: Home, resume: Callable[[Request, str], None]) -> None:
        self._lines = lines
        self._home = home
        self._shims = os.fsencode(home.shims)
        self._resume = resume
        self.asked: Counter[str] = Counter()
        self.unknown: dict[str, str] = {}

    def describe(self) -> dict[str, dict[str, int | str | None]]:
        """For `daemon status`."""
        return {name: {"asked": count, "unknown": self.unknown.get(name)} for name, count in self.asked.items()}

    def run(self, request: Request) -> str:
        """Waits until it is read."""
        hook = request.hook
        assert hook is not None
        connection, name = request.connection, hook.agent.name
        self.asked[name] += 1

        def answer(found: dict[str, Any] | None, reason: str) -> None:
            if found is None or "unjudged" in found:
                step = self._refuse(request, name, found["unjudged"] if found else "", reason)
            else:
                step = self._take(request, hook, found["call"])
            self._resume(request, step)

        envelope = hook.sent.envelope
        descriptor = connection.descriptors[0] if envelope is None else -1
        self._lines.judge(EnvelopeJob(name, envelope, descriptor, answer, lambda: connection.closed))
        return WAIT

    def _refuse(self, request: Request, name: str, unjudged: str, reason: str) -> str:
        if unjudged:
            return request.refuse(
                FAILED, f"this line can't be judged: {unjudged}", error=f"a line of {name}: {unjudged}"
            )
        self.unknown[name] = reason
        why = f"what {name} sends can't be understood: {reason}"
        return request.refuse(FAILED, f"{why}. So nobody can say what it would run, and it does not.", error=why)

    def _take(self, request: Request, hook: AgentsCall, call: dict[str, Any]) -> str:
        """Makes the request one about a line, or about files; what is neither is let alone."""
        hook.take(call)
        shown = call["shown"] if call["line"] is None else call["line"]
        if shown is None:
            return "finish"
        if call["line"] == canary.LINE:
            self.asked[hook.agent.name] -= 1
            request.canary = True
            return request.refuse(DENIED, canary.answer(self._home.root))
        # A text of JSON may hold a surrogate no more: what it can't be is replaced.
        line = shown.encode() + b"\0"
        environment = self._environment(hook, request.connection.pid)
        request.command = request.asked = Command(Type.HOOK, 0, NAME, line, environment, 0, 0)
        request.name_command()
        return "locate"

    def _environment(self, hook: AgentsCall, pid: int) -> bytes:
        """What is known of the line's environment; its PATH only where that leads to the shims."""
        known = {name: hook.variable(name) for name in _LINES}
        path = hook.variable(b"PATH") or b""
        if self._shims in path.split(b":") and reaches_shims(hook.agent, pid, self._home):
            known[b"PATH"] = b":".join([*map(os.fsencode, hook.agent.path_before), path])
        return b"\0" + b"".join([name + b"=" + value + b"\0" for name, value in known.items() if value is not None])
