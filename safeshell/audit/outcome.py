"""Outcome of a request: what its record is made of, and whether it deserves one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from safeshell.command.unwrap import Spelling
from safeshell.policy.decision import Action, Decision
from safeshell.protocol import Command

Kind = Literal["command", "line", "approval", "refused-approval", "error"]


class CommandOutcome(NamedTuple):
    """A request and its end.

    Attributes:
        ts: when it ended, seconds since the epoch.
        kind: a command, a shell line (its text is the command's one argument), an answer to a request for approval,
            such an answer that was refused, or a failure of SafeShell itself.
        command: as the client sent it; None where there was none.
        spellings: the command in all its spellings, the original first.
        decisions: of each spelling, in their order; one more where they are nested too deep.
        decision: of them all; None where it did not come to one.
        is_ai: the context, `ai` or `human`.
        directory: the working directory, None where it is undecided.
        uid: whose it was.
        pid: the client.
        placement: who ran it.
        reason: why there.
        wait_status: how it ended, as waitpid(2) has it; None where that isn't known here.
        duration_s: how long it ran, seconds.
        approval: what was asked and answered: `id`, `answer`, `words`, `by`.
        error: what failed.
        agent: the name of the agent that asked; "" where none did, or its name isn't known.
        hook: what its hook said besides; None where no hook asked.
    """

    ts: float
    kind: Kind
    command: Command | None = None
    spellings: tuple[Spelling, ...] = ()
    decisions: tuple[Decision, ...] = ()
    decision: Decision | None = None
    is_ai: bool = False
    directory: bytes | None = None
    uid: int = -1
    pid: int = 0
    placement: str = ""
    reason: str = ""
    wait_status: int | None = None
    duration_s: float | None = None
    approval: Mapping[str, Any] | None = None
    error: str = ""
    agent: str = ""
    hook: Mapping[str, str] | None = None


def worth(outcome: CommandOutcome, everything: bool) -> bool:
    """Whether an outcome is recorded.

    Args:
        outcome: it.
        everything: the setting `audit: all`; without it only what restricts, observes, asks or fails.
    """
    if everything or outcome.error or outcome.approval or outcome.kind not in ("command", "line"):
        return True
    decision = outcome.decision
    return decision is not None and (decision.action is not Action.ALLOW or bool(decision.observed))
