"""Step `act`: a decision's consequence: the command runs, is refused, waits for a person, or is replaced."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from safeshell.command.redirect_target import target_arguments
from safeshell.daemon.approvals.queue import Approvals
from safeshell.daemon.request import DENIED, NEEDS_APPROVAL, Request
from safeshell.daemon.steps import GO_ON, WAIT
from safeshell.policy.decision import Action, Decision
from safeshell.protocol import Command, Type
from safeshell.text import printable, text


class Act:
    """Acts on decisions.

    Args:
        approvals: asks people.
        lifted_by: names an edit that waits for a person, and would have a command restricted less; else "".
    """

    def __init__(self, approvals: Approvals, lifted_by: Callable[[Request], str]) -> None:
        self._approvals = approvals
        self._lifted_by = lifted_by

    def run(self, request: Request) -> str:
        """Goes on with what is allowed."""
        command, decision = request.command, request.decision
        assert command is not None
        if request.redirected is not None:
            return _judge_target(request, request.redirected[2])
        if command.kind == Type.EVALUATE:
            return _answer(request)
        if request.line is not None:
            return self._act_on_line(request)
        if decision.action is Action.ALLOW:
            return GO_ON
        if decision.action is Action.DENY:
            return _deny(request, self._lifted_by(request))
        if decision.action is Action.REDIRECT:
            return _redirect(request, command) if request.held is None else _tell_instead(request)
        return self._ask(request)

    def _act_on_line(self, request: Request) -> str:
        """For an agent's hook or a guarded shell, which can only let the line run or not."""
        decision = request.decision
        assert request.line is not None
        told = request.line[1]
        if decision.action is Action.ALLOW or (decision.action is Action.REDIRECT and told.get("replaced")):
            return "finish"
        if decision.action is Action.DENY:
            return _deny(request)
        if decision.action is Action.REDIRECT:
            if request.hook is not None and request.hook.can_rewrite and told.get("rewritten"):
                request.hook.instead = told["rewritten"]
                return "finish"
            instead = f" Run this instead: {told['instead']}" if told.get("instead") else ""
            return request.refuse(DENIED, f"not run by {decision.cited}: {decision.message}{instead}")
        if request.hook is not None and self._approvals.lines.prompts(request):
            return "finish"
        said = self._ask(request)
        if said != GO_ON:
            return said
        if request.hook is not None:
            self._approvals.lines.keep(request)
        return "finish"

    def _ask(self, request: Request) -> str:
        """Asks, but for what was approved: that is held against what was decided now, on all that it hangs on."""
        grant, decision = request.grant, request.decision
        if grant is not None and not request.patient:
            return request.refuse(
                NEEDS_APPROVAL,
                f"{decision.cited}: approved, but the rules have changed meanwhile and are still being compiled; "
                "run it again to ask again",
            )
        if grant is not None and not grant.covers(request):
            return request.refuse(
                NEEDS_APPROVAL,
                f"{decision.cited}: approved, but what that hangs on (rules, branch, files or variables) has "
                "changed meanwhile; run it again to ask again",
            )
        # An approval is for the rules in force: by those of before, people are asked again.
        if grant is not None or (request.patient and self._approvals.covers(request)):
            request.covered = True
            return GO_ON
        edit = self._lifted_by(request) if request.line is None else ""  # a line's decision says so itself
        if edit:
            request.connection.notice(f"safeshell: {edit}")
        refusal = self._approvals.ask(request)
        return request.refuse(NEEDS_APPROVAL, refusal) if refusal else WAIT


def _deny(request: Request, edit: str = "") -> str:
    decision = request.decision
    added = f" ({edit})" if edit else ""
    return request.refuse(DENIED, f"denied by {decision.cited}: {decision.message}{added}")


def _answer(request: Request) -> str:
    """To who only asks: the decision; to a script, whether it would run."""
    command, decision = request.command, request.decision
    assert command is not None
    if not command.lines:
        request.result = decision.to_json(cached=request.cached)
    elif decision.action is Action.DENY:
        return _deny(request)
    elif decision.action is Action.REQUIRE_APPROVAL:
        return request.refuse(NEEDS_APPROVAL, f"{decision.cited} requires approval: {decision.message}")
    elif decision.action is Action.REDIRECT:
        request.connection.notice(f"safeshell: {decision.cited} runs something else in its place")
    return "finish"


def _redirect(request: Request, command: Command) -> str:
    """Puts the rule's target in the command's place; it is located and judged like any other."""
    words = target_arguments(request.decision.redirect_to, command.arguments)
    request.redirected = (request.spellings, request.decisions, request.decision)
    request.command = Command(
        command.kind,
        command.flags,
        words[: words.index(b"\0")],
        words,
        command.environment,
        command.nice,
        command.blocked,
        lines=command.lines,
        borrow=command.borrow,
    )
    request.name_command()
    request.reads = None
    request.frame = b""
    return "locate"


def _tell_instead(request: Request) -> str:
    """In the kernel tier nothing can be put in a command's place: it is denied, with what to run instead."""
    command, decision = request.command, request.decision
    assert command is not None
    words = target_arguments(decision.redirect_to, command.arguments)[:-1].split(b"\0")
    instead = printable(shlex.join([text(word) for word in words]))
    return request.refuse(DENIED, f"not run by {decision.cited}: {decision.message} Run this instead: {instead}")


def _judge_target(request: Request, redirect: Decision) -> str:
    """Goes on where the target may run; what asks or redirects again does not."""
    judged = request.decision
    if judged.action is Action.ALLOW:
        limits = [each for each in (redirect.timeout_ms, judged.timeout_ms) if each]
        request.decision = redirect.changed(timeout_ms=min(limits, default=0))
        return GO_ON
    if judged.action is Action.REDIRECT:
        why = f"redirects to what {judged.cited} redirects again"
    else:
        why = f"redirects to what {judged.cited} would not let run: {judged.message}"
    return request.refuse(DENIED, f"{redirect.cited} {why}", error=why)
